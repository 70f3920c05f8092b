#include "support/test.h"

#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "store/store.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that is there and says nothing: libmongoc's own patience would cost a consumer its
 * partitions. Between the program and MongoDB stands a relay that stops to relay. */

enum { PAIRS = 32, TICK_MS = 20 };

struct relay {
    int listener;
    int port;
    struct sockaddr_in server;
    int fds[2 * PAIRS]; /* 2n and 2n + 1 are the two ends of one connection */
    size_t count;
    atomic_bool is_silent;
    atomic_bool is_over;
    pthread_t thread;
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void take_connection(struct relay *relay)
{
    int client = accept(relay->listener, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (client < 0 || server < 0 || relay->count + 2 > 2 * PAIRS ||
        connect(server, (struct sockaddr *)&relay->server, sizeof(relay->server)) != 0) {
        abort();
    }
    relay->fds[relay->count++] = client;
    relay->fds[relay->count++] = server;
}

static void pass_on(struct relay *relay, size_t from)
{
    char bytes[16384];
    ssize_t n = recv(relay->fds[from], bytes, sizeof(bytes), 0);

    if (n <= 0 || send(abs(relay->fds[from ^ 1]), bytes, (size_t)n, MSG_NOSIGNAL) != n) {
        shutdown(abs(relay->fds[from ^ 1]), SHUT_RDWR);
        relay->fds[from] = -abs(relay->fds[from]); /* poll passes it over */
    }
}

static void *run_relay(void *arg)
{
    struct relay *relay = arg;

    while (!atomic_load(&relay->is_over)) {
        struct pollfd polled[2 * PAIRS + 1] = {{relay->listener, POLLIN, 0}};
        size_t count = relay->count;

        for (size_t i = 0; i < count; i++) {
            polled[i + 1] = (struct pollfd){relay->fds[i], POLLIN, 0};
        }
        nfds_t watched = atomic_load(&relay->is_silent) ? 0 : count + 1;

        poll(polled, watched, TICK_MS);
        for (size_t i = 0; watched && i < count; i++) {
            if (polled[i + 1].revents) {
                pass_on(relay, i);
            }
        }
        if (watched && polled[0].revents) {
            take_connection(relay);
        }
    }
    return NULL;
}

static void relay_open(struct relay *relay, const char *uri)
{
    const char *port = strrchr(strstr(uri, "://") + 3, ':');
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);

    assert_non_null(port);
    *relay = (struct relay){.server = loopback(atoi(port + 1))};
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(relay->listener, PAIRS), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&relay->thread, NULL, run_relay, relay), 0);
}

static void relay_close(struct relay *relay)
{
    atomic_store(&relay->is_over, true);
    pthread_join(relay->thread, NULL);
    for (size_t i = 0; i < relay->count; i++) {
        close(abs(relay->fds[i]));
    }
    close(relay->listener);
}

static bool ask(struct store *store, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    bson_t *found = NULL;

    return store_session_open(store, &session, err) &&
           (store_get(session, "nothing", "nobody", &found, err) || err->kind == ERR_NOT_FOUND);
}

static bool replace_two(struct store *store, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *first = BCON_NEW("_id", BCON_UTF8("nobody"));
    AUTO(bson) bson_t *second = BCON_NEW("_id", BCON_UTF8("nobody else"));
    const struct store_replacement replacements[] = {{first, first}, {second, second}};

    return store_session_open(store, &session, err) &&
           store_replace_many(session, "nothing", replacements, 2, err);
}

/* libmongoc can be opened once in a process, so the claims share a store. */
struct fixture {
    struct relay relay;
    struct store *store;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct config config;
    struct err err;
    char uri[100];

    assert_ok(config_load(&config, &err), &err);
    relay_open(&f->relay, config.mongo_uri);
    snprintf(uri, sizeof(uri), "mongodb://127.0.0.1:%d/?directConnection=true", f->relay.port);
    mem_free(config.mongo_uri);
    config.mongo_uri = mem_strdup(uri);
    assert_ok(store_open(&config, &f->store, &err), &err);
    config_done(&config);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    relay_close(&f->relay);
    mem_free(f);
    return 0;
}

static void assert_given_up_after_ms(struct fixture *f,
                                     bool (*attempt)(struct store *store, struct err *err),
                                     int64_t most)
{
    int64_t start = clock_monotonic_ms();
    struct err err;

    atomic_store(&f->relay.is_silent, true);
    assert_false(attempt(f->store, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_in_range(clock_monotonic_ms() - start, 0, most);
}

static void a_server_that_never_answered_is_given_up_within_seconds(void **state)
{
    assert_given_up_after_ms(*state, ask, 10000);
}

/* Long before a consumer that waits for it would lose its partitions; and what has become of the
 * documents is not known. */
static void writes_that_nobody_answers_are_given_up_and_not_taken_for_done(void **state)
{
    struct fixture *f = *state;
    int64_t deadline = clock_monotonic_ms() + 60000;
    struct err err;

    atomic_store(&f->relay.is_silent, false);
    while (!ask(f->store, &err)) {
        assert_true(clock_monotonic_ms() < deadline);
    }
    assert_given_up_after_ms(f, replace_two, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_never_answered_is_given_up_within_seconds),
        cmocka_unit_test(writes_that_nobody_answers_are_given_up_and_not_taken_for_done),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
