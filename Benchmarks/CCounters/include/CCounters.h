#ifndef CCOUNTERS_H
#define CCOUNTERS_H

#include <stdbool.h>

// How often this program, the libraries it uses included, has done something since it began to count.
struct counters {
    // Memory asked for: malloc, calloc, realloc and the aligned ones, on any thread.
    long allocations;
    // Messages handed to a socket by send(2). A store's client sends one for each round trip.
    long sends;
    // fsync(2) and fdatasync(2).
    long syncs;
    // SQL statements begun, on every connection that was opened since.
    long statements;
};

// Begins to count. To be called before any SQLite connection is opened.
void counters_begin(void);

// What was counted so far.
struct counters counters_read(void);

// Whether anything is counted: not under the thread sanitizer, which has the allocator to itself.
bool counters_work(void);

// The bytes that are allocated now, in all arenas and mappings of the C library's allocator.
long counters_heap_bytes(void);

#endif
