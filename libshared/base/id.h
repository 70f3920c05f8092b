#pragma once

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

enum { ID_JOB_SIZE = 64 };

/* Writes "<prefix>_<unix ms>_<6 of a-z0-9>" (rule: "Jobs" in docs/API.md); randomness from the
 * kernel. */
void id_new_job(const char *prefix, int64_t now_ms, char out[ID_JOB_SIZE]);

/* Fills `out` with n random bytes from the kernel. */
void id_random(void *out, size_t n);

/* Writes n characters of a-z0-9, each drawn without bias, and a NUL. */
void id_random_text(char *out, size_t n);

/* Joins parts with '|' after escaping '%' and '|' in each as %25 and %7C. The way every composed
 * _id is made. */
char *id_join(struct arena *arena, const char *const *parts, size_t count);
#define ID_JOIN(arena, ...)                                                                        \
    id_join((arena), (const char *const[]){__VA_ARGS__},                                           \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
