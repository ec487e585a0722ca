// The ceiling of libevent's evhttp on this machine: an answer of constant JSON, as large as a process's status, on one
// event loop per core. What a status look-up costs beyond this is what this project adds.
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[4096];
static size_t answer_length;
static unsigned short port;

static void respond(struct evhttp_request *request, void *context) {
    (void)context;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "ETag", "\"1\"");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    struct evbuffer *body = evbuffer_new();
    evbuffer_add(body, answer, answer_length);
    evhttp_send_reply(request, 200, "OK", body);
    evbuffer_free(body);
}

static int listen_on_port(void) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 || listen(descriptor, 1024) != 0) {
        perror("evhttp_constant");
        exit(1);
    }
    return descriptor;
}

static void *serve(void *context) {
    (void)context;
    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    evhttp_set_gencb(http, respond, NULL);
    evhttp_accept_socket(http, listen_on_port());
    event_base_dispatch(base);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: evhttp_constant PORT LOOPS BYTES\n");
        return 2;
    }
    port = (unsigned short)atoi(arguments[1]);
    int loops = atoi(arguments[2]);
    size_t wanted = (size_t)atoi(arguments[3]);
    if (wanted < 16 || wanted >= sizeof answer) wanted = 900;
    answer_length = (size_t)snprintf(answer, sizeof answer, "{\"text\":\"");
    while (answer_length < wanted - 2) answer[answer_length++] = 'x';
    answer[answer_length++] = '"';
    answer[answer_length++] = '}';
    for (int index = 1; index < loops; index++) {
        pthread_t thread;
        pthread_create(&thread, NULL, serve, NULL);
    }
    serve(NULL);
    return 0;
}
