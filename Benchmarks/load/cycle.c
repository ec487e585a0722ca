// Takes processes through their whole life as workers do: start, claim, report, complete; each connection in turn.
//
//   cycle PORT CONNECTIONS SECONDS CYCLES_PER_SECOND REPORTS [STARTED_AHEAD]
//
// Every connection has one request under way. One thread serves them all, since on two cores the service would pay for
// the waking of a thread for each. CYCLES_PER_SECOND is of all together, 0 being as fast as they can. What a connection
// claims may be what another one started: there is always one for each, since all start first. With STARTED_AHEAD so many
// processes are started before the clock is, and what is measured is claim → complete alone, until none is left or the
// time is up. A line of its own says when the clock starts.
#include <sys/epoll.h>

#include "http.h"

// What a worker waits for: the answer to a request, or, by WAITING, its next turn.
enum step { STARTING_AHEAD, WAITING, STARTING, CLAIMING, REPORTING, COMPLETING, DONE };

static const char *const step_names[] = {"start", "", "start", "claim", "progress", "complete", ""};

struct worker {
    enum step step;
    int descriptor, number, report;
    size_t to_start_ahead, cycle, length;
    int64_t due, before;
    char id[129], attempt[16], claim[1024], answer[16384];
};

static int connection_count, reports, idle, done;
static bool is_started_ahead;
static double seconds, per_second, cpu_at_begin;
static int64_t begin, end;
static size_t empty_claims, start_length;
static char start[1024];
static struct times times;

static double cpu_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void begin_now(void) {
    printf("begun\n");
    fflush(stdout);
    cpu_at_begin = cpu_seconds();
    begin = nanoseconds();
    end = begin + (int64_t)(seconds * 1e9);
}

static void ask(struct worker *worker, enum step step, const char *request, size_t length) {
    worker->step = step;
    worker->length = 0;
    send_all(worker->descriptor, request, length);
}

static void ask_about(struct worker *worker, enum step step, const char *path, const char *body) {
    char request[1024], whole[256];
    snprintf(whole, sizeof whole, "%s%s", path, worker->id);
    ask(worker, step, request, post(request, sizeof request, whole, body));
}

static void finish(struct worker *worker) {
    worker->step = DONE;
    done++;
}

static void ask_for_work(struct worker *worker) {
    ask(worker, CLAIMING, worker->claim, strlen(worker->claim));
}

static void begin_cycle(struct worker *worker) {
    worker->before = nanoseconds();
    if (worker->before >= end) {
        finish(worker);
    } else if (is_started_ahead) {
        ask_for_work(worker);
    } else {
        ask(worker, STARTING, start, start_length);
    }
}

static void await_turn(struct worker *worker) {
    if (per_second == 0) {
        begin_cycle(worker);
        return;
    }
    double turn = (double)worker->cycle + (double)worker->number / connection_count;
    worker->due = begin + (int64_t)(turn * connection_count / per_second * 1e9);
    worker->step = WAITING;
}

static void report_or_complete(struct worker *worker) {
    char body[256];
    if (worker->report < reports) {
        worker->report++;
        snprintf(body, sizeof body, "{\"attempt\":%s,\"done\":%d,\"total\":%d}", worker->attempt, worker->report, reports);
        ask_about(worker, REPORTING, "/progress/", body);
    } else {
        snprintf(body, sizeof body, "{\"attempt\":%s,\"result\":42}", worker->attempt);
        ask_about(worker, COMPLETING, "/complete/", body);
    }
}

// Any answer but the one that a working service gives ends the run: a figure with errors in it is none.
static void expect(const struct worker *worker, bool is_expected, int status) {
    if (is_expected) return;
    fprintf(stderr, "%s was answered %d:\n%s\n", step_names[worker->step], status, worker->answer);
    exit(1);
}

static void handle_claim(struct worker *worker, int status) {
    if (!member(worker->answer, "\"process_id\":\"", worker->id, sizeof worker->id)) {
        empty_claims++;
        if (is_started_ahead) {
            finish(worker);
        } else {
            ask_for_work(worker);
        }
        return;
    }
    expect(worker, member(worker->answer, "\"attempt\":", worker->attempt, sizeof worker->attempt), status);
    worker->report = 0;
    report_or_complete(worker);
}

static void handle_answer(struct worker *worker, int status) {
    expect(worker, status == (worker->step == STARTING_AHEAD || worker->step == STARTING ? 202 : 200), status);
    switch (worker->step) {
    case STARTING_AHEAD:
        if (--worker->to_start_ahead > 0) {
            ask(worker, STARTING_AHEAD, start, start_length);
        } else {
            worker->step = WAITING;
            idle++;
        }
        break;
    case STARTING: ask_for_work(worker); break;
    case CLAIMING: handle_claim(worker, status); break;
    case REPORTING: report_or_complete(worker); break;
    case COMPLETING:
        add_time(&times, nanoseconds() - worker->before);
        worker->cycle++;
        await_turn(worker);
        break;
    case WAITING:
    case DONE: break;
    }
}

static void read_answer(struct worker *worker) {
    ssize_t got = recv(
        worker->descriptor, worker->answer + worker->length, sizeof worker->answer - worker->length - 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) fail("recv");
    if (got == 0) {
        fprintf(stderr, "The server closed a connection\n");
        exit(1);
    }
    worker->length += (size_t)got;
    worker->answer[worker->length] = 0;
    int status = 0;
    if (answer_length(worker->answer, worker->length, &status) > 0) {
        handle_answer(worker, status);
    } else if (worker->length + 1 == sizeof worker->answer) {
        fprintf(stderr, "An answer is too long\n");
        exit(1);
    }
}

// Begins the cycles whose turn has come, and returns when the next one's comes, or 0 where none waits for its turn.
static int64_t begin_due(struct worker *workers) {
    int64_t next = 0, now = nanoseconds();
    for (int number = 0; number < connection_count; number++) {
        struct worker *worker = &workers[number];
        if (worker->step != WAITING) continue;
        if (worker->due <= now) {
            begin_cycle(worker);
        } else if (next == 0 || worker->due < next) {
            next = worker->due;
        }
    }
    return next;
}

// Serves all connections until `is_over`.
static void serve(int poll, struct worker *workers, const int *over) {
    struct epoll_event events[256];
    while (*over < connection_count) {
        struct timespec wait, *until = NULL;
        if (begin > 0 && per_second > 0) {
            int64_t next = begin_due(workers);
            if (next > 0) {
                int64_t left = next - nanoseconds();
                if (left < 0) left = 0;
                wait = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
                until = &wait;
            }
            if (*over == connection_count) break;
        }
        int count = epoll_pwait2(poll, events, sizeof events / sizeof *events, until, NULL);
        if (count < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int index = 0; index < count; index++) read_answer(events[index].data.ptr);
    }
}

int main(int count, char **arguments) {
    if (count != 6 && count != 7) {
        fprintf(stderr, "usage: cycle PORT CONNECTIONS SECONDS CYCLES_PER_SECOND REPORTS [STARTED_AHEAD]\n");
        return 2;
    }
    int port = atoi(arguments[1]);
    connection_count = atoi(arguments[2]);
    seconds = atof(arguments[3]);
    per_second = atof(arguments[4]);
    reports = atoi(arguments[5]);
    size_t started_ahead = count > 6 ? strtoul(arguments[6], NULL, 10) : 0;
    is_started_ahead = started_ahead > 0;
    start_length = post(start, sizeof start, "/start",
        "{\"kind\":\"report\",\"queue\":\"default\","
        "\"input\":{\"customer\":42,\"note\":\"sixty-four bytes of payload, no more...\"}}");
    struct worker *workers = calloc((size_t)connection_count, sizeof *workers);
    if (workers == NULL) fail("calloc");
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0) fail("epoll_create1");
    for (int number = 0; number < connection_count; number++) {
        struct worker *worker = &workers[number];
        char body[256];
        snprintf(body, sizeof body, "{\"queues\":[\"default\"],\"worker\":\"worker-%d\"}", number);
        post(worker->claim, sizeof worker->claim, "/claim", body);
        worker->number = number;
        worker->descriptor = connect_to(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, worker->descriptor, &event) != 0) fail("epoll_ctl");
        worker->to_start_ahead = started_ahead / (size_t)connection_count
            + ((size_t)number < started_ahead % (size_t)connection_count);
        if (worker->to_start_ahead > 0) {
            ask(worker, STARTING_AHEAD, start, start_length);
        } else {
            worker->step = WAITING;
            idle++;
        }
    }
    serve(poll, workers, &idle);
    begin_now();
    for (int number = 0; number < connection_count; number++) await_turn(&workers[number]);
    serve(poll, workers, &done);
    double took = (double)(nanoseconds() - begin) / 1e9;
    printf("{\"cycles\": %zu, \"per_second\": %.1f, \"empty_claims\": %zu, \"cpu_seconds\": %.3f, ", times.count,
        (double)times.count / took, empty_claims, cpu_seconds() - cpu_at_begin);
    print_percentiles(&times);
    printf("}\n");
    return 0;
}
