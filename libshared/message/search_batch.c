#include "message/message_wire.h"

#include <consign.pb-c.h>

#include <inttypes.h>

struct str search_batch_encode(struct arena *arena, const struct search_batch *batch)
{
    Consign__SearchBatch wire = CONSIGN__SEARCH_BATCH__INIT;
    Consign__SearchItem *items = arena_calloc(arena, batch->item_count, sizeof(*items));

    MESSAGE_WRITE_ORIGIN(&wire, chunk, &batch->origin);
    wire.batch = batch->batch;
    wire.n_items = batch->item_count;
    wire.items = arena_calloc(arena, batch->item_count, sizeof(Consign__SearchItem *));
    for (size_t i = 0; i < batch->item_count; i++) {
        consign__search_item__init(&items[i]);
        items[i].code = message_text(batch->items[i].code);
        items[i].version = batch->items[i].version;
        wire.items[i] = &items[i];
    }
    return message_pack(arena, &wire.base);
}

static bool read_item(const Consign__SearchItem *wire, struct search_item *item, struct err *err)
{
    if (!*wire->code) {
        return err_set(err, ERR_INVALID, "an item has no code");
    }
    if (wire->version < 1) {
        return err_set(err, ERR_INVALID, "item %s has version %" PRId64, wire->code, wire->version);
    }
    *item = (struct search_item){wire->code, wire->version};
    return true;
}

bool search_batch_decode(struct arena *arena, struct str bytes, struct search_batch *out,
                         struct err *err)
{
    const Consign__SearchBatch *wire =
        message_unpack(arena, &consign__search_batch__descriptor, bytes);

    if (!wire) {
        return err_set(err, ERR_INVALID, "no SearchBatch");
    }
    if (wire->n_items < 1 || wire->n_items > SEARCH_BATCH_ITEMS) {
        return err_set(err, ERR_INVALID, "%zu items in a search batch", wire->n_items);
    }
    struct search_batch batch = {
        .origin = MESSAGE_READ_ORIGIN(wire, chunk),
        .batch = wire->batch,
        .items = arena_calloc(arena, wire->n_items, sizeof(struct search_item)),
        .item_count = wire->n_items,
    };

    if (!message_check_origin(&batch.origin, err)) {
        return false;
    }
    for (size_t i = 0; i < wire->n_items; i++) {
        if (!read_item(wire->items[i], &batch.items[i], err)) {
            return false;
        }
    }
    *out = batch;
    return true;
}
