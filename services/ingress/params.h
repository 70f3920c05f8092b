#pragma once

#include "domain/request.h"
#include "ingress.h"

/* Reading the parameters of a GET. Texts live in the call's arena. */

/* The n-th :name segment of the path. */
const char *params_path(const struct call *call, size_t n);

/* A query parameter; NULL when it is absent or empty. */
const char *params_text(const struct call *call, const char *name);

/* A query parameter that must be one of the words (NULL at the end); NULL when it is absent. */
bool params_word(const struct call *call, const char *name, const char *const *words,
                 const char **out, struct request_fault *fault) MUST_USE;

/* A whole number. *out keeps its value when the parameter is absent. */
struct params_range {
    int64_t min;
    int64_t max;
};
bool params_number(const struct call *call, const char *name, struct params_range range,
                   int64_t *out, struct request_fault *fault) MUST_USE;

/* A whole number, all of the text. */
bool params_parse_number(const char *text, struct params_range range, int64_t *out);
