#include "message/message_wire.h"

#include <consign.pb-c.h>

struct str import_file_encode(struct arena *arena, const struct import_file *file)
{
    Consign__ImportFile wire = CONSIGN__IMPORT_FILE__INIT;

    wire.job_id = message_text(file->job_id);
    wire.tenant = message_text(file->tenant);
    wire.entity = message_text(file->entity);
    wire.trace_id = message_text(file->trace_id);
    wire.lanes = file->lanes;
    wire.settings = (ProtobufCBinaryData){file->settings.n, (uint8_t *)file->settings.p};
    wire.blob = message_text(file->blob);
    return message_pack(arena, &wire.base);
}

bool import_file_decode(struct arena *arena, struct str bytes, struct import_file *out,
                        struct err *err)
{
    const Consign__ImportFile *wire =
        message_unpack(arena, &consign__import_file__descriptor, bytes);

    if (!wire) {
        return err_set(err, ERR_INVALID, "no ImportFile");
    }
    if (!message_check_origin(&(struct message_origin){.job_id = wire->job_id,
                                                       .tenant = wire->tenant,
                                                       .entity = wire->entity,
                                                       .lanes = wire->lanes},
                              err)) {
        return false;
    }
    if (!*wire->blob) {
        return err_set(err, ERR_INVALID, "a file without a place");
    }
    if (!message_is_bson(message_bytes(&wire->settings))) {
        return err_set(err, ERR_INVALID, "settings are not BSON");
    }
    *out = (struct import_file){
        .job_id = wire->job_id,
        .tenant = wire->tenant,
        .entity = wire->entity,
        .trace_id = wire->trace_id,
        .lanes = wire->lanes,
        .settings = message_bytes(&wire->settings),
        .blob = wire->blob,
    };
    return true;
}
