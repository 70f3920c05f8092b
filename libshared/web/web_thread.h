#pragma once

#include "base/err.h"

#include <pthread.h>

/*
 * Starts a thread with a name (at most 15 characters) that takes no signals: those belong to the
 * program, and a broken connection then shows as EPIPE, not as SIGPIPE. ERR_UNAVAILABLE.
 */
bool web_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *ctx,
                      struct err *err) MUST_USE;
