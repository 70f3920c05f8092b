#include "web/web_multipart.h"

#include "web/web_params.h"

#include <stdint.h>

enum { BOUNDARY_MAX = 70 };

#define BOUNDARY_BYTES "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "

static const struct str line_end = STR("\r\n");

static bool starts_with(struct str text, struct str start)
{
    return text.n >= start.n && memcmp(text.p, start.p, start.n) == 0;
}

static struct str without(struct str text, size_t n)
{
    return (struct str){text.p + n, text.n - n};
}

/* Where `part` begins in `text`; SIZE_MAX when it is not there. */
static size_t find(struct str text, struct str part)
{
    const char *at = text.n ? memmem(text.p, text.n, part.p, part.n) : NULL;

    return at ? (size_t)(at - text.p) : SIZE_MAX;
}

/* ---- boundaries ---- */

bool web_multipart_is(struct str content_type)
{
    return content_type.p &&
           web_params_same(web_params_start(&content_type), "multipart/form-data");
}

static bool is_boundary(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\0' || !strchr(BOUNDARY_BYTES, text.p[i])) {
            return false;
        }
    }
    return text.n > 0 && text.n <= BOUNDARY_MAX && text.p[text.n - 1] != ' ';
}

/* Makes the delimiter that stands before every part but the first: CR LF "--" boundary. */
static bool read_delimiter(struct arena *arena, struct str content_type, struct str *out,
                           struct err *err)
{
    struct web_param param;
    bool found;

    if (!web_multipart_is(content_type)) {
        return err_set(err, ERR_INVALID, "the content type is not multipart/form-data");
    }
    web_params_start(&content_type);
    do {
        if (!web_params_next(arena, &content_type, &param, &found, err)) {
            return err_context(err, "the content type");
        }
    } while (found && !web_params_same(param.name, "boundary"));
    if (!found || !is_boundary(param.value)) {
        return err_set(err, ERR_INVALID, "the content type has no proper boundary");
    }
    *out = str_from(arena_printf(arena, "\r\n--%.*s", (int)param.value.n, param.value.p));
    return true;
}

/* What follows a delimiter on its line. */
enum ending { ENDS_LINE, ENDS_BODY, ENDS_NOTHING };

/* Cuts it off `rest`. A longer line that only begins like a delimiter is none. */
static enum ending read_ending(struct str *rest)
{
    struct str text = *rest;

    if (starts_with(text, STR("--"))) {
        return ENDS_BODY;
    }
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text = without(text, 1);
    }
    if (!starts_with(text, line_end)) {
        return ENDS_NOTHING;
    }
    *rest = without(text, line_end.n);
    return ENDS_LINE;
}

/* Cuts everything up to the next delimiter, and its line, off `rest`; ENDS_NOTHING when there is
 * none. */
static enum ending cut_part(struct str *rest, struct str delimiter, struct str *part)
{
    struct str after = *rest;

    for (;;) {
        size_t at = find(after, delimiter);

        if (at == SIZE_MAX) {
            return ENDS_NOTHING;
        }
        after = without(after, at);
        *part = (struct str){rest->p, (size_t)(after.p - rest->p)};
        after = without(after, delimiter.n);
        enum ending ending = read_ending(&after);

        if (ending != ENDS_NOTHING) {
            *rest = after;
            return ending;
        }
    }
}

/* The first delimiter may begin the body; a preamble before it is not looked at. */
static enum ending skip_preamble(struct str *rest, struct str delimiter)
{
    struct str first = without(delimiter, line_end.n);
    struct str preamble;

    if (starts_with(*rest, first)) {
        struct str after = without(*rest, first.n);
        enum ending ending = read_ending(&after);

        if (ending != ENDS_NOTHING) {
            *rest = after;
            return ending;
        }
    }
    return cut_part(rest, delimiter, &preamble);
}

/* ---- headers of a part ---- */

static bool is_clean(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool read_disposition(struct arena *arena, struct str value, struct web_part *part,
                             struct err *err)
{
    struct str extended = {NULL, 0};
    struct web_param param;
    bool found;

    if (!web_params_same(web_params_start(&value), "form-data")) {
        return err_set(err, ERR_INVALID, "its Content-Disposition is not form-data");
    }
    for (;;) {
        if (!web_params_next(arena, &value, &param, &found, err)) {
            return err_context(err, "its Content-Disposition");
        }
        if (!found) {
            break;
        }
        if (web_params_same(param.name, "name")) {
            part->name = param.value;
        } else if (web_params_same(param.name, "filename")) {
            part->file_name = param.value;
        } else if (web_params_same(param.name, "filename*") &&
                   !web_params_decode_extended(arena, param.value, &extended)) {
            return err_set(err, ERR_INVALID, "its filename* is not in UTF-8 and percent-encoded");
        }
    }
    part->file_name = extended.p ? extended : part->file_name;
    if (!is_clean(part->name) || !is_clean(part->file_name)) {
        return err_set(err, ERR_INVALID, "its name holds control characters");
    }
    return true;
}

static bool read_header(struct arena *arena, struct str line, struct web_part *part,
                        struct err *err)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;

    if (!colon || colon == line.p) {
        return err_set(err, ERR_INVALID, "it has a header line without a name");
    }
    struct str name = {line.p, (size_t)(colon - line.p)};
    struct str value = without(line, name.n + 1);

    if (web_params_same(name, "content-disposition")) {
        return read_disposition(arena, value, part, err);
    }
    if (web_params_same(name, "content-type")) {
        while (value.n > 0 && value.p[0] == ' ') {
            value = without(value, 1);
        }
        part->content_type = value;
    }
    return true;
}

static bool read_part(struct arena *arena, struct str text, struct web_part *part, struct err *err)
{
    struct str rest = text;

    *part = (struct web_part){0};
    while (!starts_with(rest, line_end)) {
        size_t n = find(rest, line_end);

        if (n == SIZE_MAX) {
            return err_set(err, ERR_INVALID, "its header has no end");
        }
        if (text.n - rest.n + n > WEB_MAX_PART_HEADER_BYTES) {
            return err_set(err, ERR_INVALID, "its header has more than %d bytes",
                           WEB_MAX_PART_HEADER_BYTES);
        }
        if (!read_header(arena, (struct str){rest.p, n}, part, err)) {
            return false;
        }
        rest = without(rest, n + line_end.n);
    }
    part->content = without(rest, line_end.n);
    return part->name.n > 0 || err_set(err, ERR_INVALID, "it has no name");
}

/* ---- the body ---- */

/* `rest` begins behind the delimiter line of the first part. */
static bool read_parts(struct arena *arena, struct str rest, struct str delimiter,
                       struct web_multipart *out, struct err *err)
{
    enum ending ending = ENDS_LINE;
    struct str text;

    while (ending == ENDS_LINE) {
        if (out->count == WEB_MAX_PARTS) {
            return err_set(err, ERR_INVALID, "there are more than %d parts", WEB_MAX_PARTS);
        }
        ending = cut_part(&rest, delimiter, &text);
        if (ending == ENDS_NOTHING) {
            return err_set(err, ERR_INVALID, "part %zu has no end", out->count + 1);
        }
        if (!read_part(arena, text, &out->parts[out->count], err)) {
            return err_context(err, "part %zu", out->count + 1);
        }
        out->count++;
    }
    return true;
}

bool web_multipart_read(struct arena *arena, struct str content_type, struct str body,
                        struct web_multipart *out, struct err *err)
{
    struct web_multipart multipart = {.count = 0};
    struct str delimiter;

    if (!read_delimiter(arena, content_type, &delimiter, err)) {
        return false;
    }
    enum ending ending = skip_preamble(&body, delimiter);

    if (ending == ENDS_NOTHING) {
        return err_set(err, ERR_INVALID, "the boundary does not occur in the body");
    }
    if (ending == ENDS_LINE && !read_parts(arena, body, delimiter, &multipart, err)) {
        return false;
    }
    *out = multipart;
    return true;
}

const struct web_part *web_multipart_find(const struct web_multipart *multipart, const char *name)
{
    for (size_t i = 0; i < multipart->count; i++) {
        if (str_is(multipart->parts[i].name, name)) {
            return &multipart->parts[i];
        }
    }
    return NULL;
}
