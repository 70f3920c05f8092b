/*
 * consign-sheet-reader FORMAT COLUMNS,CELL_BYTES,ROW_BYTES,UNPACKED_BYTES 3< FILE [4<> SCRATCH]:
 * writes the rows of a file as frames (sheet/frames.h). A process of its own, started for one file
 * by whoever reads tables: what a stranger's file breaks here has nothing to take along.
 */
#include "sheet/serve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT = 3, SCRATCH = 4 };

static bool read_arguments(char **argv, struct sheet_options *out)
{
    char name[16];

    snprintf(name, sizeof(name), ".%s", argv[1]);
    return sheet_format_of_name(name, &out->format) &&
           sscanf(argv[2], "%zu,%zu,%zu,%" SCNu64, &out->limits.columns, &out->limits.cell_bytes,
                  &out->limits.row_bytes, &out->limits.unpacked_bytes) == 4;
}

int main(int argc, char **argv)
{
    struct serve_options options = {.sheet = {.fd = INPUT}, .output_fd = STDOUT_FILENO};

    if (argc != 3 || !read_arguments(argv, &options.sheet)) {
        return EXIT_FAILURE;
    }
    options.scratch_fd = options.sheet.format == SHEET_XLSX ? SCRATCH : -1;
    return sheet_serve(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
