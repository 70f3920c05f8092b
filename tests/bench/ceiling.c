/*
 * The writes that an import cannot do without, and nothing else: one thread, transactions of 500
 * rows, each of which reads the current documents by _id, inserts the demoted copies, and inserts
 * or replaces the current ones. What tests/bench/pipeline.py holds the importers against.
 *
 * consign-bench-ceiling <document.bson> <rows>: every row is a copy of the document, so that it has
 * the size of ours. MONGO_URI says where; the database consign_bench_ceiling is dropped before and
 * afterwards. Prints {"document_bytes", "create_seconds", "update_seconds"}.
 */
#include <mongoc/mongoc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRANSACTION_ROWS = 500, ID_SIZE = 300 };

struct ceiling {
    mongoc_client_t *client;
    mongoc_client_session_t *session;
    mongoc_collection_t *current;
    mongoc_collection_t *history;
    bson_t *model;
    int id_width; /* so that our ids are as long as the model's */
};

/* The rows of one transaction. */
struct step {
    size_t first;
    size_t count;
    int64_t version;
};

struct documents {
    bson_t *items[TRANSACTION_ROWS];
    size_t count;
};

static void documents_done(struct documents *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        bson_destroy(documents->items[i]);
    }
    documents->count = 0;
}

static void options_init(bson_t *options, const struct ceiling *ceiling)
{
    bson_error_t ignored;

    bson_init(options);
    mongoc_client_session_append(ceiling->session, options, &ignored);
}

static void write_id(const struct ceiling *ceiling, size_t row, char id[ID_SIZE])
{
    snprintf(id, ID_SIZE, "%0*zu", ceiling->id_width, row);
}

static bson_t *current_document(const struct ceiling *ceiling, size_t row, int64_t version)
{
    bson_t *out = bson_sized_new(ceiling->model->len + 64);
    char id[ID_SIZE];

    write_id(ceiling, row, id);
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_BOOL(out, "isCurrent", true);
    BSON_APPEND_INT64(out, "version", version);
    bson_copy_to_excluding_noinit(ceiling->model, out, "_id", "isCurrent", "version", NULL);
    return out;
}

static bson_t *demoted_document(const bson_t *current, int64_t version)
{
    bson_t *out = bson_sized_new(current->len + 64);
    char id[ID_SIZE + 32];
    bson_iter_t iter;

    bson_iter_init_find(&iter, current, "_id");
    snprintf(id, sizeof(id), "%s|%lld", bson_iter_utf8(&iter, NULL), (long long)version);
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_BOOL(out, "isCurrent", false);
    bson_copy_to_excluding_noinit(current, out, "_id", "isCurrent", NULL);
    return out;
}

static bson_t *filter_by_ids(const struct ceiling *ceiling, const struct step *step)
{
    bson_t *filter = bson_new();
    bson_t in;
    bson_t ids;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &ids);
    for (uint32_t i = 0; i < step->count; i++) {
        char id[ID_SIZE];
        char text[16];
        const char *key;

        bson_uint32_to_string(i, &key, text, sizeof(text));
        write_id(ceiling, step->first + i, id);
        BSON_APPEND_UTF8(&ids, key, id);
    }
    bson_append_array_end(&in, &ids);
    bson_append_document_end(filter, &in);
    return filter;
}

/* The demoted copies of what is stored; none in the first round. */
static bool read_current(const struct ceiling *ceiling, const struct step *step,
                         const bson_t *options, struct documents *demoted, bson_error_t *error)
{
    bson_t *filter = filter_by_ids(ceiling, step);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(ceiling->current, filter, options, NULL);
    const bson_t *document;

    while (mongoc_cursor_next(cursor, &document) && demoted->count < TRANSACTION_ROWS) {
        demoted->items[demoted->count++] = demoted_document(document, step->version - 1);
    }
    bool ok = !mongoc_cursor_error(cursor, error);

    mongoc_cursor_destroy(cursor);
    bson_destroy(filter);
    return ok;
}

static bool insert(mongoc_collection_t *collection, const struct documents *documents,
                   const bson_t *options, bson_error_t *error)
{
    return mongoc_collection_insert_many(collection, (const bson_t **)documents->items,
                                         documents->count, options, NULL, error);
}

static bool replace(const struct ceiling *ceiling, const struct documents *documents,
                    const bson_t *options, bson_error_t *error)
{
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(ceiling->current, options);
    bool ok = true;

    for (size_t i = 0; ok && i < documents->count; i++) {
        bson_t filter = BSON_INITIALIZER;
        bson_iter_t id;

        bson_iter_init_find(&id, documents->items[i], "_id");
        bson_append_iter(&filter, NULL, 0, &id);
        ok = mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, documents->items[i], NULL,
                                                         error);
        bson_destroy(&filter);
    }
    ok = ok && mongoc_bulk_operation_execute(bulk, NULL, error);
    mongoc_bulk_operation_destroy(bulk);
    return ok;
}

static bool write_rows(const struct ceiling *ceiling, const struct step *step,
                       const bson_t *options, bson_error_t *error)
{
    struct documents demoted = {.count = 0};
    struct documents current = {.count = 0};
    bool ok = read_current(ceiling, step, options, &demoted, error);

    for (size_t i = 0; ok && i < step->count; i++) {
        current.items[current.count++] = current_document(ceiling, step->first + i, step->version);
    }
    if (ok && demoted.count == 0) {
        ok = insert(ceiling->current, &current, options, error);
    } else {
        ok = ok && insert(ceiling->history, &demoted, options, error) &&
             replace(ceiling, &current, options, error);
    }
    documents_done(&demoted);
    documents_done(&current);
    return ok;
}

static bool run_transaction(const struct ceiling *ceiling, const struct step *step,
                            bson_error_t *error)
{
    bson_t options;

    options_init(&options, ceiling);
    bool ok = mongoc_client_session_start_transaction(ceiling->session, NULL, error) &&
              write_rows(ceiling, step, &options, error) &&
              mongoc_client_session_commit_transaction(ceiling->session, NULL, error);
    bson_destroy(&options);
    return ok;
}

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool run_round(const struct ceiling *ceiling, size_t rows, int64_t version, double *seconds,
                      bson_error_t *error)
{
    double start = now_seconds();

    for (size_t first = 0; first < rows; first += TRANSACTION_ROWS) {
        size_t left = rows - first;
        struct step step = {first, left < TRANSACTION_ROWS ? left : TRANSACTION_ROWS, version};

        if (!run_transaction(ceiling, &step, error)) {
            return false;
        }
    }
    *seconds = now_seconds() - start;
    return true;
}

static bson_t *read_model(const char *path)
{
    bson_error_t error;
    bson_reader_t *reader = bson_reader_new_from_file(path, &error);
    const bson_t *document = reader ? bson_reader_read(reader, NULL) : NULL;
    bson_t *model = document ? bson_copy(document) : NULL;

    if (reader) {
        bson_reader_destroy(reader);
    }
    return model;
}

static bool open_ceiling(struct ceiling *ceiling, bson_error_t *error)
{
    mongoc_write_concern_t *majority = mongoc_write_concern_new();
    mongoc_uri_t *uri = mongoc_uri_new_with_error(getenv("MONGO_URI"), error);
    bson_iter_t id;

    mongoc_write_concern_set_w(majority, MONGOC_WRITE_CONCERN_W_MAJORITY);
    if (uri) {
        ceiling->client = mongoc_client_new_from_uri_with_error(uri, error);
        mongoc_uri_destroy(uri);
    }
    if (ceiling->client) {
        mongoc_client_set_write_concern(ceiling->client, majority);
        ceiling->current =
            mongoc_client_get_collection(ceiling->client, "consign_bench_ceiling", "current");
        ceiling->history =
            mongoc_client_get_collection(ceiling->client, "consign_bench_ceiling", "history");
        ceiling->session = mongoc_client_start_session(ceiling->client, NULL, error);
    }
    mongoc_write_concern_destroy(majority);
    if (bson_iter_init_find(&id, ceiling->model, "_id") && BSON_ITER_HOLDS_UTF8(&id)) {
        uint32_t width;

        bson_iter_utf8(&id, &width);
        ceiling->id_width = width < ID_SIZE ? (int)width : ID_SIZE - 1;
    }
    return ceiling->session != NULL;
}

static void close_ceiling(struct ceiling *ceiling)
{
    if (ceiling->client) {
        mongoc_client_session_destroy(ceiling->session);
        mongoc_collection_destroy(ceiling->current);
        mongoc_collection_destroy(ceiling->history);
        mongoc_client_destroy(ceiling->client);
    }
    bson_destroy(ceiling->model);
}

static bool drop(struct ceiling *ceiling, bson_error_t *error)
{
    mongoc_database_t *database =
        mongoc_client_get_database(ceiling->client, "consign_bench_ceiling");
    bool ok = mongoc_database_drop(database, error);

    mongoc_database_destroy(database);
    return ok;
}

/* Collections cannot be created inside a transaction by every server. */
static bool prepare(struct ceiling *ceiling, bson_error_t *error)
{
    mongoc_collection_t *collections[] = {ceiling->current, ceiling->history};

    if (!drop(ceiling, error)) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        bson_t *document = BCON_NEW("_id", "first");
        bool ok = mongoc_collection_insert_one(collections[i], document, NULL, NULL, error);

        bson_destroy(document);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool measure(struct ceiling *ceiling, size_t rows, bson_error_t *error)
{
    double create;
    double update;

    if (!open_ceiling(ceiling, error) || !prepare(ceiling, error) ||
        !run_round(ceiling, rows, 1, &create, error) ||
        !run_round(ceiling, rows, 2, &update, error)) {
        return false;
    }
    printf("{\"document_bytes\": %u, \"create_seconds\": %.6f, \"update_seconds\": %.6f}\n",
           ceiling->model->len, create, update);
    return drop(ceiling, error);
}

int main(int argc, char **argv)
{
    struct ceiling ceiling = {0};
    bson_error_t error = {0};
    size_t rows = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

    if (rows == 0 || !getenv("MONGO_URI")) {
        fprintf(stderr, "MONGO_URI=... %s <document.bson> <rows>\n", argv[0]);
        return EXIT_FAILURE;
    }
    ceiling.model = read_model(argv[1]);
    if (!ceiling.model) {
        fprintf(stderr, "%s holds no BSON document\n", argv[1]);
        return EXIT_FAILURE;
    }
    mongoc_init();
    bool ok = measure(&ceiling, rows, &error);
    close_ceiling(&ceiling);
    mongoc_cleanup();
    if (!ok) {
        fprintf(stderr, "%s\n", error.message);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
