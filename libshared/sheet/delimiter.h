#pragma once

#include "base/str.h"

/* What separates the cells in lines of CSV. */

/*
 * By the first records of a text: of , ; TAB | the one that stands in the header and fits the most
 * records, that is, comes in each at least once and not oftener than in the header; when several
 * fit as many, the one that the header has most of. A comma if there is none.
 */
char delimiter_of(struct str sample);

/* Excel's own first line, as "sep=;": how many bytes it has with its line break. 0: there is none.
 */
size_t delimiter_line(struct str sample, char *delimiter);
