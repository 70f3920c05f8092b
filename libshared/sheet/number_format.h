#pragma once

#include "sheet/number_text.h"
#include "sheet/sheet.h"

/* What a cell's number format makes of its number, as far as it changes what the cell says. */
enum number_kind {
    NUMBER_PLAIN,
    NUMBER_AS_TEXT, /* "@" */
    NUMBER_ZEROS,   /* "00000": leading zeros */
    NUMBER_DATE,
    NUMBER_TIME,   /* of day */
    NUMBER_ELAPSED /* "[h]:mm" */
};

struct number_format {
    uint8_t kind;   /* enum number_kind */
    uint8_t digits; /* NUMBER_ZEROS: at least so many are shown */
};

/* A format that Excel knows by number, without a code in the file. */
struct number_format number_format_of_id(uint32_t id);

/* A format by its code, like "yyyy\-mm\-dd;@". The first section decides. */
struct number_format number_format_of_code(struct str code);

enum { NUMBER_SHOWN_SIZE = NUMBER_TEXT_SIZE };

/* Writes what a cell with this number and format says, and gives back what that is. `value` is
 * finite. */
enum sheet_type number_format_show(struct number_format format, double value, bool is_1904,
                                   char out[NUMBER_SHOWN_SIZE]);
