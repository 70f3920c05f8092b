#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct config;
struct store_session;

enum status { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* One line of the table of commands in main.c. */
struct command {
    const char *name; /* one or two words */
    const char *arguments;
    const char *summary;
    enum status (*run)(const struct config *config, const struct command *command, int argc,
                       char **argv); /* argv[0] is the last word of the name */
};

/* Print to stderr and give back the exit status. */
enum status command_failed(const struct command *command, const struct err *err);
enum status command_misused(const struct command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* An option of a command: `--name TEXT` sets *text, `--name` sets *flag; one of the two is NULL. */
struct option_spec {
    const char *name;
    const char **text;
    bool *flag;
    bool is_required;
};

enum { OPTIONS_MAX = 10 };

/*
 * Reads the options, and one operand into *operand when that is not NULL. False after the misuse
 * was reported: the command ends with STATUS_USAGE.
 */
bool command_read_options(const struct command *command, int argc, char **argv,
                          const struct option_spec *specs, const char **operand);

enum { OPERANDS_MAX = 3 };

struct operands {
    const char *items[OPERANDS_MAX];
    size_t count;
};

/* Likewise, for a command with any number of operands up to OPERANDS_MAX. */
bool command_read_operands(const struct command *command, int argc, char **argv,
                           const struct option_spec *specs, struct operands *out);

/* A whole number of the range; false for anything else. */
bool command_read_number(const char *text, int64_t min, int64_t max, int64_t *out) MUST_USE;

/* Copies a text that must have 1 to size - 1 bytes; ERR_INVALID calls it `name`. */
bool command_copy_text(const char *name, const char *text, char *out, size_t size,
                       struct err *err) MUST_USE;

/* Reads standard input to its end. ERR_INVALID when it has more bytes. */
bool command_read_input(struct buf *out, size_t max_bytes, struct err *err) MUST_USE;

/* Opens the database, does the work on a session of it and closes it again. */
bool command_use_database(const struct config *config,
                          bool (*work)(struct store_session *session, void *ctx, struct err *err),
                          void *ctx, struct err *err) MUST_USE;

/* ERR_NOT_FOUND when there is no such tenant. */
bool command_find_tenant(struct store_session *session, const char *id, struct err *err) MUST_USE;

enum status run_init(const struct config *config, const struct command *command, int argc,
                     char **argv);
enum status run_ping(const struct config *config, const struct command *command, int argc,
                     char **argv);
enum status run_tenant_put(const struct config *config, const struct command *command, int argc,
                           char **argv);
enum status run_key_put(const struct config *config, const struct command *command, int argc,
                        char **argv);
enum status run_key_create(const struct config *config, const struct command *command, int argc,
                           char **argv);
enum status run_key_revoke(const struct config *config, const struct command *command, int argc,
                           char **argv);
enum status run_session_create(const struct config *config, const struct command *command, int argc,
                               char **argv);
enum status run_session_revoke(const struct config *config, const struct command *command, int argc,
                               char **argv);
enum status run_jwt_key_put(const struct config *config, const struct command *command, int argc,
                            char **argv);
enum status run_jwt_key_revoke(const struct config *config, const struct command *command, int argc,
                               char **argv);
enum status run_source_put(const struct config *config, const struct command *command, int argc,
                           char **argv);
enum status run_sheet_print(const struct config *config, const struct command *command, int argc,
                            char **argv);
enum status run_dlq_list(const struct config *config, const struct command *command, int argc,
                         char **argv);
enum status run_dlq_show(const struct config *config, const struct command *command, int argc,
                         char **argv);
enum status run_dlq_replay(const struct config *config, const struct command *command, int argc,
                           char **argv);
enum status run_config_docs(const struct config *config, const struct command *command, int argc,
                            char **argv);
enum status run_errors_docs(const struct config *config, const struct command *command, int argc,
                            char **argv);
