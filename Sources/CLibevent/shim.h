// First of all: libevent's configuration header switches on GNU extensions, and the system types, seen after that,
// would differ from those of Swift's Glibc module.
#include <pthread.h>
#include <sys/select.h>
#include <sys/types.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>

// Not in Swift's Glibc module.
#include <sys/eventfd.h>
extern int pthread_setname_np(pthread_t thread, const char *name);
