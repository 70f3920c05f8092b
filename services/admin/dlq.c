#include "command.h"

#include "base/clock.h"
#include "base/id.h"
#include "bus/bus.h"
#include "config/config.h"
#include "json/json.h"
#include "letter.h"
#include "message/topics.h"
#include "store/replays.h"
#include "topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SCAN_MS = 120000 };

/* What a command does with each letter that it reads. */
struct reading {
    const struct config *config;
    struct store_session *session;
    struct bus_producer *producer; /* of a replay */
    const char *topic;             /* NULL: all */
    struct bus_place place;        /* the one letter that is meant; topic NULL: all of them */
    bool (*take)(struct reading *reading, const struct bus_message *letter, struct err *err);
    size_t count; /* letters taken */
    bool failed;
    struct err err;
};

static const char *name_letter(struct arena *arena, const struct bus_message *letter)
{
    return arena_printf(arena, "%s|%" PRId32 "|%" PRId64, letter->topic, letter->partition,
                        letter->offset);
}

static void print_document(const bson_t *document)
{
    AUTO(buf) struct buf text = {0};

    json_write(&text, document);
    puts(text.data);
}

/* ---- reading ---- */

static bool is_meant(const struct reading *reading, const struct bus_message *letter)
{
    return !reading->place.topic || letter->offset == reading->place.offset;
}

static bool on_letter(void *ctx, const struct bus_message *letter)
{
    struct reading *reading = ctx;

    if (!is_meant(reading, letter)) {
        return false; /* the first one of a place is the one, or it is gone */
    }
    reading->failed = !reading->take(reading, letter, &reading->err);
    reading->count += !reading->failed;
    return !reading->failed && !reading->place.topic;
}

static bool scan(struct reading *reading, const struct bus_place *from, struct err *err)
{
    const struct bus_scan options = {
        .from = *from, .each = on_letter, .ctx = reading, .timeout_ms = SCAN_MS};

    if (!bus_scan(reading->config, &options, err)) {
        return false;
    }
    if (reading->failed) {
        *err = reading->err;
    }
    return !reading->failed;
}

static bool scan_all(struct reading *reading, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < TOPICS; i++) {
        const char *letters = arena_printf(arena, "%s%s", topics[i].name, TOPIC_DLQ_SUFFIX);
        bool is_wanted = !reading->topic || strcmp(reading->topic, letters) == 0;

        if (topics[i].has_dead_letters && is_wanted &&
            !scan(reading, &(struct bus_place){.topic = letters, .partition = -1}, err)) {
            return false;
        }
    }
    return true;
}

static bool scan_place(struct reading *reading, struct err *err)
{
    return scan(reading, &reading->place, err) &&
           (reading->count == 1 || err_set(err, ERR_NOT_FOUND, "there is no such letter"));
}

static bool read_letters(struct store_session *session, void *ctx, struct err *err)
{
    struct reading *reading = ctx;

    reading->session = session;
    return reading->place.topic ? scan_place(reading, err) : scan_all(reading, err);
}

/* ---- list and show ---- */

static bool append_replay(struct reading *reading, const struct bus_message *letter, bson_t *out,
                          struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    int64_t replayed_at_ms;

    if (!replays_find(reading->session, name_letter(arena, letter), &replayed_at_ms, err)) {
        return false;
    }
    if (replayed_at_ms) {
        BSON_APPEND_DATE_TIME(out, "replayed_at", replayed_at_ms);
    } else {
        BSON_APPEND_NULL(out, "replayed_at");
    }
    return true;
}

static bool list_letter(struct reading *reading, const struct bus_message *letter, struct err *err)
{
    AUTO(bson) bson_t *line = bson_new();

    letter_append_summary(line, letter);
    if (!append_replay(reading, letter, line, err)) {
        return false;
    }
    print_document(line);
    return true;
}

static bool show_letter(struct reading *reading, const struct bus_message *letter, struct err *err)
{
    AUTO(bson) bson_t *page = bson_new();

    letter_append_summary(page, letter);
    letter_append_content(page, letter);
    if (!append_replay(reading, letter, page, err)) {
        return false;
    }
    print_document(page);
    return true;
}

/* ---- replay ---- */

static bool send_back(struct reading *reading, const struct bus_message *letter, const char *topic,
                      struct err *err)
{
    static const char own[] = "dlq-";
    AUTO(arena) struct arena *arena = arena_new();
    struct bus_out out = {
        .topic = topic,
        .key = letter->key.p ? arena_strndup(arena, letter->key.p, letter->key.n) : NULL,
        .value = letter->value,
        .weight = letter->weight,
    };
    size_t count = 0;

    for (size_t i = 0; i < BUS_MAX_HEADERS && letter->headers[i].key; i++) {
        if (strncmp(letter->headers[i].key, own, strlen(own)) != 0) {
            out.headers[count++] = letter->headers[i];
        }
    }
    return bus_publish(reading->producer, &out, 1, reading->config->publish_timeout_ms, err);
}

static bool replay_letter(struct reading *reading, const struct bus_message *letter,
                          struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *topic = bus_message_header(letter, "dlq-topic");
    const int64_t now_ms = clock_now_ms();
    const struct replay replay = {.letter = name_letter(arena, letter),
                                  .job_id = bus_message_header(letter, "job-id"),
                                  .now_ms = now_ms,
                                  .expires_at_ms = now_ms + LETTER_RETENTION_MS};

    if (!topic || !topic_with_letters(topic)) {
        return err_set(err, ERR_INVALID, "%s does not say which topic it came from", replay.letter);
    }
    if (!send_back(reading, letter, topic, err) || !replays_note(reading->session, &replay, err)) {
        return err_context(err, "replaying %s", replay.letter);
    }
    printf("%s %" PRId32 " %" PRId64 " -> %s\n", letter->topic, letter->partition, letter->offset,
           topic);
    return true;
}

static bool replay_unless_done(struct reading *reading, const struct bus_message *letter,
                               struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    int64_t replayed_at_ms;

    return replays_find(reading->session, name_letter(arena, letter), &replayed_at_ms, err) &&
           (replayed_at_ms || replay_letter(reading, letter, err));
}

/* ---- commands ---- */

static bool read_place(const struct operands *operands, struct bus_place *out)
{
    int64_t partition;

    out->topic = operands->items[0];
    if (operands->count != 3 || !topic_of_letters(out->topic) ||
        !command_read_number(operands->items[1], 0, INT32_MAX, &partition) ||
        !command_read_number(operands->items[2], 0, INT64_MAX, &out->offset)) {
        return false;
    }
    out->partition = (int32_t)partition;
    return true;
}

static enum status run_reading(const struct command *command, struct reading *reading)
{
    struct err err;

    if (reading->topic && !topic_of_letters(reading->topic)) {
        return command_misused(command, "%s is no dead-letter topic", reading->topic);
    }
    return command_use_database(reading->config, read_letters, reading, &err)
               ? STATUS_OK
               : command_failed(command, &err);
}

enum status run_dlq_list(const struct config *config, const struct command *command, int argc,
                         char **argv)
{
    struct reading reading = {.config = config, .take = list_letter};
    const struct option_spec specs[] = {{.name = "topic", .text = &reading.topic}, {0}};

    return command_read_options(command, argc, argv, specs, NULL) ? run_reading(command, &reading)
                                                                  : STATUS_USAGE;
}

enum status run_dlq_show(const struct config *config, const struct command *command, int argc,
                         char **argv)
{
    static const struct option_spec none[] = {{0}};
    struct reading reading = {.config = config, .take = show_letter};
    struct operands operands;

    if (!command_read_operands(command, argc, argv, none, &operands)) {
        return STATUS_USAGE;
    }
    if (!read_place(&operands, &reading.place)) {
        return command_misused(command,
                               "a dead-letter topic, a partition and an offset are needed");
    }
    return run_reading(command, &reading);
}

static enum status replay(const struct command *command, struct reading *reading)
{
    struct err err;

    if (!bus_producer_open(reading->config, &reading->producer, &err)) {
        return command_failed(command, &err);
    }
    enum status status = run_reading(command, reading);

    bus_producer_close(reading->producer, reading->config->drain_timeout_ms);
    return status;
}

enum status run_dlq_replay(const struct config *config, const struct command *command, int argc,
                           char **argv)
{
    struct reading reading = {.config = config};
    bool all = false;
    const struct option_spec specs[] = {
        {.name = "all", .flag = &all}, {.name = "topic", .text = &reading.topic}, {0}};
    struct operands operands;

    if (!command_read_operands(command, argc, argv, specs, &operands)) {
        return STATUS_USAGE;
    }
    if (all ? operands.count > 0 : reading.topic || !read_place(&operands, &reading.place)) {
        return command_misused(command, "one letter's place is needed, or --all");
    }
    reading.take = all ? replay_unless_done : replay_letter;
    return replay(command, &reading);
}
