/* Bytes from a topic, whatever they are, are decoded or refused; settings and mappings inside
 * likewise. */
#include "domain/mapping.h"
#include "domain/settings.h"
#include "message/message.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct str bytes = {(const char *)data, size};
    struct import_settings settings;
    struct import_chunk chunk;
    struct search_batch batch;
    struct chunk_done done;
    struct err err;

    if (import_chunk_decode(arena, bytes, &chunk, &err) &&
        settings_read(arena, chunk.settings, &settings, &err)) {
        (void)settings.mapping_count;
    }
    if (chunk_done_decode(arena, bytes, &done, &err) && done.origin.lanes == 0) {
        __builtin_trap();
    }
    if (search_batch_decode(arena, bytes, &batch, &err) && batch.item_count > SEARCH_BATCH_ITEMS) {
        __builtin_trap();
    }
    return 0;
}
