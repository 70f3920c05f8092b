#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/*
 * Every setting of every Consign program. Read once from the environment at start, constant
 * afterwards, passed down as `const struct config *`. The table in config.c is the one place where
 * a setting is named, bounded and explained; docs/CONFIGURATION.md is printed from it.
 */
struct config {
    char *kafka_brokers;
    char *topic_prefix;
    char *instance;
    char *mongo_uri;
    char *mongo_database;
    char *search_url;
    char *search_index_prefix;
    char *key_pepper;
    char *public_url; /* "": ingress itself, on this machine */
    char *s3_endpoint;
    char *s3_region;
    char *s3_access_key;
    char *s3_secret_key;
    char *listen_address;
    int64_t port;
    char *tls_cert;
    char *tls_key;
    int64_t metrics_port;
    char *log_level;

    int64_t max_customers;
    int64_t max_products;
    int64_t max_body_bytes;
    int64_t max_row_bytes;
    int64_t max_file_bytes;
    int64_t max_file_rows;
    int64_t max_unpacked_bytes;
    int64_t max_inflight_bytes;
    int64_t max_connections;
    int64_t request_timeout_ms;
    int64_t workers;
    int64_t publish_timeout_ms;
    int64_t accept_timeout_ms;
    int64_t sync_timeout_ms;
    int64_t credential_cache_ms;
    int64_t idempotency_ttl_s;
    int64_t idempotency_lease_ms;

    int64_t tenant_requests_per_second;
    int64_t tenant_burst;
    int64_t tenant_concurrent_jobs;
    int64_t tenant_bytes_in_flight;

    int64_t chunk_rows;
    int64_t chunk_bytes;
    int64_t run_rows;
    int64_t run_bytes;
    int64_t search_run_items;
    int64_t search_quiet_ms;
    int64_t search_linger_ms;
    int64_t receipt_ttl_s;
    int64_t file_ttl_s;
    int64_t link_ttl_s;
    int64_t retry_min_ms;
    int64_t retry_max_ms;
    int64_t drain_timeout_ms;
    int64_t partitions;
    int64_t replication;
};

/* Reads the environment into `config`. ERR_INVALID names the variable, its value and the allowed
 * range. The caller owns the strings and gives them back with config_done. */
bool config_load(struct config *config, struct err *err) MUST_USE;
void config_done(struct config *config);

/* Appends the table as Markdown: docs/CONFIGURATION.md is exactly this text. */
void config_print_docs(struct buf *out);
