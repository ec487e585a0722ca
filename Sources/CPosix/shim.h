// What the C library has and Swift's Glibc module does not show.

#include <linux/stat.h>

// What `stat` tells, and of that only what is asked for.
extern int statx(int folder, const char *path, int flags, unsigned int mask, struct statx *status);

// A pipe that no other child inherits, not even one that is started between its making and its marking.
extern int pipe2(int descriptors[2], int flags);

// A function, because Swift takes a global variable of C for one that anybody may change at any time.
static inline char *const *process_environment(void) {
    extern char **environ;
    return environ;
}
