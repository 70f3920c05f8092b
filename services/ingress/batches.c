#include "store/batches.h"

#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "domain/batch.h"

void batches_show(struct call *call)
{
    struct batch_records records;
    struct request_fault fault;
    struct err err;

    if (!batches_load(call->session, call->arena, call->who.tenant, params_path(call, 0), &records,
                      &err)) {
        refuse_error(&fault, &err, PROBLEM_batch_not_found);
        reply_fault(call->reply, &fault);
        return;
    }
    AUTO(bson)
    bson_t *out = batch_summarise(records.batch, records.jobs, records.job_count);

    reply_document(call->reply, 200, out);
}
