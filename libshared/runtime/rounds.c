#include "runtime/rounds.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

struct rounds {
    struct rounds_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_woken;
    bool is_closing;
    pthread_t thread;
};

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* A pause is kept also when somebody wakes: the next round comes soon enough. False: no more. */
static bool await_next(struct rounds *rounds, int64_t pause_ms)
{
    struct timespec end = in_ms(pause_ms < 0 ? 0 : pause_ms);
    int result = 0;

    pthread_mutex_lock(&rounds->lock);
    while (!rounds->is_closing && pause_ms < 0 && !rounds->is_woken) {
        pthread_cond_wait(&rounds->changed, &rounds->lock);
    }
    while (!rounds->is_closing && pause_ms >= 0 && result != ETIMEDOUT) {
        result = pthread_cond_timedwait(&rounds->changed, &rounds->lock, &end);
    }
    rounds->is_woken = false;
    bool goes_on = !rounds->is_closing;

    pthread_mutex_unlock(&rounds->lock);
    return goes_on;
}

static void *rounds_main(void *arg)
{
    struct rounds *rounds = arg;
    int64_t pause_ms = -1;

    while (await_next(rounds, pause_ms)) {
        pause_ms = rounds->options.round(rounds->options.ctx);
    }
    return NULL;
}

static void rounds_free(struct rounds *rounds)
{
    pthread_cond_destroy(&rounds->changed);
    pthread_mutex_destroy(&rounds->lock);
    mem_free(rounds);
}

bool rounds_open(const struct rounds_options *options, struct rounds **out, struct err *err)
{
    struct rounds *rounds = mem_calloc(1, sizeof(*rounds));
    pthread_condattr_t attributes;

    rounds->options = *options;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&rounds->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&rounds->lock, NULL);
    int failure = pthread_create(&rounds->thread, NULL, rounds_main, rounds);

    if (failure) {
        rounds_free(rounds);
        return err_set(err, ERR_UNAVAILABLE, "starting thread %s: %s", options->name,
                       strerror(failure));
    }
    pthread_setname_np(rounds->thread, options->name);
    *out = rounds;
    return true;
}

void rounds_wake(struct rounds *rounds)
{
    pthread_mutex_lock(&rounds->lock);
    rounds->is_woken = true;
    pthread_cond_signal(&rounds->changed);
    pthread_mutex_unlock(&rounds->lock);
}

void rounds_close(struct rounds *rounds)
{
    if (!rounds) {
        return;
    }
    pthread_mutex_lock(&rounds->lock);
    rounds->is_closing = true;
    pthread_cond_signal(&rounds->changed);
    pthread_mutex_unlock(&rounds->lock);
    pthread_join(rounds->thread, NULL);
    rounds_free(rounds);
}
