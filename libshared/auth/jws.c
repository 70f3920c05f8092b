#include "auth/jws.h"

#include "json/json.h"

#include <sodium.h>

#include <string.h>

enum { TEXT_MAX = 8192, PARSER_PADDING = 64 };

/* Claims are called what an issuer likes, "https://example.com/roles" too. */
static const struct json_limits limits = {
    .max_depth = 16, .max_keys = 256, .max_row_bytes = TEXT_MAX, .any_keys = true};

/* libsodium takes some bytes above 0x7f for letters. */
static bool is_base64url(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return true;
}

static bool decode(struct str text, struct arena *arena, struct str *out)
{
    size_t room = text.n / 4 * 3 + 3;
    unsigned char *bytes = arena_calloc(arena, room + PARSER_PADDING, 1);
    size_t n;

    if (!is_base64url(text) ||
        sodium_base642bin(bytes, room, text.p, text.n, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n == 0) {
        return false;
    }
    *out = (struct str){(const char *)bytes, n};
    return true;
}

/* Cuts off what stands before the next dot. */
static bool take_part(struct str *rest, struct str *out)
{
    const char *dot = memchr(rest->p, '.', rest->n);

    if (!dot) {
        return false;
    }
    *out = (struct str){rest->p, (size_t)(dot - rest->p)};
    *rest = (struct str){dot + 1, rest->n - out->n - 1};
    return true;
}

static bool read_object(struct str text, struct arena *arena, const bson_t **out)
{
    struct json_fault fault;

    return json_read_object(text, &limits, arena, out, &fault);
}

struct str jws_text(const bson_t *document, const char *name)
{
    bson_iter_t value;
    uint32_t n;

    if (!bson_iter_init_find(&value, document, name) || !BSON_ITER_HOLDS_UTF8(&value)) {
        return (struct str){NULL, 0};
    }
    const char *text = bson_iter_utf8(&value, &n);

    return (struct str){text, n};
}

static bool read_header(const bson_t *header, struct jws *out, struct err *err)
{
    struct str algorithm = jws_text(header, "alg");
    struct str kid = jws_text(header, "kid");

    if (str_is(algorithm, "HS256")) {
        out->algorithm = AUTH_HS256;
    } else if (str_is(algorithm, "RS256")) {
        out->algorithm = AUTH_RS256;
    } else {
        return err_set(err, ERR_INVALID, "the token's alg is neither HS256 nor RS256");
    }
    if (kid.n == 0 || kid.n >= sizeof(out->kid) || memchr(kid.p, '\0', kid.n)) {
        return err_set(err, ERR_INVALID, "the token names no key of ours");
    }
    memcpy(out->kid, kid.p, kid.n);
    out->kid[kid.n] = '\0';
    return !bson_has_field(header, "crit") ||
           err_set(err, ERR_INVALID, "the token has critical extensions");
}

bool jws_parse(struct str text, struct arena *arena, struct jws *out, struct err *err)
{
    struct str rest = text;
    struct str parts[2];
    struct str header_text;
    const bson_t *header;

    if (text.n == 0 || text.n > TEXT_MAX) {
        return err_set(err, ERR_INVALID, "the token is missing or longer than %d bytes", TEXT_MAX);
    }
    /* A third dot is no character of base64. */
    if (!take_part(&rest, &parts[0]) || !take_part(&rest, &parts[1]) ||
        !decode(parts[0], arena, &header_text) || !decode(parts[1], arena, &out->payload) ||
        !decode(rest, arena, &out->signature)) {
        return err_set(err, ERR_INVALID, "the token is not three parts in base64url");
    }
    out->signed_part = (struct str){text.p, parts[0].n + 1 + parts[1].n};
    if (!read_object(header_text, arena, &header)) {
        return err_set(err, ERR_INVALID, "the token's header is no JSON object");
    }
    return read_header(header, out, err);
}

bool jws_read_claims(const struct jws *jws, struct arena *arena, const bson_t **out,
                     struct err *err)
{
    return read_object(jws->payload, arena, out) ||
           err_set(err, ERR_INVALID, "the token's payload is no JSON object");
}
