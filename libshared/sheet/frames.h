#pragma once

#include "sheet/sheet.h"

/*
 * What consign-sheet-reader writes to its standard output: frames, each a head and what belongs to
 * it. Both ends are of one build, so numbers are as the machine has them.
 */
enum frame_kind {
    FRAME_READY = 'B',   /* first, from inside of the sandbox: the file was not looked at before */
    FRAME_DIALECT = 'D', /* struct dialect_frame: before the row behind which it is so; CSV only */
    FRAME_ROW = 'R',   /* struct row_frame, its cells, then their texts without anything between */
    FRAME_END = 'E',   /* the table has ended */
    FRAME_FAULT = 'F', /* struct sheet_fault: the file cannot be read further */
};

struct frame_head {
    uint32_t kind;
    uint32_t bytes; /* that follow */
};

struct dialect_frame {
    char encoding[16];
    char delimiter;
    uint8_t has_bom;
};

struct row_frame {
    uint64_t number; /* as struct sheet_reader counts */
    uint64_t line;
    uint64_t cells;
};

struct cell_frame {
    uint32_t type;
    uint32_t bytes;
};
