#include "base/mem.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 64 * 1024, ARENA_ALIGN = 16, LARGE_BLOCK = 256 * 1024 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    _Alignas(ARENA_ALIGN) unsigned char data[];
};

struct deferred {
    struct deferred *next;
    void (*release)(void *);
    void *handle;
};

struct arena {
    struct block *head;
    struct block *first;
    struct deferred *deferred;
};

static void *alive(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

void *mem_alloc(size_t size)
{
    return alive(malloc(size ? size : 1));
}

void *mem_calloc(size_t count, size_t size)
{
    return alive(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *p, size_t size)
{
    return alive(realloc(p, size ? size : 1));
}

char *mem_strdup(const char *s)
{
    return alive(strdup(s));
}

void mem_free(void *p)
{
    free(p);
}

void mem_return_large_blocks(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
}

static struct block *block_new(size_t size, struct block *next)
{
    struct block *block = mem_alloc(sizeof(*block) + size);

    block->next = next;
    block->used = 0;
    block->size = size;
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = mem_calloc(1, sizeof(*arena));

    arena->first = block_new(ARENA_BLOCK, NULL);
    arena->head = arena->first;
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->deferred) {
        struct deferred *deferred = arena->deferred;

        arena->deferred = deferred->next;
        deferred->release(deferred->handle);
    }
    while (arena->head != arena->first) {
        struct block *block = arena->head;

        arena->head = block->next;
        free(block);
    }
    arena->first->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena) {
        return;
    }
    arena_reset(arena);
    free(arena->first);
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t need = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

    if (need < size) {
        abort();
    }
    if (need > arena->head->size - arena->head->used) {
        arena->head = block_new(need > ARENA_BLOCK ? need : ARENA_BLOCK, arena->head);
    }
    void *p = arena->head->data + arena->head->used;

    arena->head->used += need;
    return p;
}

void *arena_alloc_aligned(struct arena *arena, size_t size, size_t alignment)
{
    uintptr_t p = (uintptr_t)arena_alloc(arena, size + alignment);

    return (void *)((p + alignment - 1) & ~(uintptr_t)(alignment - 1));
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        abort();
    }
    return memset(arena_alloc(arena, total), 0, total);
}

void *arena_memdup(struct arena *arena, const void *p, size_t n)
{
    void *copy = arena_alloc(arena, n);

    if (n) {
        memcpy(copy, p, n);
    }
    return copy;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
    char *copy = arena_alloc(arena, n + 1);

    if (n) {
        memcpy(copy, s, n);
    }
    copy[n] = '\0';
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        abort();
    }
    char *text = arena_alloc(arena, (size_t)n + 1);

    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void arena_defer(struct arena *arena, void (*release)(void *), void *handle)
{
    struct deferred *deferred = arena_alloc(arena, sizeof(*deferred));

    *deferred = (struct deferred){arena->deferred, release, handle};
    arena->deferred = deferred;
}
