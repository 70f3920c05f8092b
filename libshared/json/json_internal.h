#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_DOUBLE_SIZE = 32 };

/* Writes the shortest text that reads back as `value`, always with a '.', an 'e' or both, so that
 * it stays a double. `value` is finite. Returns the length. */
size_t json_format_double(double value, char out[JSON_DOUBLE_SIZE]);

#ifdef __cplusplus
}
#endif
