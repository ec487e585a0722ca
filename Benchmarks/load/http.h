// What the load programs share: connecting, reading answers of a known length, clocks and percentiles.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}

static inline int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// A blocking connection to a port of this machine.
static inline int connect_to(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

// How many bytes the first answer in `text` takes with its body, or 0 while some of it is still to come. `text` ends in a
// zero byte. Answers must carry a Content-Length, as all do that are measured here, or have no body.
static inline size_t answer_length(const char *text, size_t length, int *status) {
    const char *head_end = strstr(text, "\r\n\r\n");
    if (head_end == NULL) return 0;
    *status = atoi(text + strlen("HTTP/1.1 "));
    size_t whole = (size_t)(head_end - text) + 4;
    if (*status != 204 && *status != 304) {
        for (const char *line = strstr(text, "\r\n"); line < head_end; line = strstr(line + 2, "\r\n")) {
            if (strncasecmp(line + 2, "Content-Length:", 15) == 0) {
                whole += strtoul(line + 17, NULL, 10);
                break;
            }
        }
    }
    return whole <= length ? whole : 0;
}

static inline void send_all(int descriptor, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes += sent;
        length -= (size_t)sent;
    }
}

// Sends one request on a blocking connection, and reads its answer into `answer`. Returns the status.
static inline int exchange(int descriptor, const char *request, size_t length, char *answer, size_t room) {
    send_all(descriptor, request, length);
    size_t have = 0;
    int status = 0;
    while (true) {
        ssize_t got = recv(descriptor, answer + have, room - have - 1, 0);
        if (got < 0) fail("recv");
        if (got == 0) {
            fprintf(stderr, "The server closed a connection\n");
            exit(1);
        }
        have += (size_t)got;
        answer[have] = 0;
        if (answer_length(answer, have, &status) > 0) return status;
        if (have + 1 >= room) {
            fprintf(stderr, "An answer is too long\n");
            exit(1);
        }
    }
}

// A request with a JSON body, as text. Returns its length.
static inline size_t post(char *request, size_t room, const char *path, const char *body) {
    return (size_t)snprintf(
        request, room,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", path,
        strlen(body), body);
}

// Every time that was measured, in nanoseconds: exact percentiles are worth a few megabytes.
struct times {
    int64_t *values;
    size_t count;
    size_t room;
};

static inline void add_time(struct times *times, int64_t value) {
    if (times->count == times->room) {
        times->room = times->room == 0 ? 65536 : times->room * 2;
        times->values = realloc(times->values, times->room * sizeof *times->values);
        if (times->values == NULL) fail("realloc");
    }
    times->values[times->count++] = value;
}

static inline int by_value(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// Writes the percentiles in microseconds as the members of a JSON object named "us".
static inline void print_percentiles(struct times *times) {
    static const double shares[] = {50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100};
    qsort(times->values, times->count, sizeof *times->values, by_value);
    printf("\"us\": {");
    for (size_t index = 0; times->count > 0 && index < sizeof shares / sizeof *shares; index++) {
        size_t rank = (size_t)((double)times->count * shares[index] / 100);
        if (rank >= times->count) rank = times->count - 1;
        printf("%s\"%g\": %.1f", index == 0 ? "" : ", ", shares[index], (double)times->values[rank] / 1000);
    }
    printf("}");
}

// The value behind `name` in JSON text, up to the quote or comma that ends it. Good enough for answers of known form.
static inline bool member(const char *text, const char *name, char *value, size_t room) {
    const char *found = strstr(text, name);
    if (found == NULL) return false;
    found += strlen(name);
    size_t length = strcspn(found, "\",}");
    if (length >= room) return false;
    memcpy(value, found, length);
    value[length] = 0;
    return true;
}
