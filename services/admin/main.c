#include "command.h"

#include "config/config.h"

#include <stdio.h>
#include <string.h>

static enum status run_help(const struct config *config, const struct command *command, int argc,
                            char **argv);

static const struct command commands[] = {
    {"init", "", "create topics, collections, indexes and the search template that are missing",
     run_init},
    {"ping", "[--timeout SECONDS]", "wait until Kafka, MongoDB and OpenSearch answer (30 s)",
     run_ping},
    {"tenant put",
     "ID [--name TEXT] [--languages it,en] [--default-language it] [--channel TEXT]\n"
     "           [--search-languages it] [--lanes N] [--legal-info-checks strict|format]\n"
     "           [--store gridfs|s3:BUCKET|none] [--limits requests_per_second=N,burst=N,...]",
     "create a tenant, which needs the first four, or change what is given", run_tenant_put},
    {"key create", "--tenant ID --permissions customers,import,B2BBulkImport,admin",
     "make an API key; its secret is printed this one time", run_key_create},
    {"key put", "AK_ID --tenant ID --permissions LIST",
     "store an API key whose secret stands in CONSIGN_KEY_SECRET", run_key_put},
    {"key revoke", "AK_ID", "end an API key", run_key_revoke},
    {"session create", "--tenant ID --permissions LIST [--user TEXT] [--ttl SECONDS]",
     "make a session (8 hours); its token is printed this one time", run_session_create},
    {"session revoke", "SESSION_ID", "end a session", run_session_revoke},
    {"jwt-key put",
     "KID --tenant ID --algorithm HS256|RS256 --issuer TEXT --audience TEXT\n"
     "           --permissions LIST",
     "store a key of bearer tokens: HS256 with its secret in CONSIGN_JWT_SECRET, RS256 with its\n"
     "      public key as PEM on standard input",
     run_jwt_key_put},
    {"jwt-key revoke", "KID", "end a key of bearer tokens", run_jwt_key_revoke},
    {"source put", "--tenant ID [--if-missing]",
     "create or replace an import source; its JSON comes on standard input", run_source_put},
    {"sheet print", "FILE",
     "print the rows of a CSV, XLSX or XLS file as they are read, as JSON lines", run_sheet_print},
    {"dlq list", "[--topic DLQ]",
     "print the dead letters as JSON lines, oldest first in each partition", run_dlq_list},
    {"dlq show", "DLQ PARTITION OFFSET", "print one dead letter with what is in it, as JSON",
     run_dlq_show},
    {"dlq replay", "DLQ PARTITION OFFSET | --all [--topic DLQ]",
     "send a dead letter, or all that were not sent yet, back to the topic it came from",
     run_dlq_replay},
    {"config-docs", "", "print docs/CONFIGURATION.md", run_config_docs},
    {"errors-docs", "", "print docs/errors.md", run_errors_docs},
    {"help", "", "print this text", run_help},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *out)
{
    fputs("usage: consign-admin COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    }
    fputs("\nServers and names come from the environment: see docs/CONFIGURATION.md.\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage.\n",
          out);
}

static enum status run_help(const struct config *config, const struct command *command, int argc,
                            char **argv)
{
    (void)config;
    (void)command;
    (void)argc;
    (void)argv;
    print_usage(stdout);
    return STATUS_OK;
}

/* The command that the first words name; *words is how many they are. */
static const struct command *find_command(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *name = commands[i].name;
        size_t first = strcspn(name, " ");

        if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], name, first) != 0) {
            continue;
        }
        if (!name[first] || (argc > 2 && strcmp(argv[2], name + first + 1) == 0)) {
            *words = name[first] ? 2 : 1;
            return &commands[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct config config;
    struct err err;
    int words;
    const struct command *command = find_command(argc, argv, &words);

    if (!command) {
        print_usage(stderr);
        return STATUS_USAGE;
    }
    if (!config_load(&config, &err)) {
        return command_failed(command, &err);
    }
    enum status status = command->run(&config, command, argc - words, argv + words);

    config_done(&config);
    return status;
}
