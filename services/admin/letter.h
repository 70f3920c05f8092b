#pragma once

#include "bus/bus.h"

#include <bson/bson.h>

/* A dead letter as a document, to be printed. */

/* Appends where it stands, where it came from and why it died. */
void letter_append_summary(bson_t *out, const struct bus_message *letter);

/* Appends all headers and what is in it: the chunk, the progress, the search batch, the file;
 * or its first bytes when it cannot be read. */
void letter_append_content(bson_t *out, const struct bus_message *letter);
