#pragma once

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))

/* What the caller must do, not only what happened. */
enum err_kind {
    ERR_INVALID = 1, /* reject the input; retrying cannot help */
    ERR_NOT_FOUND,   /* treat as absent */
    ERR_CONFLICT,    /* reload and try again at once */
    ERR_UNAVAILABLE, /* back off and try again */
    ERR_INTERNAL,    /* a bug or a broken set-up; stop */
};

/* Lives on the caller's stack, is never freed. `code` is the library's own number, for logs only.
 */
struct err {
    enum err_kind kind;
    int code;
    char msg[240];
};

/* Fills `err` and returns false, so that `return err_set(err, ...)` is the way to fail. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "text: " before the message that is already there and returns false. */
bool err_context(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The kind as a word for logs and metrics; static storage. */
const char *err_kind_name(enum err_kind kind);
