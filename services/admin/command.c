#include "command.h"

#include "base/buf.h"
#include "store/tenants.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status command_failed(const struct command *command, const struct err *err)
{
    fprintf(stderr, "consign-admin %s: %s\n", command->name, err->msg);
    return STATUS_FAILED;
}

enum status command_misused(const struct command *command, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "consign-admin %s: ", command->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nusage: consign-admin %s %s\n", command->name, command->arguments);
    return STATUS_USAGE;
}

/* The specs as getopt knows them; returns how many there are. */
static size_t translate(const struct option_spec *specs, struct option options[OPTIONS_MAX + 1])
{
    size_t count = 0;

    memset(options, 0, (OPTIONS_MAX + 1) * sizeof(*options));
    for (; count < OPTIONS_MAX && specs[count].name; count++) {
        options[count].name = specs[count].name;
        options[count].has_arg = specs[count].text ? required_argument : no_argument;
    }
    return count;
}

static bool check_required(const struct command *command, const struct option_spec *specs,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].is_required && !*specs[i].text) {
            command_misused(command, "--%s is needed", specs[i].name);
            return false;
        }
    }
    return true;
}

static bool read_operand(const struct command *command, int argc, char **argv, const char **operand)
{
    int wanted = operand ? 1 : 0;

    if (argc != wanted) {
        command_misused(command,
                        argc > wanted ? "\"%s\" is one argument too many" : "an id is needed",
                        argc > wanted ? argv[wanted] : "");
        return false;
    }
    if (operand) {
        *operand = argv[0];
    }
    return true;
}

static bool read_options(const struct command *command, int argc, char **argv,
                         const struct option_spec *specs)
{
    struct option options[OPTIONS_MAX + 1];
    size_t count = translate(specs, options);
    int which;
    int found;

    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", options, &which)) != -1) {
        if (found != 0) {
            command_misused(command, found == ':' ? "%s needs a value" : "%s is no option",
                            argv[optind - 1]);
            return false;
        }
        if (specs[which].text) {
            *specs[which].text = optarg;
        } else {
            *specs[which].flag = true;
        }
    }
    return check_required(command, specs, count);
}

bool command_read_options(const struct command *command, int argc, char **argv,
                          const struct option_spec *specs, const char **operand)
{
    return read_options(command, argc, argv, specs) &&
           read_operand(command, argc - optind, argv + optind, operand);
}

bool command_read_operands(const struct command *command, int argc, char **argv,
                           const struct option_spec *specs, struct operands *out)
{
    *out = (struct operands){0};
    if (!read_options(command, argc, argv, specs)) {
        return false;
    }
    for (int i = optind; i < argc; i++) {
        if (out->count == OPERANDS_MAX) {
            command_misused(command, "\"%s\" is one argument too many", argv[i]);
            return false;
        }
        out->items[out->count++] = argv[i];
    }
    return true;
}

bool command_read_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && end != text && !*end && *out >= min && *out <= max;
}

bool command_copy_text(const char *name, const char *text, char *out, size_t size, struct err *err)
{
    size_t n = strlen(text);

    if (n == 0 || n >= size) {
        return err_set(err, ERR_INVALID, "%s takes 1 to %zu bytes", name, size - 1);
    }
    memcpy(out, text, n + 1);
    return true;
}

bool command_read_input(struct buf *out, size_t max_bytes, struct err *err)
{
    char block[8192];
    size_t n;

    while ((n = fread(block, 1, sizeof(block), stdin)) > 0) {
        buf_add(out, block, n);
        if (out->len > max_bytes) {
            return err_set(err, ERR_INVALID, "standard input has more than %zu bytes", max_bytes);
        }
    }
    return !ferror(stdin) || err_set(err, ERR_INTERNAL, "standard input cannot be read");
}

bool command_use_database(const struct config *config,
                          bool (*work)(struct store_session *session, void *ctx, struct err *err),
                          void *ctx, struct err *err)
{
    struct store_session *session = NULL;
    struct store *store;

    if (!store_open(config, &store, err)) {
        return false;
    }
    bool ok = store_session_open(store, &session, err) && work(session, ctx, err);

    store_session_close(session);
    store_close(store);
    return ok;
}

bool command_find_tenant(struct store_session *session, const char *id, struct err *err)
{
    AUTO(bson) bson_t *tenant = NULL;

    if (tenants_get(session, id, &tenant, err)) {
        return true;
    }
    return err->kind == ERR_NOT_FOUND && err_set(err, ERR_NOT_FOUND, "there is no tenant %s", id);
}
