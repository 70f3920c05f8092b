#pragma once

#include "base/err.h"
#include "sheet/decode.h"

#include <stdint.h>

/* The text of a file as UTF-8, line by line, with a fixed amount of it in memory. */
struct csv_text {
    int fd;
    uint64_t offset; /* of the next read */
    bool is_at_end;
    char *bytes; /* read, but not yet decoded */
    size_t byte_count;
    size_t byte_capacity;
    struct decoder decoder;
    struct buf text; /* decoded; from `taken` on not yet handed out */
    size_t taken;
};

/* `fd` is borrowed and stays where it stands. */
void csv_text_init(struct csv_text *text, int fd, size_t read_bytes);
void csv_text_done(struct csv_text *text);

/*
 * The encoding by the first bytes, which are decoded into `sample`. Call once before
 * csv_text_next, which starts at the beginning all the same.
 */
bool csv_text_probe(struct csv_text *text, struct buf *sample, bool *has_bom,
                    struct err *err) MUST_USE;

/*
 * The next piece of text, valid until the next call: a line with its break, or a part of one if it
 * is longer than what is in memory; then *ends_line is false. Empty at the end of the file, and
 * where text->decoder.flaw ends it.
 */
bool csv_text_next(struct csv_text *text, struct str *piece, bool *ends_line,
                   struct err *err) MUST_USE;
