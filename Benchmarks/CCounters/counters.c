// Functions of the C library that this program has in their place: each counts its calls and does what the library's does.
// The dynamic linker finds a program's own functions first, so the libraries' calls come here too.
#include "CCounters.h"

#include <errno.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

static atomic_bool is_counting;
static atomic_long allocations, sends, syncs, statements;

static void count(atomic_long *counter) {
    if (atomic_load_explicit(&is_counting, memory_order_relaxed)) {
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
    }
}

#ifndef IS_SANITIZED

// What the library itself is called by, whoever is in its place.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    count(&allocations);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(&allocations);
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count(&allocations);
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count(&allocations);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(&allocations);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count(&allocations);
    void *found = __libc_memalign(alignment, size);
    if (found == NULL) return ENOMEM;
    *memory = found;
    return 0;
}

ssize_t send(int descriptor, const void *bytes, size_t length, int flags) {
    count(&sends);
    return sendto(descriptor, bytes, length, flags, NULL, 0);
}

int fsync(int descriptor) {
    count(&syncs);
    return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
    count(&syncs);
    return (int)syscall(SYS_fdatasync, descriptor);
}

#endif

static int statement_began(unsigned event, void *context, void *statement, void *text) {
    (void)event, (void)context, (void)statement;
    // What a trigger does is told as a comment.
    const char *sql = text;
    if (sql == NULL || sql[0] != '-' || sql[1] != '-') count(&statements);
    return 0;
}

static int connection_opened(sqlite3 *connection, char **message, const void *functions) {
    (void)message, (void)functions;
    return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, statement_began, NULL);
}

void counters_begin(void) {
    sqlite3_auto_extension((void (*)(void))connection_opened);
    atomic_store(&is_counting, true);
}

struct counters counters_read(void) {
    return (struct counters){
        .allocations = atomic_load(&allocations),
        .sends = atomic_load(&sends),
        .syncs = atomic_load(&syncs),
        .statements = atomic_load(&statements),
    };
}

bool counters_work(void) {
#ifdef IS_SANITIZED
    return false;
#else
    return true;
#endif
}

long counters_heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}
