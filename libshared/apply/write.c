#include "apply/apply_internal.h"

#include "config/config.h"
#include "domain/document.h"

static bool write_documents(struct apply *apply, struct store_session *session,
                            const struct changes *changes, struct err *err)
{
    size_t count = strmap_count(changes->slots);
    const bson_t **created = arena_calloc(apply->arena, count, sizeof(*created));
    struct store_replacement *replaced = arena_calloc(apply->arena, count, sizeof(*replaced));
    size_t created_count = 0;
    size_t replaced_count = 0;
    const struct slot *slot;

    for (size_t i = 0; (slot = strmap_at(changes->slots, i, NULL)); i++) {
        if (slot->current == slot->stored) {
            continue;
        }
        if (!slot->stored) {
            created[created_count++] = slot->current;
            continue;
        }
        /* A document that changed since this transaction read it is a write conflict: no need to
         * name its version. */
        bson_t *filter = document_new(apply->arena);

        BSON_APPEND_UTF8(filter, "_id", slot->id);
        replaced[replaced_count++] = (struct store_replacement){filter, slot->current};
    }
    return store_insert_many(session, changes->entity->history, changes->history.items,
                             changes->history.count, err) &&
           store_insert_many(session, changes->entity->name, created, created_count, err) &&
           store_replace_many(session, changes->entity->name, replaced, replaced_count, err);
}

static bool write_claims(struct apply *apply, struct store_session *session,
                         const struct changes *changes, struct err *err)
{
    const struct claims *claims = &changes->claims;
    struct bson_list documents = {0};
    const struct claim *claim;

    for (size_t i = 0; (claim = strmap_at(claims->taken, i, NULL)); i++) {
        if (claim->is_new) {
            bson_t *document = document_new(apply->arena);

            BSON_APPEND_UTF8(document, "_id",
                             ID_JOIN(apply->arena, changes->tenant, claim->public_code));
            BSON_APPEND_UTF8(document, "public_code", claim->public_code);
            BSON_APPEND_UTF8(document, "external_code", claim->owner);
            bson_list_add(apply->arena, &documents, document);
        }
    }
    if (!store_insert_many(session, "public_codes", documents.items, documents.count, err)) {
        return false;
    }
    if (!claims->counter_changed) {
        return true;
    }
    AUTO(bson)
    bson_t *filter =
        BCON_NEW("_id", BCON_UTF8(ID_JOIN(apply->arena, changes->tenant, "public_code")));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "next", BCON_INT64(claims->next_number), "}");

    return store_update(session, "counters", filter, update, true, NULL, err);
}

static bool write_receipts(struct apply *apply, struct store_session *session,
                           const struct works *works, struct err *err)
{
    struct receipt *receipts = arena_calloc(apply->arena, works->count, sizeof(*receipts));
    size_t count = 0;

    for (size_t i = 0; i < works->count; i++) {
        if (!works->items[i].has_receipt) {
            receipts[count++] = works->items[i].receipt;
        }
    }
    return receipts_insert(session, receipts, count, apply->config->receipt_ttl_s, err);
}

bool apply_write(struct apply *apply, struct store_session *session, const struct works *works,
                 const struct changes *changes, struct err *err)
{
    return write_documents(apply, session, changes, err) &&
           (!changes->entity->has_claims || write_claims(apply, session, changes, err)) &&
           store_insert_many(session, "import_errors", changes->errors.items, changes->errors.count,
                             err) &&
           write_receipts(apply, session, works, err);
}
