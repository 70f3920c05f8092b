#include "xls/xls_cells.h"

#include <stdlib.h>

enum {
    BOF = 0x809,
    END_OF_PART = 0x0A,
    FORMULA = 0x06,
    STRING = 0x207,
    LABEL = 0x204,
    RSTRING = 0xD6,
    LABEL_SHARED = 0xFD,
    NUMBER = 0x203,
    RK = 0x27E,
    MULTIPLE_RK = 0xBD,
    BOOLEAN_OR_ERROR = 0x205,
    CELL_BYTES = 6, /* row, column, style */
    RK_BYTES = 6,   /* style, number */
    MULTIPLE_RK_AT = 4,
    MAX_BETWEEN = 8, /* records between a formula and its text */
    FORMULA_TEXT = 0,
    FORMULA_BOOLEAN = 1,
    FORMULA_ERROR = 2,
};

static void add_ref(struct buf *refs, const struct xls_record *record, size_t column)
{
    struct xls_cell_ref ref = {
        .row = xls_u16(record->data), .column = (uint16_t)column, .at = (uint32_t)record->at};

    buf_add(refs, &ref, sizeof(ref));
}

static size_t cells_of_multiple(const struct xls_record *record)
{
    return (record->size - MULTIPLE_RK_AT - 2) / RK_BYTES;
}

/* The fewest bytes that the record of a cell has; 0 for a record that is no cell. */
static size_t least_bytes(uint16_t type)
{
    switch (type) {
    case LABEL_SHARED:
    case RK:
        return CELL_BYTES + 4;
    case NUMBER:
    case FORMULA:
        return CELL_BYTES + 8;
    case LABEL:
    case RSTRING:
    case BOOLEAN_OR_ERROR:
        return CELL_BYTES + 2;
    case MULTIPLE_RK:
        return MULTIPLE_RK_AT + RK_BYTES + 2;
    default:
        return 0;
    }
}

static bool note_cells(const struct xls_record *record, struct buf *refs)
{
    size_t least = least_bytes(record->type);

    if (least == 0) {
        return true;
    }
    if (record->size < least) {
        return false;
    }
    size_t count = record->type == MULTIPLE_RK ? cells_of_multiple(record) : 1;
    size_t column = xls_u16(record->data + 2);

    for (size_t i = 0; i < count && column + i <= UINT16_MAX; i++) {
        add_ref(refs, record, column + i);
    }
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct xls_cell_ref *a = left;
    const struct xls_cell_ref *b = right;

    if (a->row != b->row) {
        return a->row < b->row ? -1 : 1;
    }
    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

/* Excel writes cells in order, others as they were entered. */
static void sort(struct buf *refs)
{
    struct xls_cell_ref *cells = (void *)refs->data;
    size_t count = refs->len / sizeof(*cells);

    for (size_t i = 1; i < count; i++) {
        if (compare(&cells[i - 1], &cells[i]) > 0) {
            qsort(cells, count, sizeof(*cells), compare);
            return;
        }
    }
}

enum xls_refusal xls_cells_find(struct str stream, size_t at, struct buf *refs)
{
    struct xls_record record;
    unsigned depth = 1; /* charts stand inside of sheets */

    if (!xls_record_at(stream, at, &record) || record.type != BOF) {
        return XLS_DAMAGED;
    }
    while (depth > 0) {
        if (!xls_record_after(stream, &record, &record) ||
            (depth == 1 && !note_cells(&record, refs))) {
            return XLS_DAMAGED;
        }
        depth += record.type == BOF;
        depth -= record.type == END_OF_PART;
    }
    sort(refs);
    return XLS_OK;
}

static void put_number(struct xls_cell *out, uint16_t style, double value)
{
    out->kind = XLS_CELL_NUMBER;
    out->style = style;
    out->number = value;
}

static void put_code(struct xls_cell *out, enum xls_cell_kind kind, char code)
{
    out->kind = kind;
    out->code = (uint8_t)code;
}

static double rk_number(uint32_t rk)
{
    uint64_t bits = (uint64_t)(rk & ~3U) << 32;
    double value;

    if (rk & 2) {
        value = (int32_t)rk >> 2;
    } else {
        memcpy(&value, &bits, sizeof(value));
    }
    return rk & 1 ? value / 100 : value;
}

/* The cell whose record is read. */
struct reading {
    struct str stream;
    const struct xls_globals *globals;
    struct xls_record record;
    struct xls_cell *out;
    struct buf *text;
};

static bool read_text(struct reading *reading, const struct xls_record *record, size_t at)
{
    struct xls_cursor cursor = xls_cursor_of(reading->stream, record, at);

    buf_clear(reading->text);
    if (!xls_take_text(&cursor, 2, reading->globals->is_biff8, reading->text)) {
        return false;
    }
    reading->out->text = (struct str){reading->text->data, reading->text->len};
    return true;
}

/* The text of a formula follows it, behind the formula's own shared parts. */
static bool read_formula_text(struct reading *reading)
{
    struct xls_record record = reading->record;

    for (int i = 0; i < MAX_BETWEEN && xls_record_after(reading->stream, &record, &record); i++) {
        if (record.type == STRING) {
            return read_text(reading, &record, 0);
        }
        if (least_bytes(record.type) > 0) {
            break;
        }
    }
    return false;
}

static bool read_formula(struct reading *reading)
{
    const char *result = reading->record.data + CELL_BYTES;

    if (xls_u16(result + 6) != UINT16_MAX) {
        put_number(reading->out, xls_u16(reading->record.data + 4), xls_double(result));
        return true;
    }
    switch (result[0]) {
    case FORMULA_TEXT:
        return read_formula_text(reading);
    case FORMULA_BOOLEAN:
        put_code(reading->out, XLS_CELL_BOOLEAN, result[2]);
        return true;
    case FORMULA_ERROR:
        put_code(reading->out, XLS_CELL_ERROR, result[2]);
        return true;
    default: /* an empty text */
        return true;
    }
}

static bool read_value(struct reading *reading)
{
    const struct xls_record *record = &reading->record;
    struct xls_cell *out = reading->out;
    const char *value = record->data + CELL_BYTES;

    switch (record->type) {
    case LABEL_SHARED:
        return xls_shared_text(reading->globals, xls_u32(value), &out->text);
    case LABEL:
    case RSTRING:
        return read_text(reading, record, CELL_BYTES);
    case FORMULA:
        return read_formula(reading);
    case NUMBER:
        put_number(out, xls_u16(record->data + 4), xls_double(value));
        return true;
    case RK:
        put_number(out, xls_u16(record->data + 4), rk_number(xls_u32(value)));
        return true;
    case MULTIPLE_RK:
        value = record->data + MULTIPLE_RK_AT +
                (size_t)(out->column - xls_u16(record->data + 2)) * RK_BYTES;
        put_number(out, xls_u16(value), rk_number(xls_u32(value + 2)));
        return true;
    default:
        put_code(out, value[1] ? XLS_CELL_ERROR : XLS_CELL_BOOLEAN, value[0]);
        return true;
    }
}

bool xls_cell_read(struct str stream, const struct xls_globals *globals,
                   const struct xls_cell_ref *ref, struct xls_cell *out, struct buf *text)
{
    struct reading reading = {.stream = stream, .globals = globals, .out = out, .text = text};

    *out = (struct xls_cell){
        .row = ref->row, .column = ref->column, .kind = XLS_CELL_TEXT, .text = STR("")};
    return xls_record_at(stream, ref->at, &reading.record) && read_value(&reading);
}
