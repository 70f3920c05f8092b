#include "json/json.h"

#include "base/clock.h"
#include "json/json_internal.h"

#include <inttypes.h>
#include <math.h>

void json_write_text(struct buf *out, struct str text)
{
    size_t clean = 0;

    buf_addc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        buf_add(out, text.p + clean, i - clean);
        clean = i + 1;
        if (c == '"' || c == '\\') {
            buf_addc(out, '\\');
            buf_addc(out, (char)c);
        } else if (c == '\n') {
            buf_adds(out, "\\n");
        } else if (c == '\t') {
            buf_adds(out, "\\t");
        } else if (c == '\r') {
            buf_adds(out, "\\r");
        } else {
            buf_printf(out, "\\u%04x", c);
        }
    }
    buf_add(out, text.p + clean, text.n - clean);
    buf_addc(out, '"');
}

static void write_double(struct buf *out, double value)
{
    char text[JSON_DOUBLE_SIZE];

    if (!isfinite(value)) {
        buf_adds(out, "null"); /* JSON has no word for it, and no partner can send it */
        return;
    }
    buf_add(out, text, json_format_double(value, text));
}

static void write_array(struct buf *out, const bson_t *array)
{
    bson_iter_t it;
    bool first = true;

    buf_addc(out, '[');
    for (bool more = bson_iter_init(&it, array) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!first) {
            buf_addc(out, ',');
        }
        first = false;
        json_write_value(out, &it);
    }
    buf_addc(out, ']');
}

static void write_nested(struct buf *out, const bson_iter_t *value)
{
    const uint8_t *data;
    uint32_t size;
    bson_t nested;

    if (BSON_ITER_HOLDS_ARRAY(value)) {
        bson_iter_array(value, &size, &data);
    } else {
        bson_iter_document(value, &size, &data);
    }
    if (!bson_init_static(&nested, data, size)) {
        buf_adds(out, "null");
    } else if (BSON_ITER_HOLDS_ARRAY(value)) {
        write_array(out, &nested);
    } else {
        json_write(out, &nested);
    }
}

static void write_date(struct buf *out, int64_t ms)
{
    char text[CLOCK_ISO_SIZE];

    clock_format_iso(ms, text);
    json_write_text(out, str_from(text));
}

static void write_oid(struct buf *out, const bson_oid_t *oid)
{
    char text[25];

    bson_oid_to_string(oid, text);
    json_write_text(out, str_from(text));
}

void json_write_value(struct buf *out, const bson_iter_t *value)
{
    uint32_t size;
    const char *text;

    switch (bson_iter_type(value)) {
    case BSON_TYPE_DOUBLE:
        write_double(out, bson_iter_double(value));
        break;
    case BSON_TYPE_UTF8:
        text = bson_iter_utf8(value, &size);
        json_write_text(out, (struct str){text, size});
        break;
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        write_nested(out, value);
        break;
    case BSON_TYPE_BOOL:
        buf_adds(out, bson_iter_bool(value) ? "true" : "false");
        break;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        buf_printf(out, "%" PRId64, bson_iter_as_int64(value));
        break;
    case BSON_TYPE_DATE_TIME:
        write_date(out, bson_iter_date_time(value));
        break;
    case BSON_TYPE_OID:
        write_oid(out, bson_iter_oid(value));
        break;
    default:
        buf_adds(out, "null"); /* no other type is ever stored in what partners read */
        break;
    }
}

void json_write(struct buf *out, const bson_t *document)
{
    bson_iter_t it;
    bool first = true;

    buf_addc(out, '{');
    for (bool more = bson_iter_init(&it, document) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!first) {
            buf_addc(out, ',');
        }
        first = false;
        json_write_text(out, (struct str){bson_iter_key(&it), bson_iter_key_len(&it)});
        buf_addc(out, ':');
        json_write_value(out, &it);
    }
    buf_addc(out, '}');
}
