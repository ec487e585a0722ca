// Holds many watchers of server-sent events, changes what they watch, and tells how long a change takes to reach them.
//
//   watch WATCHED_PORT CHANGED_PORT WATCHERS CHANGES_PER_SECOND SECONDS IDS [PATH EVENTS]
//
// IDS is a file with one id a line; watcher n opens GET PATH on WATCHED_PORT, /events/* where none is given, with the id of
// line n modulo their number in the place of the star. Once all have read their first event, or so many EVENTS, "open" is
// written. Then, where there is a rate, POST /progress/{id} goes to CHANGED_PORT,
// with the time at which it was due in `message`, so that each event tells when its change was asked for, whichever
// instance, store and stream it came through. Without a rate all stay open until standard input ends.
#define _GNU_SOURCE

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "http.h"

enum { room = 16384, changers = 16, most_ids = 100000 };

struct stream {
    int descriptor;
    bool is_changer;
    bool is_idle;
    size_t have;
    // Of a watcher: how many of its events it has read.
    size_t events;
    char *text;
};

static struct times times;
static size_t answered, failed, opened, first_events = 1;
static int64_t begin;

static struct stream open_stream(int port, bool is_changer) {
    struct stream stream = {.descriptor = connect_to(port), .is_changer = is_changer, .is_idle = true};
    stream.text = malloc(room);
    if (stream.text == NULL) fail("malloc");
    return stream;
}

// Takes whole lines out of what came, and the time of its change out of each line that has one.
static void read_events(struct stream *stream) {
    char *line = stream->text;
    int64_t now = nanoseconds();
    char *end = stream->text + stream->have;
    for (char *next; (next = memchr(line, '\n', (size_t)(end - line))) != NULL; line = next + 1) {
        *next = 0;
        if (strncmp(line, "data:", 5) != 0) continue;
        if (++stream->events == first_events) opened++;
        char message[32];
        if (!member(line, "\"message\":\"", message, sizeof message)) continue;
        int64_t due = strtoll(message, NULL, 10);
        if (due >= begin) add_time(&times, now - due);
    }
    stream->have -= (size_t)(line - stream->text);
    memmove(stream->text, line, stream->have);
}

static void receive(struct stream *stream) {
    ssize_t got = recv(stream->descriptor, stream->text + stream->have, room - stream->have - 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) fail(got == 0 ? "closed by the server" : "recv");
    stream->have += (size_t)got;
    stream->text[stream->have] = 0;
    if (!stream->is_changer) {
        read_events(stream);
        return;
    }
    int status = 0;
    if (answer_length(stream->text, stream->have, &status) == 0) return;
    if (status == 200) answered++; else failed++;
    stream->have = 0;
    stream->is_idle = true;
}

static void wait_for_input(int poll, int64_t nanos) {
    if (nanos < 0) nanos = 0;
    struct timespec limit = {.tv_sec = nanos / 1000000000, .tv_nsec = nanos % 1000000000};
    struct epoll_event events[256];
    int ready = epoll_pwait2(poll, events, 256, &limit, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int index = 0; index < ready; index++) receive(events[index].data.ptr);
}

static void watch_input(int poll, struct stream *stream) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, stream->descriptor, &event) != 0) fail("epoll_ctl");
}

static size_t read_ids(const char *path, char **ids) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path);
    char line[256];
    size_t count = 0;
    while (count < most_ids && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        ids[count++] = strdup(line);
    }
    fclose(file);
    if (count == 0) {
        fprintf(stderr, "%s holds no id\n", path);
        exit(2);
    }
    return count;
}

int main(int count, char **arguments) {
    if (count != 7 && count != 9) {
        fprintf(stderr, "usage: watch WATCHED_PORT CHANGED_PORT WATCHERS CHANGES_PER_SECOND SECONDS IDS [PATH EVENTS]\n");
        return 2;
    }
    int watched_port = atoi(arguments[1]), changed_port = atoi(arguments[2]);
    size_t watcher_count = strtoul(arguments[3], NULL, 10);
    double per_second = atof(arguments[4]), seconds = atof(arguments[5]);
    const char *path = count == 9 ? arguments[7] : "/events/*";
    if (count == 9) first_events = strtoul(arguments[8], NULL, 10);
    const char *star = strchr(path, '*');
    int before_star = (int)(star == NULL ? strlen(path) : (size_t)(star - path));
    static char *ids[most_ids];
    size_t id_count = read_ids(arguments[6], ids);
    prctl(PR_SET_TIMERSLACK, 1);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0) fail("epoll_create1");

    struct stream *watchers = calloc(watcher_count, sizeof *watchers);
    if (watchers == NULL) fail("calloc");
    begin = INT64_MAX;
    for (size_t number = 0; number < watcher_count; number++) {
        watchers[number] = open_stream(watched_port, false);
        char request[512];
        int length = snprintf(
            request, sizeof request, "GET %.*s%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", before_star, path,
            star == NULL ? "" : ids[number % id_count], star == NULL ? "" : star + 1);
        send_all(watchers[number].descriptor, request, (size_t)length);
        watch_input(poll, &watchers[number]);
        wait_for_input(poll, 0);
    }
    int64_t limit = nanoseconds() + 60000000000;
    while (opened < watcher_count) {
        if (nanoseconds() > limit) {
            fprintf(stderr, "%zu of %zu watchers have read no event after a minute\n", watcher_count - opened, watcher_count);
            return 1;
        }
        wait_for_input(poll, 1000000000);
    }
    printf("open\n");
    fflush(stdout);
    if (per_second <= 0) {
        char byte;
        while (read(STDIN_FILENO, &byte, 1) > 0) {}
        return 0;
    }

    struct stream changing[changers];
    for (size_t number = 0; number < changers; number++) {
        changing[number] = open_stream(changed_port, true);
        watch_input(poll, &changing[number]);
    }
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    begin = nanoseconds();
    size_t total = (size_t)(per_second * seconds), sent = 0;
    size_t expected = 0;
    for (size_t number = 0; number < total; number++) {
        size_t id = number % id_count;
        expected += watcher_count / id_count + (id < watcher_count % id_count ? 1 : 0);
    }
    // Two seconds on top for what is under way at the end.
    int64_t last = begin + (int64_t)((seconds + 2) * 1e9);
    while ((answered + failed < total || times.count < expected) && nanoseconds() < last) {
        int64_t due = begin + (int64_t)((double)sent / per_second * 1e9), now = nanoseconds();
        for (size_t number = 0; number < changers && sent < total && due <= now; number++) {
            if (!changing[number].is_idle) continue;
            char path[256], body[128], request[1024];
            snprintf(path, sizeof path, "/progress/%s", ids[sent % id_count]);
            snprintf(body, sizeof body, "{\"done\":%zu,\"message\":\"%lld\"}", sent, (long long)due);
            send_all(changing[number].descriptor, request, post(request, sizeof request, path, body));
            changing[number].is_idle = false;
            sent++;
            due = begin + (int64_t)((double)sent / per_second * 1e9);
        }
        now = nanoseconds();
        wait_for_input(poll, sent < total && due > now ? due - now : 1000000);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    printf("{\"changes\": %zu, \"failed\": %zu, \"events\": %zu, \"expected\": %zu, \"seconds\": %.3f, \"cpu_seconds\": %.3f, ",
        answered, failed, times.count, expected, (double)(nanoseconds() - begin) / 1e9, used);
    print_percentiles(&times);
    printf("}\n");
    return 0;
}
