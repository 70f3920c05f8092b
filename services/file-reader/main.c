#include "read.h"

#include "blob/blob.h"
#include "config/config.h"
#include "log/log.h"
#include "message/topics.h"
#include "runtime/runtime.h"
#include "store/store.h"

static bool open_servers(const struct config *config, struct file_reader *reader, struct err *err)
{
    reader->config = config;
    return store_open(config, &reader->store, err) &&
           blobs_open(config, reader->store, &reader->blobs, err) &&
           bus_producer_open(config, &reader->producer, err);
}

static bool consume(struct runtime *runtime, struct file_reader *reader, struct err *err)
{
    static const char *const topics[] = {TOPIC_IMPORT_FILES};
    const struct config *config = reader->config;
    const struct consume_options options = {
        .group = GROUP_FILE_READER,
        .topics = topics,
        .topic_count = 1,
        .limits = {.messages = 1, .weight = 1, .bytes = (size_t)config->run_bytes},
        .handle = read_handle,
        .store = reader->store,
        .ctx = reader,
    };

    reader->runtime = runtime;
    return runtime_consume(runtime, config, reader->producer, &options, err);
}

int main(void)
{
    struct config config;
    struct runtime *runtime = NULL;
    struct file_reader reader = {0};
    struct err err;

    bool ok = config_load(&config, &err) &&
              runtime_open(&config, GROUP_FILE_READER, &runtime, &err) &&
              open_servers(&config, &reader, &err) && consume(runtime, &reader, &err);

    if (!ok) {
        log_error("%s", err.msg);
    }
    bus_producer_close(reader.producer, runtime_drain_left_ms(runtime));
    blobs_close(reader.blobs);
    store_close(reader.store);
    runtime_close(runtime);
    config_done(&config);
    return ok ? 0 : 1;
}
