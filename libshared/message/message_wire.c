#include "message/message_wire.h"

static void *alloc_in_arena(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void free_in_arena(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

void *message_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                     struct str bytes)
{
    ProtobufCAllocator allocator = {alloc_in_arena, free_in_arena, arena};

    return protobuf_c_message_unpack(descriptor, &allocator, bytes.n, (const uint8_t *)bytes.p);
}

struct str message_pack(struct arena *arena, const ProtobufCMessage *wire)
{
    size_t size = protobuf_c_message_get_packed_size(wire);
    uint8_t *bytes = arena_alloc(arena, size);

    protobuf_c_message_pack(wire, bytes);
    return (struct str){(const char *)bytes, size};
}

bool message_check_origin(const struct message_origin *origin, struct err *err)
{
    if (!*origin->job_id) {
        return err_set(err, ERR_INVALID, "job_id is empty");
    }
    if (!*origin->tenant) {
        return err_set(err, ERR_INVALID, "tenant is empty");
    }
    if (!*origin->entity) {
        return err_set(err, ERR_INVALID, "entity is empty");
    }
    if (origin->lanes == 0 || origin->lane >= origin->lanes) {
        return err_set(err, ERR_INVALID, "lane %u of %u does not exist", origin->lane,
                       origin->lanes);
    }
    if (origin->chunk % origin->lanes != origin->lane) {
        return err_set(err, ERR_INVALID, "chunk %u does not belong to lane %u of %u", origin->chunk,
                       origin->lane, origin->lanes);
    }
    return true;
}
