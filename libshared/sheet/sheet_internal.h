#pragma once

#include "sheet/content.h"
#include "sheet/sheet.h"

/*
 * Where rows come from. sheet.c does the rest for all of them: the header, empty rows, the limit of
 * rows.
 */
struct sheet_reader {
    /* Makes sheet->state and takes what needs the system's help: afterwards nothing is opened. The
     * content is not looked at. */
    bool (*prepare)(struct sheet *sheet, struct err *err);

    bool (*open)(struct sheet *sheet, struct sheet_fault *fault, struct err *err);

    /* The next row as it stands in the file, the header and empty rows as well. row->number counts
     * all of them from 1; a row that the file leaves out may be skipped, but is counted. */
    bool (*next)(struct sheet *sheet, struct sheet_row *row, bool *end, struct sheet_fault *fault,
                 struct err *err);

    /* Frees sheet->state, which is NULL if prepare failed before it made one. */
    void (*close)(struct sheet *sheet);
};

/* The readers of the formats, and the one that picks among them: they run in consign-sheet-reader.
 */
extern const struct sheet_reader csv_reader;
extern const struct sheet_reader xlsx_reader;
extern const struct sheet_reader xls_reader;
extern const struct sheet_reader sheet_parser;

/* Rows out of a process that reads the file. */
extern const struct sheet_reader process_reader;

struct sheet {
    struct sheet_options options;
    const struct sheet_reader *reader;
    int scratch_fd; /* XLSX: an empty file for what does not fit into memory; else -1 */
    void *state;    /* of the reader */
    struct sheet_dialect dialect;
    struct arena *arena; /* lives as long as the sheet */
    struct sheet_row header;
    uint64_t rows; /* that were handed out */
};

/* As sheet_open, with the rows of a reader; sheet_parser reads in this very process. */
bool sheet_open_with(const struct sheet_reader *reader, const struct sheet_options *options,
                     struct sheet **out, struct sheet_fault *fault, struct err *err) MUST_USE;

/* A kind of refusal: its code, and what the file's owner can do. */
struct sheet_flaw {
    const char *code;
    const char *hint;
};

struct sheet_place {
    uint64_t line;
    uint64_t column;
};

/* Fills `fault` and `err` (ERR_INVALID) and returns false. */
bool sheet_refuse(struct sheet_fault *fault, struct err *err, const struct sheet_flaw *flaw,
                  struct sheet_place place, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The file is not what its name says. */
bool sheet_refuse_content(const struct sheet *sheet, enum sheet_content content,
                          struct sheet_fault *fault, struct err *err);

/* Limits that the formats check while they put a row together. */
bool sheet_check_columns(const struct sheet *sheet, size_t columns, uint64_t line,
                         struct sheet_fault *fault, struct err *err) MUST_USE;
bool sheet_check_cell(const struct sheet *sheet, size_t bytes, struct sheet_place place,
                      struct sheet_fault *fault, struct err *err) MUST_USE;
bool sheet_check_row(const struct sheet *sheet, size_t bytes, uint64_t line,
                     struct sheet_fault *fault, struct err *err) MUST_USE;

/* Whether nothing stands in it but spaces. */
bool sheet_cell_is_blank(const struct sheet_cell *cell);
