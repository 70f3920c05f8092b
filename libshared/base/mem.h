#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every resource is owned by a scope: `AUTO(bson) bson_t *doc = ...;` frees it when the scope is
 * left. Each adapter header declares its handles once with DEFINE_AUTO. `return STEAL(doc);` hands
 * ownership out.
 */
#define AUTO(name) __attribute__((cleanup(auto_free_##name)))
#define DEFINE_AUTO(name, type, free_fn)                                                           \
    static inline void auto_free_##name(type **handle)                                             \
    {                                                                                              \
        if (*handle) {                                                                             \
            free_fn(*handle);                                                                      \
        }                                                                                          \
    }
#define STEAL(p)                                                                                   \
    __extension__({                                                                                \
        __typeof__(p) stolen_ = (p);                                                               \
        (p) = NULL;                                                                                \
        stolen_;                                                                                   \
    })

/*
 * Allocation never fails: out of memory aborts the process. That is sound because every size is
 * bounded at the edge (see config limits), and whatever was in flight comes again from Kafka.
 */
void *mem_alloc(size_t size);
void *mem_calloc(size_t count, size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);
void mem_free(void *p); /* NULL is allowed */

/*
 * Makes blocks of 256 KB and more go back to the system when they are freed. For a program whose
 * large blocks come and go with requests: glibc would learn from the first one to keep the next
 * ones, up to 32 MB each and per thread. Call before threads exist.
 */
void mem_return_large_blocks(void);

static inline void mem_free_char(char *p)
{
    mem_free(p);
}
DEFINE_AUTO(char, char, mem_free_char)

/* Memory of one message or one request, released all at once. Pointers are 16-byte aligned. Not
 * thread-safe. */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);  /* NULL is allowed */
void arena_reset(struct arena *arena); /* forget everything, keep the first block for reuse */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_aligned(struct arena *arena, size_t size, size_t alignment); /* a power of two */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
void *arena_memdup(struct arena *arena, const void *p, size_t n);
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Calls release(handle) when the arena is freed or reset: lets an arena own a foreign handle. */
void arena_defer(struct arena *arena, void (*release)(void *), void *handle);
DEFINE_AUTO(arena, struct arena, arena_free)
