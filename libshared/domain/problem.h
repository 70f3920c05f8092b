#pragma once

#include <stdbool.h>

/*
 * The one catalogue of what can be wrong, used alike in HTTP answers, row errors, events and
 * metrics. docs/errors.md is printed from it. A code, once published, keeps its meaning for ever.
 */
struct problem {
    const char *code;
    int status; /* HTTP status when a whole request fails with it, or one of problem_of_row */
    const char *title;
    const char *advice; /* what the partner can do */
};

/* What only ever stands on a row. A row with a warning is stored all the same. */
enum problem_of_row { PROBLEM_ROW_ERROR = 0, PROBLEM_ROW_WARNING = 1 };

/* X(code, status, title, advice) */
#define PROBLEMS(X)                                                                                \
    /* reading JSON */                                                                             \
    X(json_syntax, 400, "The body is not valid JSON", "Check the text at the given offset.")       \
    X(json_encoding, 400, "The body is not valid UTF-8", "Send UTF-8.")                            \
    X(json_too_deep, 400, "JSON is nested too deeply", "Use at most 32 levels.")                   \
    X(json_too_many_keys, 400, "An object has too many keys", "Use at most 1,000 keys.")           \
    X(json_duplicate_key, 400, "An object names the same key twice", "Send each key once.")        \
    X(json_bad_key, 400, "A key is not allowed",                                                   \
      "Keys must not start with $, contain a dot or NUL, or be __proto__.")                        \
    X(json_bad_number, 400, "A number is malformed or too long",                                   \
      "Send numbers of at most 64 characters within the range of a double.")                       \
    X(json_not_object, 400, "A JSON object was expected", "Send an object.")                       \
    /* requests */                                                                                 \
    X(bad_request, 400, "The request is not proper HTTP/1.1", "Check its headers and framing.")    \
    X(idempotency_key, 400, "The Idempotency-Key is not allowed",                                  \
      "Send 1 to 255 printable ASCII characters.")                                                 \
    X(body_missing, 400, "The request has no body", "Send a JSON object.")                         \
    X(field_missing, 400, "A required field is missing", "Send the field that is named.")          \
    X(field_type, 400, "A field has the wrong type", "Send the type that is named.")               \
    X(field_value, 400, "A field has a value that is not allowed", "Use one of the values named.") \
    X(rows_empty, 400, "There are no rows", "Send at least one row.")                              \
    X(rows_too_many, 400, "There are too many rows", "Split the feed into parts of one batch.")    \
    X(external_code_missing, 400, "A company has no external_code",                                \
      "Give the company at the named index a non-empty external_code.")                            \
    X(data_invalid, 400, "The data of the entity is not valid",                                    \
      "Mend the fields that are listed in errors.")                                                \
    X(batch_metadata, 400, "batch_metadata is not consistent",                                     \
      "Send batch_id and a batch_part from 1 to batch_total_parts.")                               \
    X(form_syntax, 400, "The form cannot be read", "Send multipart/form-data (RFC 7578).")         \
    X(file_type, 400, "The kind of file is not supported", "Send .csv, .xlsx or .xls.")            \
    X(csv_format, 400, "CSV Format Error", "Correct what is named; or use Excel format instead.")  \
    X(file_format, 400, "The file cannot be read", "Correct what is named.")                       \
    X(unauthenticated, 401, "The credential is missing or wrong",                                  \
      "Send an API key, a bearer token or a session that is still good.")                          \
    X(forbidden, 403, "The credential lacks the permission", "Ask for the permission named.")      \
    X(account_mismatch, 403, "The account that is named is not the credential's",                  \
      "Name the credential's own account in the parameter an, or leave it out.")                   \
    X(link_invalid, 403, "The link was not made by us", "Use the whole link as it was given.")     \
    X(link_expired, 403, "The time of the link is over",                                           \
      "Ask for the job again: it has a new link.")                                                 \
    X(not_found, 404, "There is nothing at this address", "Check the path.")                       \
    X(job_not_found, 404, "There is no such job", "Check the job id and the credential.")          \
    X(source_not_found, 404, "There is no such import source",                                     \
      "Create it with POST /api/b2b/pim/sources.")                                                 \
    X(product_not_found, 404, "There is no such product", "Check the entity_code.")                \
    X(customer_not_found, 404, "There is no such company", "Check the external_code.")             \
    X(brand_not_found, 404, "There is no such brand", "Check the brand_id.")                       \
    X(category_not_found, 404, "There is no such category", "Check the category_id.")              \
    X(collection_not_found, 404, "There is no such collection", "Check the collection_id.")        \
    X(product_type_not_found, 404, "There is no such product type", "Check the product_type_id.")  \
    X(synonym_dictionary_not_found, 404, "There is no such synonym dictionary", "Check its id.")   \
    X(version_not_found, 404, "There is no such version", "List the versions first.")              \
    X(batch_not_found, 404, "There is no such batch", "Check the batch_id.")                       \
    X(file_not_found, 404, "There is no such file", "It may have been removed after its time.")    \
    X(method_not_allowed, 405, "The method is not allowed here", "Use a method listed in Allow.")  \
    X(source_exists, 409, "The import source exists already", "Use PUT to replace it.")            \
    X(idempotency_in_progress, 409, "The first request with this Idempotency-Key is under way",    \
      "Retry after the time in Retry-After.")                                                      \
    X(body_too_large, 413, "The body is too large", "Split the feed into parts of one batch.")     \
    X(media_type, 415, "The content type is not supported", "Send application/json.")              \
    X(upload_failed, 500, "The file could not be kept", "Send it again; tell us the trace id.")    \
    X(idempotency_mismatch, 422, "The Idempotency-Key was used with another body",                 \
      "Use a new key for a new request.")                                                          \
    X(rate_limited, 429, "There are too many requests",                                            \
      "Repeat after the time in Retry-After; nothing of this request was applied.")                \
    X(too_many_bytes, 429, "Too many bytes of requests are in hand",                               \
      "Send fewer large requests side by side.")                                                   \
    X(too_many_jobs, 429, "Too many jobs have not ended yet",                                      \
      "Wait for jobs to end, then repeat after the time in Retry-After.")                          \
    X(store_not_configured, 500, "No store for files is configured",                               \
      "Ask us to set one up; nothing was stored.")                                                 \
    X(internal, 500, "Something broke on our side", "Retry later; tell us the trace id.")          \
    X(unavailable, 503, "The service cannot take this request now",                                \
      "Retry after the time in Retry-After; nothing of this request was applied.")                 \
    X(search_unavailable, 503, "Search does not answer now",                                       \
      "Retry after the time in Retry-After.")                                                      \
    /* rows: errors */                                                                             \
    X(row_too_large, 0, "The row is larger than 900 KB", "Split or shorten its content.")          \
    X(code_missing, 0, "The row has neither entity_code nor sku", "Give it an entity_code.")       \
    X(code_invalid, 0, "The code is empty, too long or not text", "Use 1 to 256 bytes of text.")   \
    X(wrong_type, 0, "A field has the wrong type", "Send the type that is named.")                 \
    X(wrong_value, 0, "A field has a value that is not allowed", "Use one of the values named.")   \
    X(mapping_failed, 0, "A field mapping could not be applied",                                   \
      "Check the value or the mapping.")                                                           \
    X(vat_number_invalid, 0, "The VAT number is not valid", "Check prefix, length and digits.")    \
    X(fiscal_code_invalid, 0, "The fiscal code is not valid", "Check length and characters.")      \
    X(pec_email_invalid, 0, "The PEC address is not valid", "Send an e-mail address.")             \
    X(sdi_code_invalid, 0, "The SDI code is not valid", "Send 6 or 7 of A-Z and 0-9.")             \
    X(public_code_taken, 0, "The public_code belongs to another company", "Use another code.")     \
    X(product_unknown, 0, "There is no product with this code", "Import the product first.")       \
    X(entity_unknown, 0, "There is no entity to embed", "Mend the row of the entity itself.")      \
    X(document_too_large, 0, "The merged document is too large", "Shorten its content.")           \
    X(chunk_unreadable, 0, "A part of the job could not be read", "Send the rows again.")          \
    X(chunk_crashed, 0, "A part of the job could not be processed",                                \
      "Ask support: see `failure.dlq`.")                                                           \
    X(file_unreadable, 0, "The file could not be read",                                            \
      "Correct what is named and send it again.")                                                  \
    X(columns_too_many, 0, "The line has more cells than the header has columns",                  \
      "Check quotes and separators of the line.")                                                  \
    X(not_accepted, 0, "The request was not accepted", "Send it again.")                           \
    /* rows: warnings */                                                                           \
    X(address_dropped, PROBLEM_ROW_WARNING, "An address was not stored",                           \
      "Give it street_address, city and province.")                                                \
    X(tag_overrides_ignored, PROBLEM_ROW_WARNING, "tag_overrides were not stored",                 \
      "Give the address an external_code.")                                                        \
    X(price_ref_unresolved, PROBLEM_ROW_WARNING, "A price_ref leads to no price",                  \
      "Name the code of another packaging of the product, not in a circle.")                       \
    X(parent_missing, PROBLEM_ROW_WARNING, "A variant names no parent",                            \
      "Send parent_entity_code or parent_sku.")

#define PROBLEM_ENUM(code, status, title, advice) PROBLEM_##code,
enum problem_id { PROBLEMS(PROBLEM_ENUM) PROBLEM_COUNT };

/* The catalogue entry; static storage. */
const struct problem *problem_get(enum problem_id id);

enum problem_id problem_id_of(const struct problem *problem);

/* True for what only warns: the row is applied all the same. */
bool problem_is_warning(enum problem_id id);

/* The entry with this code, or NULL. */
const struct problem *problem_find(const char *code);
