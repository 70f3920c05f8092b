#include "web/web_thread.h"

#include <signal.h>
#include <string.h>

bool web_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *ctx,
                      struct err *err)
{
    sigset_t all;
    sigset_t before;

    /* A new thread inherits the mask, so there is no moment at which it takes a signal. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(thread, NULL, run, ctx);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure) {
        return err_set(err, ERR_UNAVAILABLE, "starting thread %s: %s", name, strerror(failure));
    }
    pthread_setname_np(*thread, name);
    return true;
}
