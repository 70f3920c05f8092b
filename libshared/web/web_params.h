#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Header values that have parameters: `form-data; name="file"; filename="a b.csv"`. Pure. */

/* Cuts the value up to the first parameter off `rest`, which is then to be given to
 * web_params_next. Without blanks around it. */
struct str web_params_start(struct str *rest);

struct web_param {
    struct str name;  /* as sent */
    struct str value; /* of a quoted string decoded, in the arena; else as sent */
};

/*
 * Cuts the next parameter off `rest`. In a quoted string \" and \\ stand for the second character;
 * any other backslash for itself, because browsers send paths of Windows as they are. *found is
 * false at the end. ERR_INVALID for what is no parameter.
 */
bool web_params_next(struct arena *arena, struct str *rest, struct web_param *out, bool *found,
                     struct err *err) MUST_USE;

/* Decodes the value of an extended parameter (RFC 8187): UTF-8''na%C3%AFve.csv. False unless it is
 * one in UTF-8. */
bool web_params_decode_extended(struct arena *arena, struct str value, struct str *out);

/* Whether two words are the same but for the case of ASCII letters. */
bool web_params_same(struct str a, const char *b);
