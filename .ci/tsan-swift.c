// Tells the thread sanitizer what orders threads inside the toolchain's libraries, which are built without it (Swift 6.3,
// Linux). This library stands in front of a few of their functions, calls them, and says what they did. `make sanitize` loads
// it into the tests and into the programs that they start; nothing else does.

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define swiftcall __attribute__((swiftcall))
#define self_of __attribute__((swift_context))
#define swiftasynccall __attribute__((swiftasynccall))
#define context_of __attribute__((swift_async_context))

// Of the sanitizer's runtime; absent in programs built without it.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));
// Of libswift_Concurrency; absent in programs that are no Swift.
extern swiftcall void *swift_task_getCurrent(void) __attribute__((weak));

static void *original(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

// Mutex. Taking a free one is an atomic operation inside of our code, which the sanitizer sees. Waiting for a taken one happens
// in libswiftSynchronization. So, of what the lock orders, half is invisible, and each lock that is ever waited for would be
// reported as a race.

typedef swiftcall void (*lock_slow_function)(uint32_t state, self_of void *handle);
typedef swiftcall void (*unlock_slow_function)(self_of void *handle);

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

// UnsafeContinuation. The runtime says when one is resumed, and when a task runs that was suspended. But a task whose
// continuation another thread has resumed before it came to suspend just goes on, and the runtime does not say so: all that
// the other thread did before would be reported as a race (https://github.com/swiftlang/swift/issues/57803).
//
// The same is true of CheckedContinuation, which waits inside libswift_Concurrency, where nothing can stand in front.

struct continuation;
typedef swiftasynccall void (*await_function)(struct continuation *context);
typedef swiftasynccall void (*resume_function)(context_of struct continuation *context);

// How the runtime's ContinuationAsyncContext begins.
struct continuation {
    void *parent;
    // Where the task goes on. It is called from here only where the task was not suspended.
    resume_function resume;
    uintptr_t flags;
};

// The task goes on on an executor of its own, so perhaps on another thread; then the runtime says so.
static const uintptr_t switches_executor = 2;

static __thread resume_function resume_at_once;

static swiftasynccall void resumed_at_once(context_of struct continuation *context) {
    context->resume = resume_at_once;
    // The address that the runtime released when the continuation was resumed.
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return context->resume(context);
}

swiftasynccall void swift_continuation_await(struct continuation *context) {
    static await_function call;
    if (call == NULL) call = (await_function)original("swift_continuation_await");
    if (__tsan_acquire && !(context->flags & switches_executor)) {
        // Between here and `resumed_at_once` this thread runs nothing else.
        resume_at_once = context->resume;
        context->resume = resumed_at_once;
    }
    __attribute__((musttail)) return call(context);
}
