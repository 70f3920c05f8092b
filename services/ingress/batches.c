#include "store/batches.h"

#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "domain/batch.h"

void batches_show(struct call *call)
{
    struct batch_records records;
    struct err err;

    if (!batches_load(call->session, call->arena, call->who.tenant, params_path(call, 0), &records,
                      &err)) {
        reply_error(call->reply, &err, PROBLEM_batch_not_found);
        return;
    }
    AUTO(bson)
    bson_t *out = batch_summarise(records.batch, records.jobs, records.job_count);

    reply_document(call->reply, 200, out);
}
