// Tells the thread sanitizer about the slow path of Swift's Mutex.
//
// Taking a free Mutex is an atomic operation inside of our code, which the sanitizer sees. Waiting for a taken one happens in
// the toolchain's libswiftSynchronization, which is built without the sanitizer; so, of what the lock orders, half is invisible,
// and each lock that is ever waited for is reported as a race (Swift 6.3, Linux). This library stands in front of
// the two functions, calls them, and says what they did. `make sanitize` loads it into the tests; nothing else does.

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// Of the sanitizer's runtime; absent in programs built without it.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define swiftcall __attribute__((swiftcall))
#define self_of __attribute__((swift_context))

typedef swiftcall void (*lock_slow_function)(uint32_t state, self_of void *handle);
typedef swiftcall void (*unlock_slow_function)(self_of void *handle);

static void *original(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

// Synchronization._MutexHandle._lockSlow(UInt32) -> ()
swiftcall void lock_slow(uint32_t state, self_of void *handle)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
swiftcall void lock_slow(uint32_t state, self_of void *handle) {
    static lock_slow_function call;
    if (call == NULL) call = (lock_slow_function)original("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    call(state, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

// Synchronization._MutexHandle._unlockSlow() -> ()
swiftcall void unlock_slow(self_of void *handle) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
swiftcall void unlock_slow(self_of void *handle) {
    static unlock_slow_function call;
    if (call == NULL) call = (unlock_slow_function)original("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
    if (__tsan_release) __tsan_release(handle);
    call(handle);
}
