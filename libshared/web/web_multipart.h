#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>

/* Bodies of multipart/form-data (RFC 2046, RFC 7578). Pure. */

enum {
    WEB_MAX_PARTS = 16,
    WEB_MAX_PART_HEADER_BYTES = 4096, /* of one part */
};

struct web_part {
    struct str name;         /* decoded */
    struct str file_name;    /* decoded; {NULL, 0} when it is no file */
    struct str content_type; /* as sent; {NULL, 0} when absent */
    struct str content;      /* points into the body */
};

struct web_multipart {
    struct web_part parts[WEB_MAX_PARTS]; /* as they come; names may repeat */
    size_t count;
};

/* True for the content type multipart/form-data, whatever its parameters. */
bool web_multipart_is(struct str content_type);

/*
 * Cuts a body into its parts. What has to be decoded is copied into the arena, the rest points into
 * the arguments. Names and file names hold no control characters; whether they are UTF-8 is not
 * looked at. ERR_INVALID, whose text says what is wrong and with which part: another content type,
 * no boundary, no end, more parts or header bytes than allowed, a part without a name.
 */
bool web_multipart_read(struct arena *arena, struct str content_type, struct str body,
                        struct web_multipart *out, struct err *err) MUST_USE;

/* The first part of this name; NULL when there is none. */
const struct web_part *web_multipart_find(const struct web_multipart *multipart, const char *name);
