#pragma once

#include "apply/apply_internal.h"

/* The parts of apply_plan: what it works on, loading what rows meet, and what is kept of a row that
 * has something to tell. */

/* A row on its way through the plan. */
struct planned_row {
    const struct message_row *row;
    const bson_t *sent; /* NULL when ingress refused it */
    struct identified_row identified;
    struct findings findings;
    struct slot *slot; /* NULL when the row has no code */
};

struct planning {
    struct apply *apply;
    struct changes *changes;
    int64_t now_ms;
};

/* The rows of a page: the next products that embed the entity and that the job has not changed yet,
 * in order of their _id. Its receipt notes where the next page starts. */
bool planning_scan(const struct planning *planning, struct store_session *session,
                   struct work *work, struct err *err) MUST_USE;

/* Reads the current documents of all slots, the snapshots that are wanted, and for companies the
 * public codes that the rows ask for. */
bool planning_load(const struct planning *planning, struct store_session *session,
                   const struct planned_row *rows, size_t count, struct err *err) MUST_USE;

/* The document of `import_errors` for a row with findings. */
const bson_t *planning_error_document(const struct planning *planning, const struct work *work,
                                      const struct planned_row *planned);
