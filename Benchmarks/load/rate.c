// Sends requests at a steady rate, whether or not answers keep up, and tells how long each took.
//
//   rate PORT CONNECTIONS PER_SECOND SECONDS REQUESTS
//
// REQUESTS is a file of whole HTTP requests, each ended by a zero byte, sent in turn. The time of a request begins when it
// was due, not when a connection was free for it: a server that stops for a second is charged for all that were due in that
// second. A closed loop, as wrk is one, would wait along with it and count a single slow answer. SIGTERM ends it early, with
// the figures so far.
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "http.h"

enum { room = 65536 };

struct connection {
    int descriptor;
    int64_t due;
    size_t have;
    char answer[room];
};

static struct connection *connections;
static struct connection **idle;
static size_t idle_count;
static char **requests;
static size_t *request_lengths;
static size_t request_count;
static volatile sig_atomic_t is_over;

static void end_early(int signal) {
    (void)signal;
    is_over = 1;
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail(path);
    char *line = NULL;
    size_t space = 0;
    ssize_t length;
    while ((length = getdelim(&line, &space, 0, file)) > 1) {
        requests = realloc(requests, (request_count + 1) * sizeof *requests);
        request_lengths = realloc(request_lengths, (request_count + 1) * sizeof *request_lengths);
        if (requests == NULL || request_lengths == NULL) fail("realloc");
        requests[request_count] = strdup(line);
        request_lengths[request_count++] = (size_t)length - 1;
    }
    free(line);
    fclose(file);
    if (request_count == 0) {
        fprintf(stderr, "%s holds no request\n", path);
        exit(2);
    }
}

// Reads what came. Returns the status once the answer is whole, else 0.
static int receive(struct connection *connection) {
    ssize_t got = recv(connection->descriptor, connection->answer + connection->have, room - connection->have - 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) fail(got == 0 ? "closed by the server" : "recv");
    connection->have += (size_t)got;
    connection->answer[connection->have] = 0;
    int status = 0;
    if (answer_length(connection->answer, connection->have, &status) == 0) return 0;
    connection->have = 0;
    return status;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: rate PORT CONNECTIONS PER_SECOND SECONDS REQUESTS\n");
        return 2;
    }
    int port = atoi(arguments[1]);
    size_t connection_count = strtoul(arguments[2], NULL, 10);
    double per_second = atof(arguments[3]);
    double seconds = atof(arguments[4]);
    read_requests(arguments[5]);
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGTERM, end_early);

    int poll = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc(connection_count, sizeof *connections);
    idle = calloc(connection_count, sizeof *idle);
    if (poll < 0 || connections == NULL || idle == NULL) fail("start");
    for (size_t index = 0; index < connection_count; index++) {
        struct connection *connection = &connections[index];
        connection->descriptor = connect_to(port);
        fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, connection->descriptor, &event) != 0) fail("epoll_ctl");
        idle[idle_count++] = connection;
    }

    struct times times = {0};
    size_t total = (size_t)(per_second * seconds), sent = 0, failed = 0;
    int64_t begin = nanoseconds(), lag = 0;
    while (times.count + failed < total) {
        if (is_over && sent < total) total = sent;
        int64_t now = nanoseconds();
        int64_t due = begin + (int64_t)((double)sent / per_second * 1e9);
        while (sent < total && due <= now && idle_count > 0) {
            // The one that has been idle the longest, so that every connection, and every loop of the server, gets its share.
            struct connection *connection = idle[0];
            memmove(idle, idle + 1, --idle_count * sizeof *idle);
            connection->due = due;
            if (now - due > lag) lag = now - due;
            send_all(connection->descriptor, requests[sent % request_count], request_lengths[sent % request_count]);
            sent++;
            due = begin + (int64_t)((double)sent / per_second * 1e9);
            now = nanoseconds();
        }
        int64_t wait = sent < total && idle_count > 0 ? due - now : 1000000000;
        if (wait < 0) wait = 0;
        if (sent == total && times.count + failed == total) break;
        struct timespec limit = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
        struct epoll_event events[64];
        int ready = epoll_pwait2(poll, events, 64, &limit, NULL);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            int status = receive(connection);
            if (status == 0) continue;
            if (status < 400) {
                add_time(&times, nanoseconds() - connection->due);
            } else {
                failed++;
            }
            idle[idle_count++] = connection;
        }
        if (nanoseconds() - begin > (int64_t)((seconds + 60) * 1e9)) {
            fprintf(stderr, "%zu requests had no answer a minute after the end\n", sent - times.count - failed);
            return 1;
        }
    }
    double took = (double)(nanoseconds() - begin) / 1e9;
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("{\"answered\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"lag_us\": %.1f, ", times.count,
        failed, took, (double)used.tv_sec + (double)used.tv_nsec / 1e9, (double)lag / 1000);
    print_percentiles(&times);
    printf("}\n");
    return 0;
}
