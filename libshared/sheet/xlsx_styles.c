#include "sheet/xlsx_styles.h"

#include "sheet/xlsx_xml.h"

#include <stdlib.h>

/* Excel itself stops at 250 formats and 64,000 styles. */
enum { MAX_CODES = 4096, MAX_STYLES = 65536 };

struct custom_format {
    uint32_t id;
    struct number_format format;
};

struct styles_reader {
    const char *part;
    struct xlsx_styles *styles;
    struct custom_format custom[MAX_CODES];
    size_t custom_count;
    bool in_codes;  /* <numFmts>; a differential format has a <numFmt> as well */
    bool in_styles; /* <cellXfs>, not <cellStyleXfs> */
};

static uint32_t number_of(const char *text)
{
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static struct number_format format_of(const struct styles_reader *reader, uint32_t id)
{
    for (size_t i = 0; i < reader->custom_count; i++) {
        if (reader->custom[i].id == id) {
            return reader->custom[i].format;
        }
    }
    return number_format_of_id(id);
}

static bool add_code(struct styles_reader *reader, const char **attributes,
                     struct sheet_fault *fault, struct err *err)
{
    const char *code = xlsx_attribute(attributes, "formatCode");

    if (reader->custom_count == MAX_CODES) {
        return xlsx_damaged(fault, err, reader->part, "has more formats than a workbook can have");
    }
    reader->custom[reader->custom_count++] = (struct custom_format){
        .id = number_of(xlsx_attribute(attributes, "numFmtId")),
        .format = number_format_of_code(str_from(code ? code : "")),
    };
    return true;
}

static bool add_style(struct styles_reader *reader, const char **attributes,
                      struct sheet_fault *fault, struct err *err)
{
    struct xlsx_styles *styles = reader->styles;

    if (styles->count == MAX_STYLES) {
        return xlsx_damaged(fault, err, reader->part, "has more styles than a workbook can have");
    }
    styles->formats[styles->count++] =
        format_of(reader, number_of(xlsx_attribute(attributes, "numFmtId")));
    return true;
}

static void enter(struct styles_reader *reader, const char *name, bool is_inside)
{
    if (strcmp(name, "numFmts") == 0) {
        reader->in_codes = is_inside;
    } else if (strcmp(name, "cellXfs") == 0) {
        reader->in_styles = is_inside;
    }
}

static bool on_start(void *ctx, const char *name, const char **attributes,
                     struct sheet_fault *fault, struct err *err)
{
    struct styles_reader *reader = ctx;

    if (reader->in_codes && strcmp(name, "numFmt") == 0) {
        return add_code(reader, attributes, fault, err);
    }
    if (reader->in_styles && strcmp(name, "xf") == 0) {
        return add_style(reader, attributes, fault, err);
    }
    enter(reader, name, true);
    return true;
}

static bool on_end(void *ctx, const char *name, struct sheet_fault *fault, struct err *err)
{
    (void)fault;
    (void)err;
    enter(ctx, name, false);
    return true;
}

bool xlsx_styles_read(struct xlsx_package *package, const char *part, struct arena *arena,
                      struct xlsx_styles *out, struct sheet_fault *fault, struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, NULL};
    AUTO(arena) struct arena *work = arena_new();
    struct styles_reader *reader = arena_calloc(work, 1, sizeof(*reader));

    out->formats = arena_calloc(work, MAX_STYLES, sizeof(*out->formats));
    out->count = 0;
    reader->part = part;
    reader->styles = out;
    if (!xlsx_xml_read_all(package, part, &events, reader, fault, err)) {
        return false;
    }
    out->formats = arena_memdup(arena, out->formats, out->count * sizeof(*out->formats));
    return true;
}
