#include "xls/xls_globals.h"

enum {
    BOF = 0x809,
    END_OF_PART = 0x0A,
    FILEPASS = 0x2F,
    CODEPAGE = 0x42,
    DATEMODE = 0x22,
    BOUNDSHEET = 0x85,
    FORMAT = 0x41E,
    XF = 0xE0,
    SST = 0xFC,
    BIFF5 = 0x500,
    BIFF8 = 0x600,
    HIDDEN = 3,
    DEFAULT_CODE_PAGE = 1252,
    MAX_CODE_BYTES = 255,
};

static bool read_shared_texts(struct str stream, const struct xls_record *record,
                              struct xls_globals *globals)
{
    struct xls_cursor cursor = xls_cursor_of(stream, record, 0);
    uint32_t total;
    uint32_t count;

    if (!xls_take(&cursor, 4, &total) || !xls_take(&cursor, 4, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!xls_take_text(&cursor, 2, true, &globals->texts)) {
            return false;
        }
        buf_add(&globals->text_ends, &globals->texts.len, sizeof(globals->texts.len));
    }
    return true;
}

bool xls_shared_text(const struct xls_globals *globals, uint32_t index, struct str *out)
{
    size_t bounds[2] = {0}; /* where it begins and ends */
    size_t at = (size_t)index * sizeof(size_t);

    if (at >= globals->text_ends.len) {
        return false;
    }
    memcpy(&bounds[1], globals->text_ends.data + at, sizeof(size_t));
    if (index > 0) {
        memcpy(&bounds[0], globals->text_ends.data + at - sizeof(size_t), sizeof(size_t));
    }
    out->n = bounds[1] - bounds[0];
    out->p = out->n > 0 ? globals->texts.data + bounds[0] : "";
    return true;
}

static bool read_format(struct str stream, const struct xls_record *record,
                        struct xls_globals *globals)
{
    struct xls_cursor cursor = xls_cursor_of(stream, record, 0);
    size_t unit_bytes = globals->is_biff8 ? 2 : 1;
    AUTO(buf) struct buf code = {0};
    uint32_t number;

    if (!xls_take(&cursor, 2, &number) ||
        !xls_take_text(&cursor, unit_bytes, globals->is_biff8, &code)) {
        return false;
    }
    size_t n = code.len / unit_bytes < MAX_CODE_BYTES ? code.len / unit_bytes : MAX_CODE_BYTES;

    xls_put(&globals->codes, number, 2);
    xls_put(&globals->codes, n, 2);
    for (size_t i = 0; i < n; i++) {
        bool is_ascii = unit_bytes == 1 || code.data[2 * i + 1] == 0;

        buf_addc(&globals->codes, is_ascii ? code.data[unit_bytes * i] : '?');
    }
    return true;
}

struct str xls_format_code(const struct xls_globals *globals, uint16_t number)
{
    for (size_t at = 0; at < globals->codes.len;) {
        const char *code = globals->codes.data + at;
        size_t n = xls_u16(code + 2);

        if (xls_u16(code) == number) {
            return (struct str){code + 4, n};
        }
        at += 4 + n;
    }
    return STR("");
}

static void note_sheet(const struct xls_record *record, struct xls_globals *globals)
{
    bool is_visible = record->size >= 6 && (record->data[4] & HIDDEN) == 0;

    if (globals->sheet_at == 0 && is_visible && record->data[5] == 0) {
        globals->sheet_at = xls_u32(record->data);
    }
}

static enum xls_refusal read_record(struct str stream, const struct xls_record *record,
                                    struct xls_globals *globals)
{
    bool is_whole = true;

    switch (record->type) {
    case FILEPASS:
        return XLS_ENCRYPTED;
    case CODEPAGE:
        if (record->size >= 2 && !globals->is_biff8) {
            globals->code_page = xls_u16(record->data);
        }
        break;
    case DATEMODE:
        globals->is_1904 = record->size >= 2 && xls_u16(record->data) == 1;
        break;
    case BOUNDSHEET:
        note_sheet(record, globals);
        break;
    case FORMAT:
        is_whole = read_format(stream, record, globals);
        break;
    case XF:
        is_whole = record->size >= 4;
        if (is_whole) {
            buf_add(&globals->styles, record->data + 2, 2);
        }
        break;
    case SST:
        is_whole = read_shared_texts(stream, record, globals);
        break;
    default:
        break;
    }
    return is_whole ? XLS_OK : XLS_DAMAGED;
}

enum xls_refusal xls_globals_read(struct str stream, struct xls_globals *globals)
{
    struct xls_record record;

    if (!xls_record_at(stream, 0, &record) || record.size < 4) {
        return XLS_DAMAGED;
    }
    uint16_t version = record.type == BOF ? xls_u16(record.data) : 0;

    if (version != BIFF5 && version != BIFF8) {
        return XLS_TOO_OLD;
    }
    globals->is_biff8 = version == BIFF8;
    globals->code_page = globals->is_biff8 ? XLS_CODE_PAGE_UTF16 : DEFAULT_CODE_PAGE;
    while (record.type != END_OF_PART) {
        if (!xls_record_after(stream, &record, &record)) {
            return XLS_DAMAGED;
        }
        enum xls_refusal refusal = read_record(stream, &record, globals);

        if (refusal != XLS_OK) {
            return refusal;
        }
    }
    return globals->sheet_at > 0 ? XLS_OK : XLS_NO_SHEET;
}

void xls_globals_done(struct xls_globals *globals)
{
    buf_done(&globals->texts);
    buf_done(&globals->text_ends);
    buf_done(&globals->codes);
    buf_done(&globals->styles);
}
