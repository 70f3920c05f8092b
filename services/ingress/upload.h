#pragma once

#include "ingress.h"
#include "intake.h"

#include "blob/blob.h"
#include "domain/digest.h"
#include "sheet/sheet.h"
#include "web/web_multipart.h"

/* A file that a partner sends, on its way to the store of its tenant. */
struct upload {
    struct str content; /* points into the body */
    const char *name;
    enum sheet_format format;
    struct blob_store store; /* of the tenant, or of the job that is resumed */
};

/* Cuts the body into its parts and finds the file: one of CSV, XLSX or XLS, within its limit. */
bool upload_read(struct call *call, struct web_multipart *form, struct upload *out,
                 struct request_fault *fault) MUST_USE;

/* Where the tenant keeps files; refused when there is no place. */
bool upload_find_store(struct upload *upload, const bson_t *tenant,
                       struct request_fault *fault) MUST_USE;

/* What is known of a job's file, as `import_jobs` keeps it. Belongs to the caller. */
bson_t *upload_describe(const struct upload *upload, const char *job_id);

/* Puts the file into the store and releases the body. Doing it again changes nothing. */
bool upload_keep(struct call *call, const struct upload *upload, const char *job_id,
                 struct request_fault *fault) MUST_USE;

/* Tells the file reader of it and waits for Kafka. */
bool upload_announce(struct call *call, const struct submission *submission, const char *job_id,
                     struct err *err) MUST_USE;

const char *upload_content_type(enum sheet_format format);

/* Answers with a file that was made for this call. */
bool upload_reply(struct call *call, int fd, enum sheet_format format, const char *name,
                  struct err *err) MUST_USE;

/* A link to the file, or to that of a job; NULL when there is none. Belongs to the call's arena. */
const char *upload_link(struct call *call, const struct upload *upload, const char *job_id);
const char *upload_link_of_job(struct call *call, const bson_t *job);

/* SHA-256 over names and contents: boundaries differ between requests that are the same. */
void upload_digest(const struct web_multipart *form, char out[DIGEST_SIZE]);

/* Stands in a file's name before the id of the job whose failed rows it holds. */
#define UPLOAD_ERRORS_MARK ".errors-"
