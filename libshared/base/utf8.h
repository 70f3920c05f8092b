#pragma once

#include <stddef.h>

/* UTF-8 in texts that we make ourselves: what quotes a partner's text is cut at a number of bytes,
 * and may quote bytes that were never UTF-8. */

/* The length of the character that begins at `text`, 1 to 4; 0 when it is none. Overlong forms,
 * surrogates and what is beyond U+10FFFF are none. */
size_t utf8_character(const char *text, size_t n);

/* Drops the bytes that belong to no character. */
void utf8_mend(char *text);
