#include "params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *keep_text(const struct call *call, struct str text)
{
    return arena_strndup(call->arena, text.p ? text.p : "", text.n);
}

const char *params_path(const struct call *call, size_t n)
{
    return keep_text(call, call->request->params[n]);
}

const char *params_text(const struct call *call, const char *name)
{
    struct str text = web_query(call->request, name);

    return text.n > 0 ? keep_text(call, text) : NULL;
}

bool params_word(const struct call *call, const char *name, const char *const *words,
                 const char **out, struct request_fault *fault)
{
    const char *text = params_text(call, name);

    *out = text;
    for (; text && *words; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return !text || request_refuse(fault, PROBLEM_field_value, "%s has no such value", name);
}

bool params_parse_number(const char *text, struct params_range range, int64_t *out)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < range.min || value > range.max) {
        return false;
    }
    *out = value;
    return true;
}

bool params_number(const struct call *call, const char *name, struct params_range range,
                   int64_t *out, struct request_fault *fault)
{
    const char *text = params_text(call, name);

    return !text || params_parse_number(text, range, out) ||
           request_refuse(fault, PROBLEM_field_value, "%s must be a whole number from %lld to %lld",
                          name, (long long)range.min, (long long)range.max);
}
