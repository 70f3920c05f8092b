#include "apply/apply_internal.h"

#include "base/clock.h"
#include "runtime/dead_letter.h"
#include "store/progress.h"

bool apply_give_up(void *ctx, const struct dead_letter *letter, struct err *err)
{
    struct apply *apply = ctx;
    const char *job_id = bus_message_header(letter->message, "job-id");
    enum problem_id problem = letter->is_crash ? PROBLEM_chunk_crashed : PROBLEM_chunk_unreadable;
    AUTO(bson) bson_t *job = NULL;

    if (!job_id) {
        return true;
    }
    return (apply_open_session(apply, err) && progress_fail(apply->session,
                                                            &(struct progress_failure){
                                                                .job_id = job_id,
                                                                .code = problem_get(problem)->code,
                                                                .error = letter->why->msg,
                                                                .now_ms = clock_now_ms(),
                                                            },
                                                            &job, err)) ||
           err->kind == ERR_NOT_FOUND;
}
