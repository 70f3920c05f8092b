#pragma once

/* cmocka needs these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* Fails the test with the error's text when a call that must work did not. */
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s: %s", #call, err_kind_name((err)->kind), (err)->msg);                 \
        }                                                                                          \
    } while (0)

/* The environment variable, or the fallback when it is not set. */
const char *test_env(const char *name, const char *fallback);

/* A short text that no other test run uses ("t3k9x2"), for database names and topic prefixes. Lives
 * for the process. */
const char *test_unique(void);

/* Random seed of this run: SEED from the environment or a fresh one. Printed, so that a failure can
 * be replayed. */
uint64_t test_seed(void);
