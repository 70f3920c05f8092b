#include "table/table.h"

#include "config/config.h"

enum {
    MAX_COLUMNS = 1000, /* as many as a JSON object may have keys */
    MAX_EXCESS = 4, /* times a row's limit: what a file is read on beyond, its row being refused */
};

struct table {
    struct arena *arena; /* as long as the table */
    struct sheet *sheet;
    struct columns *columns;
    bson_t *content;

    /* Only while lines belong together: those of the row in hand, and the first of the next. */
    struct arena *lines_arena;
    struct arena *next_arena;
    struct sheet_row *lines;
    struct sheet_row next;
    bool has_next;
    bool is_over; /* a sheet must not be asked beyond its end */

    struct sheet_fault misfit;
};

void table_close(struct table *table)
{
    sheet_close(table->sheet);
    bson_destroy(table->content);
    arena_free(table->next_arena);
    arena_free(table->lines_arena);
    arena_free(table->arena);
    mem_free(table);
}

struct sheet_limits table_limits_of(const struct config *config)
{
    size_t most = MAX_EXCESS * (size_t)config->max_row_bytes;

    return (struct sheet_limits){
        .rows = (uint64_t)config->max_file_rows,
        .columns = MAX_COLUMNS,
        .cell_bytes = most,
        .row_bytes = most,
        .unpacked_bytes = (uint64_t)config->max_unpacked_bytes,
    };
}

bool table_open(const struct table_options *options, struct table **out, struct sheet_fault *fault,
                struct err *err)
{
    AUTO(table) struct table *table = mem_calloc(1, sizeof(*table));

    table->arena = arena_new();
    table->lines_arena = arena_new();
    table->next_arena = arena_new();
    table->content = bson_new();
    if (!sheet_open(&options->sheet, &table->sheet, fault, err) ||
        !columns_plan(table->arena, sheet_header(table->sheet), &options->columns, &table->columns,
                      fault, err)) {
        return false;
    }
    if (columns_repeat(table->columns)) {
        table->lines = arena_calloc(table->arena, COLUMNS_MAX_LINES, sizeof(*table->lines));
    }
    *out = STEAL(table);
    return true;
}

static struct sheet_row keep_line(struct arena *arena, const struct sheet_row *line)
{
    struct sheet_cell *cells = arena_memdup(arena, line->cells, line->count * sizeof(*cells));
    struct sheet_row kept = *line;

    for (size_t i = 0; i < line->count; i++) {
        cells[i].text.p = arena_strndup(arena, cells[i].text.p, cells[i].text.n);
    }
    kept.cells = cells;
    return kept;
}

/* Whether the line says more of the row that begins with table->lines[0]. */
static bool continues(const struct table *table, const struct sheet_row *line)
{
    struct sheet_fault ignored;
    struct str code = columns_code(table->columns, &table->lines[0]);

    return code.n > 0 && str_eq(code, columns_code(table->columns, line)) &&
           sheet_row_fits(table->sheet, &table->lines[0], &ignored) &&
           sheet_row_fits(table->sheet, line, &ignored);
}

static void take_next(struct table *table)
{
    struct arena *arena = table->lines_arena;

    table->lines_arena = table->next_arena;
    table->next_arena = arena;
    arena_reset(arena);
    table->lines[0] = table->next;
    table->has_next = false;
}

/* Fills table->next, unless it is filled; it stays empty at the end of the file. */
static bool fetch_next(struct table *table, struct sheet_fault *fault, struct err *err)
{
    struct sheet_row line;

    if (table->has_next || table->is_over) {
        return true;
    }
    if (!sheet_next(table->sheet, &line, &table->is_over, fault, err)) {
        return false;
    }
    if (!table->is_over) {
        table->next = keep_line(table->next_arena, &line);
        table->has_next = true;
    }
    return true;
}

/* The lines of one row; *count is 0 at the end. */
static bool gather(struct table *table, size_t *count, struct sheet_fault *fault, struct err *err)
{
    *count = 0;
    if (!fetch_next(table, fault, err)) {
        return false;
    }
    if (table->has_next) {
        take_next(table);
        *count = 1;
    }
    while (*count > 0) {
        if (!fetch_next(table, fault, err)) {
            return false;
        }
        if (!table->has_next || *count == COLUMNS_MAX_LINES || !continues(table, &table->next)) {
            break;
        }
        table->lines[*count] = keep_line(table->lines_arena, &table->next);
        *count += 1;
        table->has_next = false;
        arena_reset(table->next_arena);
    }
    return true;
}

static void write_row(struct table *table, const struct sheet_row *lines, size_t count,
                      struct table_row *row)
{
    *row = (struct table_row){.number = lines[0].number};
    if (!sheet_row_fits(table->sheet, &lines[0], &table->misfit)) {
        row->misfit = table->misfit.message;
        return;
    }
    bson_reinit(table->content);
    columns_write(table->columns, lines, count, table->content);
    row->content = table->content;
}

bool table_next(struct table *table, struct table_row *row, bool *end, struct sheet_fault *fault,
                struct err *err)
{
    struct sheet_row line;
    const struct sheet_row *lines = table->lines;
    size_t count = 1;

    *end = false;
    if (!lines) {
        lines = &line;
        if (!sheet_next(table->sheet, &line, end, fault, err)) {
            return false;
        }
    } else if (!gather(table, &count, fault, err)) {
        return false;
    }
    *end = *end || count == 0;
    if (!*end) {
        write_row(table, lines, count, row);
    }
    return true;
}
