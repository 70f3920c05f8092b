#include "web/web_worker.h"

#include "base/mem.h"
#include "web/web_thread.h"

#include <stdio.h>

struct web_pool {
    struct web_pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct web_job *first;
    struct web_job **last;
    size_t unfinished; /* waiting and running */
    bool is_closing;
    size_t started;
    pthread_t threads[];
};

static struct web_job *shift(struct web_pool *pool)
{
    struct web_job *job = pool->first;

    if (job) {
        pool->first = job->next;
        pool->last = pool->first ? pool->last : &pool->first;
    }
    return job;
}

/* The next job; NULL when the pool closes. */
static struct web_job *wait_for_job(struct web_pool *pool)
{
    struct web_job *job;

    pthread_mutex_lock(&pool->lock);
    while (!(job = shift(pool)) && !pool->is_closing) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void count_down(struct web_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->unfinished--;
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *ctx)
{
    struct web_pool *pool = ctx;
    struct web_job *job;

    while ((job = wait_for_job(pool)) != NULL) {
        pool->options.run(job);
        /* First free, then done: whoever sees the answer can count on the place. */
        count_down(pool);
        pool->options.done(job);
    }
    return NULL;
}

bool web_pool_open(const struct web_pool_options *options, struct web_pool **out, struct err *err)
{
    struct web_pool *pool = mem_calloc(1, sizeof(*pool) + options->threads * sizeof(pthread_t));

    pool->options = *options;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    for (; pool->started < options->threads; pool->started++) {
        char name[16];

        snprintf(name, sizeof(name), "web-work-%zu", pool->started % 1000);
        if (!web_thread_start(&pool->threads[pool->started], name, worker_main, pool, err)) {
            web_pool_close(pool);
            return false;
        }
    }
    *out = pool;
    return true;
}

bool web_pool_submit(struct web_pool *pool, struct web_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool has_room = pool->unfinished < pool->options.threads + pool->options.queue_length;

    if (has_room) {
        job->next = NULL;
        *pool->last = job;
        pool->last = &job->next;
        pool->unfinished++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    return has_room;
}

struct web_job *web_pool_take_back(struct web_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct web_job *job = shift(pool);

    pool->unfinished -= job != NULL;
    pthread_mutex_unlock(&pool->lock);
    return job;
}

void web_pool_close(struct web_pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->started; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}
