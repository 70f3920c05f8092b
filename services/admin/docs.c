#include "command.h"

#include "base/buf.h"
#include "config/config.h"
#include "domain/problem.h"

#include <stdio.h>

static const struct option_spec no_options[] = {{0}};

static enum status print(const struct command *command, const struct buf *text)
{
    struct err err;

    if (fwrite(text->data, 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
        err_set(&err, ERR_INTERNAL, "standard output cannot be written");
        return command_failed(command, &err);
    }
    return STATUS_OK;
}

enum status run_config_docs(const struct config *config, const struct command *command, int argc,
                            char **argv)
{
    AUTO(buf) struct buf text = {0};

    (void)config;
    if (!command_read_options(command, argc, argv, no_options, NULL)) {
        return STATUS_USAGE;
    }
    config_print_docs(&text);
    return print(command, &text);
}

static void add_row(struct buf *out, const struct problem *problem)
{
    buf_printf(out, "| `%s` | ", problem->code);
    if (problem->status == PROBLEM_ROW_ERROR) {
        buf_adds(out, "error");
    } else if (problem->status == PROBLEM_ROW_WARNING) {
        buf_adds(out, "warning");
    } else {
        buf_printf(out, "%d", problem->status);
    }
    buf_printf(out, " | %s | %s |\n", problem->title, problem->advice);
}

static void add_table(struct buf *out, const char *second_column, bool is_of_rows)
{
    buf_printf(out, "\n| code | %s | what is wrong | what to do |\n|---|---|---|---|\n",
               second_column);
    for (int id = 0; id < PROBLEM_COUNT; id++) {
        const struct problem *problem = problem_get((enum problem_id)id);

        if ((problem->status <= PROBLEM_ROW_WARNING) == is_of_rows) {
            add_row(out, problem);
        }
    }
}

enum status run_errors_docs(const struct config *config, const struct command *command, int argc,
                            char **argv)
{
    AUTO(buf) struct buf text = {0};

    (void)config;
    if (!command_read_options(command, argc, argv, no_options, NULL)) {
        return STATUS_USAGE;
    }
    buf_adds(&text,
             "# Errors\n\n"
             "Every error has one of these codes, in HTTP answers (`application/problem+json`,\n"
             "field `code`) and on the rows of a job alike. A code keeps its meaning for ever.\n"
             "This page is printed by `consign-admin errors-docs` from the catalogue in\n"
             "`libshared/domain/problem.h`.\n\n"
             "## Requests\n\n"
             "The request was refused as a whole; nothing of it was applied.\n");
    add_table(&text, "status", false);
    buf_adds(&text,
             "\n## Rows\n\n"
             "The request was accepted, and the job tells what became of its rows. A row with an\n"
             "error was not stored; one with a warning was. Codes about JSON from the table above\n"
             "may stand on a row, too.\n");
    add_table(&text, "severity", true);
    return print(command, &text);
}
