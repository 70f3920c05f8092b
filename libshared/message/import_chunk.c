#include "message/message_wire.h"

#include <consign.pb-c.h>

enum { ORIGIN_BYTES = 1024 }; /* ids and numbers of a chunk */

size_t import_chunk_room(size_t bytes, struct str settings)
{
    size_t used = settings.n + ORIGIN_BYTES;

    return bytes > used ? bytes - used : 1;
}

static Consign__Row *write_row(Consign__Row *wire, const struct message_row *row)
{
    consign__row__init(wire);
    wire->index = row->index;
    wire->bson = (ProtobufCBinaryData){row->bson.n, (uint8_t *)row->bson.p};
    wire->refused_code = message_text(row->refused_code);
    wire->refused_reason = message_text(row->refused_reason);
    return wire;
}

static Consign__Embed *write_embed(struct arena *arena, const struct chunk_embed *embed)
{
    Consign__Embed *wire = arena_alloc(arena, sizeof(*wire));

    consign__embed__init(wire);
    wire->kind = message_text(embed->kind);
    wire->id = message_text(embed->id);
    return wire;
}

static Consign__Scan *write_scan(struct arena *arena, const struct chunk_scan *scan)
{
    Consign__Scan *wire = arena_alloc(arena, sizeof(*wire));

    consign__scan__init(wire);
    wire->after = message_text(scan->after);
    wire->first_row = scan->first_row;
    return wire;
}

struct str import_chunk_encode(struct arena *arena, const struct import_chunk *chunk)
{
    Consign__ImportChunk wire = CONSIGN__IMPORT_CHUNK__INIT;
    Consign__Row *rows = arena_calloc(arena, chunk->row_count, sizeof(*rows));

    MESSAGE_WRITE_ORIGIN(&wire, number, &chunk->origin);
    wire.settings = (ProtobufCBinaryData){chunk->settings.n, (uint8_t *)chunk->settings.p};
    wire.n_rows = chunk->row_count;
    wire.rows = arena_calloc(arena, chunk->row_count, sizeof(Consign__Row *));
    for (size_t i = 0; i < chunk->row_count; i++) {
        wire.rows[i] = write_row(&rows[i], &chunk->rows[i]);
    }
    wire.embed = chunk->embed ? write_embed(arena, chunk->embed) : NULL;
    wire.scan = chunk->scan ? write_scan(arena, chunk->scan) : NULL;
    return message_pack(arena, &wire.base);
}

static bool read_row(const Consign__Row *wire, struct message_row *row, struct err *err)
{
    bool is_refused = *wire->refused_code;

    if (is_refused && wire->bson.len > 0) {
        return err_set(err, ERR_INVALID, "row %u is refused and has content", wire->index);
    }
    if (!is_refused && wire->bson.len == 0) {
        return err_set(err, ERR_INVALID, "row %u has no content", wire->index);
    }
    if (!is_refused && !message_is_bson(message_bytes(&wire->bson))) {
        return err_set(err, ERR_INVALID, "row %u is not BSON", wire->index);
    }
    *row = (struct message_row){
        .index = wire->index,
        .bson = message_bytes(&wire->bson),
        .refused_code = is_refused ? wire->refused_code : NULL,
        .refused_reason = is_refused ? wire->refused_reason : NULL,
    };
    return true;
}

static bool read_embed(struct arena *arena, const Consign__ImportChunk *wire,
                       struct import_chunk *chunk, struct err *err)
{
    if (!wire->embed) {
        return true;
    }
    struct chunk_embed embed = {wire->embed->kind, wire->embed->id};

    if (!*embed.kind || !*embed.id) {
        return err_set(err, ERR_INVALID, "the entity to embed has no %s",
                       *embed.kind ? "id" : "kind");
    }
    chunk->embed = arena_memdup(arena, &embed, sizeof(embed));
    return true;
}

static bool read_scan(struct arena *arena, const Consign__ImportChunk *wire,
                      struct import_chunk *chunk, struct err *err)
{
    if (!wire->scan) {
        return true;
    }
    struct chunk_scan scan = {wire->scan->after, wire->scan->first_row};

    if (!chunk->embed || chunk->row_count > 0 || chunk->origin.lanes != 1) {
        return err_set(err, ERR_INVALID, "a scan goes with embed, without rows and in one lane");
    }
    chunk->scan = arena_memdup(arena, &scan, sizeof(scan));
    return true;
}

bool import_chunk_decode(struct arena *arena, struct str bytes, struct import_chunk *out,
                         struct err *err)
{
    const Consign__ImportChunk *wire =
        message_unpack(arena, &consign__import_chunk__descriptor, bytes);

    if (!wire) {
        return err_set(err, ERR_INVALID, "no ImportChunk");
    }
    struct import_chunk chunk = {
        .origin = MESSAGE_READ_ORIGIN(wire, number),
        .settings = message_bytes(&wire->settings),
        .rows = arena_calloc(arena, wire->n_rows, sizeof(struct message_row)),
        .row_count = wire->n_rows,
    };

    if (!message_check_origin(&chunk.origin, err)) {
        return false;
    }
    if (!message_is_bson(chunk.settings)) {
        return err_set(err, ERR_INVALID, "settings are not BSON");
    }
    for (size_t i = 0; i < wire->n_rows; i++) {
        if (!read_row(wire->rows[i], &chunk.rows[i], err)) {
            return false;
        }
    }
    if (!read_embed(arena, wire, &chunk, err) || !read_scan(arena, wire, &chunk, err)) {
        return false;
    }
    *out = chunk;
    return true;
}
