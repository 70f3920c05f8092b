#include "config/config.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum type { TEXT, SECRET, NUMBER };

struct setting {
    const char *name;
    enum type type;
    size_t offset;
    int64_t min;
    int64_t max;
    const char *fallback;
    const char *doc;
};

#define AT(field) offsetof(struct config, field)

static const struct setting settings[] = {
    {"KAFKA_BROKERS", TEXT, AT(kafka_brokers), 0, 0, "127.0.0.1:19092", "Kafka bootstrap servers"},
    {"CONSIGN_TOPIC_PREFIX", TEXT, AT(topic_prefix), 0, 0, "",
     "Text before every topic and consumer group name"},
    {"CONSIGN_INSTANCE", TEXT, AT(instance), 0, 0, "",
     "Name of this instance among those of its program, kept over restarts (a StatefulSet's pod "
     "name): a consumer that is "
     "started again within the session time-out then has its partitions back at once. Empty: none"},
    {"MONGO_URI", TEXT, AT(mongo_uri), 0, 0, "mongodb://127.0.0.1:27117",
     "MongoDB connection string; a replica set"},
    {"CONSIGN_DATABASE", TEXT, AT(mongo_database), 0, 0, "consign", "Database name"},
    {"SEARCH_URL", TEXT, AT(search_url), 0, 0, "http://127.0.0.1:9201", "OpenSearch base URL"},
    {"CONSIGN_INDEX_PREFIX", TEXT, AT(search_index_prefix), 0, 0, "consign",
     "Search indexes are named `<prefix>-<entity>-<tenant>`"},
    {"CONSIGN_KEY_PEPPER", SECRET, AT(key_pepper), 0, 0, "",
     "Key of the keyed hash under which API secrets and sessions are stored, and of the box that "
     "keeps the secrets of bearer tokens; at least 32 characters, the same for all ingress "
     "replicas and `consign-admin`"},
    {"CONSIGN_PUBLIC_URL", TEXT, AT(public_url), 0, 0, "",
     "Address under which partners reach ingress, for links to files: `https://api.example.com`. "
     "Empty: `http://127.0.0.1:<CONSIGN_PORT>`"},
    {"CONSIGN_S3_ENDPOINT", TEXT, AT(s3_endpoint), 0, 0, "",
     "S3 server for the files of tenants whose store is `s3`: "
     "`https://s3.eu-south-1.amazonaws.com`"},
    {"CONSIGN_S3_REGION", TEXT, AT(s3_region), 0, 0, "us-east-1",
     "Region that S3 requests are signed for"},
    {"CONSIGN_S3_ACCESS_KEY", TEXT, AT(s3_access_key), 0, 0, "", "Access key id of S3"},
    {"CONSIGN_S3_SECRET_KEY", SECRET, AT(s3_secret_key), 0, 0, "", "Secret access key of S3"},
    {"CONSIGN_LISTEN", TEXT, AT(listen_address), 0, 0, "0.0.0.0",
     "Address that ingress listens on"},
    {"CONSIGN_PORT", NUMBER, AT(port), 0, 65535, "8080", "Port of the HTTP API"},
    {"CONSIGN_TLS_CERT", TEXT, AT(tls_cert), 0, 0, "",
     "PEM file with the certificate and its chain: ingress then speaks TLS 1.2 or later on "
     "CONSIGN_PORT. A file that changes is taken for new connections. Empty: plain HTTP"},
    {"CONSIGN_TLS_KEY", TEXT, AT(tls_key), 0, 0, "", "PEM file with the key of CONSIGN_TLS_CERT"},
    {"CONSIGN_METRICS_PORT", NUMBER, AT(metrics_port), 0, 65535, "9100",
     "Port of `/healthz`, `/readyz` and `/metrics`"},
    {"CONSIGN_LOG_LEVEL", TEXT, AT(log_level), 0, 0, "info", "`debug`, `info`, `warn` or `error`"},

    {"CONSIGN_MAX_CUSTOMERS", NUMBER, AT(max_customers), 1, 1000000, "5000",
     "Companies in one request"},
    {"CONSIGN_MAX_PRODUCTS", NUMBER, AT(max_products), 1, 1000000, "10000",
     "Products in one request"},
    {"CONSIGN_MAX_BODY_BYTES", NUMBER, AT(max_body_bytes), 1024, 1073741824, "134217728",
     "Size of a JSON body"},
    {"CONSIGN_MAX_ROW_BYTES", NUMBER, AT(max_row_bytes), 1024, 943718, "921600",
     "Size of one row; a larger one is a row error"},
    {"CONSIGN_MAX_FILE_BYTES", NUMBER, AT(max_file_bytes), 1024, 1073741824, "52428800",
     "Size of an uploaded file"},
    {"CONSIGN_MAX_FILE_ROWS", NUMBER, AT(max_file_rows), 1, 100000000, "2000000",
     "Rows of data in an uploaded file"},
    {"CONSIGN_MAX_UNPACKED_BYTES", NUMBER, AT(max_unpacked_bytes), 1048576, 17179869184,
     "2147483648", "Size of what an XLSX file unpacks to, as far as it is read"},
    {"CONSIGN_MAX_INFLIGHT_BYTES", NUMBER, AT(max_inflight_bytes), 1048576, 17179869184,
     "201326592", "Bodies that ingress holds at one time; more get 503"},
    {"CONSIGN_MAX_CONNECTIONS", NUMBER, AT(max_connections), 1, 1000000, "2000",
     "Open client connections of one ingress"},
    {"CONSIGN_REQUEST_TIMEOUT_MS", NUMBER, AT(request_timeout_ms), 1000, 600000, "30000",
     "Time a client has to send one whole request"},
    {"CONSIGN_WORKERS", NUMBER, AT(workers), 1, 64, "4", "Worker threads of ingress"},
    {"CONSIGN_PUBLISH_TIMEOUT_MS", NUMBER, AT(publish_timeout_ms), 1000, 300000, "20000",
     "Time Kafka has to acknowledge the chunks of a request before it gets 503"},
    {"CONSIGN_ACCEPT_TIMEOUT_MS", NUMBER, AT(accept_timeout_ms), 1000, 3600000, "60000",
     "Age at which a job whose ingress never finished accepting it is given up"},
    {"CONSIGN_SYNC_TIMEOUT_MS", NUMBER, AT(sync_timeout_ms), 100, 600000, "60000",
     "Time after which a synchronous import whose job has not ended is answered 202"},
    {"CONSIGN_CREDENTIAL_CACHE_MS", NUMBER, AT(credential_cache_ms), 0, 600000, "30000",
     "Time for which a checked credential is remembered; a revoked one works at most this long"},
    {"CONSIGN_IDEMPOTENCY_TTL_S", NUMBER, AT(idempotency_ttl_s), 60, 2592000, "86400",
     "Life of an Idempotency-Key"},
    {"CONSIGN_IDEMPOTENCY_LEASE_MS", NUMBER, AT(idempotency_lease_ms), 100, 600000, "5000",
     "Time after which a repeated request takes over from one that never answered"},

    {"CONSIGN_TENANT_REQUESTS_PER_SECOND", NUMBER, AT(tenant_requests_per_second), 1, 1000000,
     "1000", "Requests of one tenant that one ingress answers in the long run; more get 429"},
    {"CONSIGN_TENANT_BURST", NUMBER, AT(tenant_burst), 1, 1000000, "2000",
     "Requests of one tenant that may come at once after a quiet time"},
    {"CONSIGN_TENANT_CONCURRENT_JOBS", NUMBER, AT(tenant_concurrent_jobs), 1, 1000000, "1000",
     "Jobs of one tenant that have not ended; a further import gets 429"},
    {"CONSIGN_TENANT_BYTES_IN_FLIGHT", NUMBER, AT(tenant_bytes_in_flight), 1024, 17179869184,
     "134217728",
     "Bodies of one tenant that one ingress works on at one time, unless there is only one; more "
     "get 429"},

    {"CONSIGN_CHUNK_ROWS", NUMBER, AT(chunk_rows), 1, 3200, "250", "Most rows in one chunk"},
    {"CONSIGN_CHUNK_BYTES", NUMBER, AT(chunk_bytes), 1024, 943718, "524288",
     "Size at which a chunk is closed"},
    {"CONSIGN_RUN_ROWS", NUMBER, AT(run_rows), 1, 100000, "2500",
     "Most rows that an importer applies in one transaction"},
    {"CONSIGN_RUN_BYTES", NUMBER, AT(run_bytes), 1024, 67108864, "4194304",
     "Most bytes that an importer applies in one transaction"},
    {"CONSIGN_SEARCH_RUN_ITEMS", NUMBER, AT(search_run_items), 50, 100000, "10000",
     "Most documents that search-sync indexes at one go"},
    {"CONSIGN_SEARCH_QUIET_MS", NUMBER, AT(search_quiet_ms), 0, 60000, "250",
     "Time without a further search batch after which search-sync starts indexing what it has"},
    {"CONSIGN_SEARCH_LINGER_MS", NUMBER, AT(search_linger_ms), 0, 60000, "1500",
     "Time after which it starts in any case: in bulk, and behind the import rather than beside "
     "it"},
    {"CONSIGN_RECEIPT_TTL_S", NUMBER, AT(receipt_ttl_s), 3600, 31536000, "2592000",
     "Life of a chunk receipt; must exceed the retention of the import topics"},
    {"CONSIGN_FILE_TTL_S", NUMBER, AT(file_ttl_s), 3600, 31536000, "2592000",
     "Life of uploaded files and reports in the database; a bucket of S3 has a lifecycle rule of "
     "its "
     "own"},
    {"CONSIGN_LINK_TTL_S", NUMBER, AT(link_ttl_s), 60, 604800, "86400",
     "Time for which a link to a file works"},
    {"CONSIGN_RETRY_MIN_MS", NUMBER, AT(retry_min_ms), 1, 60000, "250",
     "Shortest back-off after an infrastructure error"},
    {"CONSIGN_RETRY_MAX_MS", NUMBER, AT(retry_max_ms), 1, 600000, "30000",
     "Longest back-off after an infrastructure error"},
    {"CONSIGN_DRAIN_TIMEOUT_MS", NUMBER, AT(drain_timeout_ms), 100, 600000, "25000",
     "Time to finish work in hand after SIGTERM"},
    {"CONSIGN_PARTITIONS", NUMBER, AT(partitions), 1, 1000, "6",
     "Partitions of topics created by `consign-admin init`"},
    {"CONSIGN_REPLICATION", NUMBER, AT(replication), 1, 10, "1",
     "Replicas of topics created by `consign-admin init`; 3 in production"},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static bool read_number(const struct setting *setting, const char *text, int64_t *out,
                        struct err *err)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < setting->min || value > setting->max) {
        return err_set(err, ERR_INVALID, "%s=\"%s\": a whole number from %lld to %lld is needed",
                       setting->name, text, (long long)setting->min, (long long)setting->max);
    }
    *out = value;
    return true;
}

bool config_load(struct config *config, struct err *err)
{
    *config = (struct config){0};
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *setting = &settings[i];
        const char *text = getenv(setting->name);
        char *field = (char *)config + setting->offset;

        if (!text || !*text) {
            text = setting->fallback;
        }
        if (setting->type == NUMBER) {
            if (!read_number(setting, text, (int64_t *)(void *)field, err)) {
                config_done(config);
                return false;
            }
        } else {
            *(char **)(void *)field = mem_strdup(text);
        }
    }
    return true;
}

void config_done(struct config *config)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (settings[i].type != NUMBER) {
            mem_free(*(char **)(void *)((char *)config + settings[i].offset));
        }
    }
    *config = (struct config){0};
}

void config_print_docs(struct buf *out)
{
    buf_adds(
        out,
        "# Configuration\n\n"
        "Every setting is an environment variable, read once at start. This page is printed by\n"
        "`consign-admin config-docs` from the table in `libshared/config/config.c`.\n\n"
        "| variable | range | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *s = &settings[i];

        buf_printf(out, "| `%s` | ", s->name);
        if (s->type == NUMBER) {
            buf_printf(out, "%lld to %lld", (long long)s->min, (long long)s->max);
        } else {
            buf_adds(out, s->type == SECRET ? "secret text" : "text");
        }
        buf_printf(out, " | %s%s%s | %s |\n", *s->fallback ? "`" : "", s->fallback,
                   *s->fallback ? "`" : "", s->doc);
    }
}
