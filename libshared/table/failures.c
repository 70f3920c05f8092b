#include "table/failures.h"

#include <string.h>

/* Walking through the file and its failed rows at the same pace. */
struct walk {
    const struct failures_options *options;
    struct arena *arena;
    const struct columns *columns;
    size_t *kept; /* columns of the file that are written */
    size_t kept_count;
    struct sheet_cell *cells;
    bool *is_failed;

    struct failed_row failed;
    bool has_failed; /* `failed` is one, and stands behind all that was written or is in hand */
    bool in_row;     /* the line before belongs to `failed` */
    size_t lines;    /* of `failed` so far */
    char *code;      /* what its further lines are known by; NULL: it has none */
};

static bool is_error_column(struct str name)
{
    for (size_t i = 0; i < ERROR_COLUMNS; i++) {
        if (str_is(name, error_columns[i])) {
            return true;
        }
    }
    return false;
}

static bool write_header(struct walk *walk, struct err *err)
{
    const struct sheet_row *header = sheet_header(walk->options->sheet);
    struct str *names = arena_calloc(walk->arena, header->count + ERROR_COLUMNS, sizeof(*names));

    walk->kept = arena_calloc(walk->arena, header->count, sizeof(*walk->kept));
    for (size_t i = 0; i < header->count; i++) {
        if (!is_error_column(header->cells[i].text)) {
            names[walk->kept_count] = header->cells[i].text;
            walk->kept[walk->kept_count++] = i;
        }
    }
    for (size_t i = 0; i < ERROR_COLUMNS; i++) {
        names[walk->kept_count + i] = str_from(error_columns[i]);
    }
    walk->cells = arena_calloc(walk->arena, walk->kept_count + ERROR_COLUMNS, sizeof(*walk->cells));
    walk->is_failed =
        arena_calloc(walk->arena, walk->kept_count + ERROR_COLUMNS, sizeof(*walk->is_failed));
    memset(walk->is_failed, true, (walk->kept_count + ERROR_COLUMNS) * sizeof(*walk->is_failed));
    return sheet_write_header(walk->options->writer, names, walk->kept_count + ERROR_COLUMNS, err);
}

static struct sheet_cell text_cell(const char *text)
{
    return (struct sheet_cell){*text ? SHEET_TEXT : SHEET_EMPTY, str_from(text)};
}

static bool write_line(struct walk *walk, const struct sheet_row *line, struct err *err)
{
    static const struct sheet_cell empty = {SHEET_EMPTY, {"", 0}};
    size_t n = walk->kept_count;

    for (size_t i = 0; i < n; i++) {
        walk->cells[i] = walk->kept[i] < line->count ? line->cells[walk->kept[i]] : empty;
    }
    walk->cells[n] = text_cell(walk->failed.codes);
    walk->cells[n + 1] = text_cell(walk->failed.errors);
    walk->cells[n + 2] = text_cell(walk->failed.paths);
    return sheet_write_row(walk->options->writer, walk->cells, walk->is_failed, n + ERROR_COLUMNS,
                           err);
}

/* The row in hand begins with this line: notes what its further lines are known by. */
static void enter_row(struct walk *walk, const struct sheet_row *line)
{
    struct str code = columns_code(walk->columns, line);
    struct sheet_fault ignored;

    mem_free(walk->code);
    walk->code = NULL;
    walk->lines = 1;
    if (columns_repeat(walk->columns) && code.n > 0 &&
        sheet_row_fits(walk->options->sheet, line, &ignored)) {
        walk->code = mem_alloc(code.n + 1);
        memcpy(walk->code, code.p, code.n);
        walk->code[code.n] = '\0';
    }
}

static bool continues_row(const struct walk *walk, const struct sheet_row *line)
{
    struct sheet_fault ignored;

    return walk->code && walk->lines < COLUMNS_MAX_LINES &&
           str_is(columns_code(walk->columns, line), walk->code) &&
           sheet_row_fits(walk->options->sheet, line, &ignored);
}

/* Moves on to the failed row that begins at this line or behind it. */
static bool seek_failed(struct walk *walk, uint64_t number, struct err *err)
{
    while (walk->has_failed && walk->failed.number < number) {
        bool end = false;

        if (!walk->options->next(walk->options->ctx, &walk->failed, &end, err)) {
            return false;
        }
        walk->has_failed = !end;
    }
    return true;
}

/* Writes the line if it belongs to a failed row: goes on with the one in hand, or begins the next.
 */
static bool visit(struct walk *walk, const struct sheet_row *line, struct err *err)
{
    if (walk->in_row && continues_row(walk, line)) {
        walk->lines++;
        return write_line(walk, line, err);
    }
    walk->in_row = false;
    if (!seek_failed(walk, line->number, err)) {
        return false;
    }
    if (walk->has_failed && walk->failed.number == line->number) {
        walk->in_row = true;
        enter_row(walk, line);
        return write_line(walk, line, err);
    }
    return true;
}

static bool write_lines(struct walk *walk, struct err *err)
{
    struct sheet_fault fault = {0};
    struct sheet_row line;
    bool end = false;

    while (walk->has_failed || walk->in_row) {
        if (!sheet_next(walk->options->sheet, &line, &end, &fault, err)) {
            return fault.code[0] != '\0';
        }
        if (end) {
            return true;
        }
        if (!visit(walk, &line, err)) {
            return false;
        }
    }
    return true;
}

bool failures_write(const struct failures_options *options, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct walk walk = {.options = options, .arena = arena, .has_failed = true};
    struct sheet_fault fault = {0};
    struct columns *columns = NULL;

    if (!columns_plan(arena, sheet_header(options->sheet), options->columns, &columns, &fault,
                      err)) {
        return false;
    }
    walk.columns = columns;
    bool ok = write_header(&walk, err) && write_lines(&walk, err) &&
              sheet_writer_finish(options->writer, err);

    mem_free(walk.code);
    return ok;
}
