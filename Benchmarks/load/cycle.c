// Takes processes through their whole life as workers do: start, claim, report, complete; each connection in turn.
//
//   cycle PORT CONNECTIONS SECONDS CYCLES_PER_SECOND REPORTS [STARTED_AHEAD]
//
// Every connection has a thread and one request under way. CYCLES_PER_SECOND is of all together, 0 being as fast as they
// can. What a connection claims may be what another one started: there is always one for each, since all start first.
// With STARTED_AHEAD so many processes are started before the clock is, and what is measured is claim → complete alone, until
// none is left or the time is up. A line of its own says when the clock starts.
#include <pthread.h>

#include "http.h"

struct worker {
    pthread_t thread;
    int number;
    struct times times;
    size_t empty_claims;
};

static int port, connection_count, reports;
static size_t started_ahead;
static pthread_barrier_t all_started;
static double seconds, per_second;
static int64_t begin, end;
static double cpu_at_begin;

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

// Any answer but the one that a working service gives ends the run: a figure with errors in it is none.
static void expect(int status, int wanted, const char *what, const char *answer) {
    if (status == wanted) return;
    fprintf(stderr, "%s was answered %d:\n%s\n", what, status, answer);
    exit(1);
}

static void sleep_until(int64_t instant) {
    struct timespec time = {.tv_sec = instant / 1000000000, .tv_nsec = instant % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

static void *work(void *context) {
    struct worker *worker = context;
    int descriptor = connect_to(port);
    char start[1024], claim[1024], request[1024], path[256], body[256], answer[16384], id[129], attempt[16];
    size_t start_length = post(start, sizeof start, "/start",
        "{\"kind\":\"report\",\"queue\":\"default\","
        "\"input\":{\"customer\":42,\"note\":\"sixty-four bytes of payload, no more...\"}}");
    snprintf(body, sizeof body, "{\"queues\":[\"default\"],\"worker\":\"worker-%d\"}", worker->number);
    size_t claim_length = post(claim, sizeof claim, "/claim", body);
    if (started_ahead > 0) {
        for (size_t index = (size_t)worker->number; index < started_ahead; index += (size_t)connection_count) {
            expect(exchange(descriptor, start, start_length, answer, sizeof answer), 202, "start", answer);
        }
        if (pthread_barrier_wait(&all_started) == PTHREAD_BARRIER_SERIAL_THREAD) begin_now();
        pthread_barrier_wait(&all_started);
    }
    double pause = per_second > 0 ? connection_count / per_second * 1e9 : 0;
    for (size_t cycle = 0;; cycle++) {
        if (pause > 0) {
            sleep_until(begin + (int64_t)(((double)cycle + (double)worker->number / connection_count) * pause));
        }
        int64_t before = nanoseconds();
        if (before >= end) break;
        if (started_ahead == 0) {
            expect(exchange(descriptor, start, start_length, answer, sizeof answer), 202, "start", answer);
        }
        bool is_claimed;
        do {
            expect(exchange(descriptor, claim, claim_length, answer, sizeof answer), 200, "claim", answer);
            is_claimed = member(answer, "\"process_id\":\"", id, sizeof id);
            if (!is_claimed) worker->empty_claims++;
        } while (!is_claimed && started_ahead == 0);
        if (!is_claimed) break;
        if (!member(answer, "\"attempt\":", attempt, sizeof attempt)) expect(0, 200, "claim", answer);
        for (int report = 1; report <= reports; report++) {
            snprintf(path, sizeof path, "/progress/%s", id);
            snprintf(body, sizeof body, "{\"attempt\":%s,\"done\":%d,\"total\":%d}", attempt, report, reports);
            size_t length = post(request, sizeof request, path, body);
            expect(exchange(descriptor, request, length, answer, sizeof answer), 200, "progress", answer);
        }
        snprintf(path, sizeof path, "/complete/%s", id);
        snprintf(body, sizeof body, "{\"attempt\":%s,\"result\":42}", attempt);
        size_t length = post(request, sizeof request, path, body);
        expect(exchange(descriptor, request, length, answer, sizeof answer), 200, "complete", answer);
        add_time(&worker->times, nanoseconds() - before);
    }
    close(descriptor);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 6 && count != 7) {
        fprintf(stderr, "usage: cycle PORT CONNECTIONS SECONDS CYCLES_PER_SECOND REPORTS [STARTED_AHEAD]\n");
        return 2;
    }
    port = atoi(arguments[1]);
    connection_count = atoi(arguments[2]);
    seconds = atof(arguments[3]);
    per_second = atof(arguments[4]);
    reports = atoi(arguments[5]);
    started_ahead = count > 6 ? strtoul(arguments[6], NULL, 10) : 0;
    pthread_barrier_init(&all_started, NULL, (unsigned)connection_count);
    struct worker *workers = calloc((size_t)connection_count, sizeof *workers);
    if (workers == NULL) fail("calloc");
    if (started_ahead == 0) begin_now();
    for (int number = 0; number < connection_count; number++) {
        workers[number].number = number;
        if (pthread_create(&workers[number].thread, NULL, work, &workers[number]) != 0) fail("pthread_create");
    }
    struct times all = {0};
    size_t empty = 0;
    for (int number = 0; number < connection_count; number++) {
        pthread_join(workers[number].thread, NULL);
        for (size_t index = 0; index < workers[number].times.count; index++) {
            add_time(&all, workers[number].times.values[index]);
        }
        empty += workers[number].empty_claims;
    }
    double took = (double)(nanoseconds() - begin) / 1e9;
    printf("{\"cycles\": %zu, \"per_second\": %.1f, \"empty_claims\": %zu, \"cpu_seconds\": %.3f, ", all.count,
        (double)all.count / took, empty, cpu_seconds() - cpu_at_begin);
    print_percentiles(&all);
    printf("}\n");
    return 0;
}
