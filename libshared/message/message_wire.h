#pragma once

#include "message/message.h"

#include <protobuf-c/protobuf-c.h>

/* What the three kinds of messages share. Private to this library. */

/* Unpacks into the arena; NULL for bytes that are no such message. The arena alone frees it. */
void *message_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                     struct str bytes) MUST_USE;

/* Packs straight into one arena block of the right size. */
struct str message_pack(struct arena *arena, const ProtobufCMessage *wire);

static inline struct str message_bytes(const ProtobufCBinaryData *bytes)
{
    return bytes->len ? (struct str){(const char *)bytes->data, bytes->len} : (struct str){0};
}

/* Checks ids and lanes. ERR_INVALID names the field. */
bool message_check_origin(const struct message_origin *origin, struct err *err) MUST_USE;

/* Protobuf's text fields are not const and never NULL. */
static inline char *message_text(const char *text)
{
    return (char *)(text ? text : "");
}

/*
 * Copies the fields of struct message_origin from and to a wire message. A macro, because
 * protobuf-c generates unrelated structs; `number_field` is the name of the chunk's number in the
 * wire message.
 */
#define MESSAGE_READ_ORIGIN(wire, number_field)                                                    \
    ((struct message_origin){.job_id = (wire)->job_id,                                             \
                             .tenant = (wire)->tenant,                                             \
                             .entity = (wire)->entity,                                             \
                             .chunk = (wire)->number_field,                                        \
                             .lane = (wire)->lane,                                                 \
                             .lanes = (wire)->lanes,                                               \
                             .trace_id = (wire)->trace_id})
#define MESSAGE_WRITE_ORIGIN(wire, number_field, origin)                                           \
    do {                                                                                           \
        (wire)->job_id = message_text((origin)->job_id);                                           \
        (wire)->tenant = message_text((origin)->tenant);                                           \
        (wire)->entity = message_text((origin)->entity);                                           \
        (wire)->number_field = (origin)->chunk;                                                    \
        (wire)->lane = (origin)->lane;                                                             \
        (wire)->lanes = (origin)->lanes;                                                           \
        (wire)->trace_id = message_text((origin)->trace_id);                                       \
    } while (0)
