#include "support/test.h"

#include "support/old_workbook.h"
#include "support/table.h"

#include "base/buf.h"
#include "sheet/sandbox.h"
#include "sheet/writer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

DEFINE_AUTO(open_sheet, struct sheet, sheet_close)

/* Far more than a process can write before somebody reads. */
enum { ROWS = 40000, PROC_BYTES = 8192 };

struct files {
    int input;
    int scratch;
    int output;
};

/* Tells through the output what the kernel still lets it do. */
static void try_everything(struct files files)
{
    char byte = 'x';
    const struct sandbox sandbox = {files.input, files.scratch, files.output, 1000};
    bool reaches[] = {
        /* all this is needed */
        sandbox_enter(&sandbox),
        pread(files.input, &byte, 1, 0) == 1,
        pwrite(files.scratch, &byte, 1, 0) == 1,
        pread(files.scratch, &byte, 1, 0) == 1,
        /* and nothing of this */
        open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0,
        socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0,
        fork() >= 0,
        kill(getppid(), 0) == 0,
        dup(files.input) >= 0,
        pwrite(files.input, &byte, 1, 0) == 1,
        pread(STDERR_FILENO, &byte, 1, 0) >= 0,
        write(files.scratch, &byte, 1) == 1,
        mmap(NULL, 1, PROT_WRITE, MAP_SHARED, files.input, 0) != MAP_FAILED,
#ifndef __SANITIZE_ADDRESS__
        mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED,
#endif
    };

    (void)!write(files.output, reaches, sizeof(reaches));
    _exit(0);
}

static void a_parser_reaches_its_files_and_nothing_else(void **state)
{
    static const bool wanted[13] = {true, true, true, true};
    bool reaches[16] = {0};
    int ends[2];
    struct files files = {.input = table_file(STR("text")), .scratch = table_file(STR(""))};

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    files.output = ends[1];
    pid_t child = fork();

    if (child == 0) {
        try_everything(files);
    }
    close(ends[1]);
    assert_true(read(ends[0], reaches, sizeof(reaches)) >= (ssize_t)sizeof(wanted));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_memory_equal(reaches, wanted, sizeof(wanted));
    assert_false(reaches[sizeof(wanted)]);
    close(ends[0]);
    close(files.input);
    close(files.scratch);
}

static int csv_file(void)
{
    AUTO(buf) struct buf text = {0};

    buf_adds(&text, "code,name\n");
    for (int i = 0; i < ROWS; i++) {
        buf_printf(&text, "A-%d,valve\n", i);
    }
    return table_file((struct str){text.data, text.len});
}

static int xlsx_file(void)
{
    const struct sheet_cell cells[] = {{SHEET_TEXT, STR("A-1")}, {SHEET_TEXT, STR("valve")}};
    int fd = table_file(STR(""));
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;
    struct err err;

    assert_ok(sheet_writer_open(&(struct sheet_writer_options){.fd = fd, .format = SHEET_XLSX},
                                &writer, &err),
              &err);
    assert_ok(sheet_write_header(writer, (const struct str[]){STR("code"), STR("name")}, 2, &err),
              &err);
    for (int i = 0; i < ROWS; i++) {
        assert_ok(sheet_write_row(writer, cells, NULL, 2, &err), &err);
    }
    assert_ok(sheet_writer_finish(writer, &err), &err);
    return fd;
}

static int xls_file(void)
{
    return old_workbook_file(1252, "valve", 0);
}

static const struct {
    enum sheet_format format;
    int (*make)(void);
} examples[] = {{SHEET_CSV, csv_file}, {SHEET_XLSX, xlsx_file}, {SHEET_XLS, xls_file}};
enum { EXAMPLES = sizeof(examples) / sizeof(*examples) };

static struct sheet *open_sheet(int fd, enum sheet_format format)
{
    const struct sheet_options options = {.fd = fd, .format = format, .limits = table_limits};
    struct sheet_fault fault;
    struct sheet *sheet = NULL;
    struct err err;

    assert_ok(sheet_open(&options, &sheet, &fault, &err), &err);
    return sheet;
}

/* What the system says in this file of /proc. */
static void read_proc(const char *path, char out[PROC_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    ssize_t n = read(fd, out, PROC_BYTES - 1);

    assert_true(n >= 0);
    out[n] = '\0';
    close(fd);
}

/* The only child of this process. */
static int child_pid(void)
{
    char pids[PROC_BYTES];
    char *rest;

    read_proc("/proc/thread-self/children", pids);
    long pid = strtol(pids, &rest, 10);

    assert_true(pid > 0);
    assert_string_equal(rest, " ");
    return (int)pid;
}

static void assert_child_has(const char *file, const char *line)
{
    char path[64];
    char text[PROC_BYTES];

    snprintf(path, sizeof(path), "/proc/%d/%s", child_pid(), file);
    read_proc(path, text);
    if (!strstr(text, line)) {
        fail_msg("%s of the process is without \"%s\":\n%s", file, line, text);
    }
}

static void files_of_every_format_are_parsed_in_a_sandbox(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        int fd = examples[i].make();
        AUTO(open_sheet) struct sheet *sheet = open_sheet(fd, examples[i].format);

        assert_child_has("status", "Name:\tconsign-sheet-r");
        assert_child_has("status", "Seccomp:\t2");
        close(fd);
    }
}

static void a_parser_has_bounded_memory_time_and_disk(void **state)
{
    int fd = xlsx_file();
    AUTO(open_sheet) struct sheet *sheet = open_sheet(fd, SHEET_XLSX);

    (void)state;
    assert_child_has("limits", "Max cpu time              60                   60 ");
    assert_child_has("limits", "Max open files            0                    0 ");
    assert_child_has("limits", "Max processes             0                    0 ");
    assert_child_has("limits", "Max file size             1073741824           1073741824 ");
#ifndef __SANITIZE_ADDRESS__
    char line[128];
    off_t most = ((off_t)1 << 30) + lseek(fd, 0, SEEK_END);

    snprintf(line, sizeof(line), "Max address space         %-20lld %-20lld ", (long long)most,
             (long long)most);
    assert_child_has("limits", line);
#endif
    close(fd);
}

/* Kills the process of the sheet and reads on, which ends in a failure. */
static void read_on_after_kill(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct sheet_row row;
    uint64_t rows = 0;
    bool end = false;

    assert_int_equal(kill(child_pid(), SIGKILL), 0);
    while (sheet_next(sheet, &row, &end, fault, err)) {
        assert_false(end);
        rows++;
    }
    assert_true(rows < ROWS);
}

static void a_parser_that_is_killed_makes_its_file_unreadable(void **state)
{
    static const char *const codes[] = {"CSV_UNREADABLE", "XLSX_UNREADABLE"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = examples[i].make();
        AUTO(open_sheet) struct sheet *sheet = open_sheet(fd, examples[i].format);
        struct sheet_fault fault = {0};
        struct err err;

        read_on_after_kill(sheet, &fault, &err);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(fault.code, codes[i]);
        close(fd);
    }
}

static void a_parser_that_ends_when_the_disk_is_full_is_no_fault_of_the_file(void **state)
{
    int fd = xlsx_file();
    AUTO(open_sheet) struct sheet *sheet = open_sheet(fd, SHEET_XLSX);
    struct sheet_fault fault = {0};
    struct rlimit before;
    struct rlimit full;
    struct err err;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    full = (struct rlimit){0, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    read_on_after_kill(sheet, &fault, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_string_equal(fault.code, "");
    close(fd);
}

static void a_parser_that_cannot_begin_is_no_fault_of_the_file(void **state)
{
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    const struct sheet_options options = {
        .fd = folder, .format = SHEET_XLS, .limits = table_limits};
    struct sheet_fault fault = {0};
    struct sheet *sheet;
    struct err err;

    (void)state;
    assert_false(sheet_open(&options, &sheet, &fault, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_string_equal(fault.code, "");
    close(folder);
}

static void a_sheet_that_is_closed_leaves_no_process_behind(void **state)
{
    int fd = csv_file();
    char pids[PROC_BYTES];

    (void)state;
    sheet_close(open_sheet(fd, SHEET_CSV));
    read_proc("/proc/thread-self/children", pids);
    assert_string_equal(pids, "");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parser_reaches_its_files_and_nothing_else),
        cmocka_unit_test(files_of_every_format_are_parsed_in_a_sandbox),
        cmocka_unit_test(a_parser_has_bounded_memory_time_and_disk),
        cmocka_unit_test(a_parser_that_is_killed_makes_its_file_unreadable),
        cmocka_unit_test(a_parser_that_ends_when_the_disk_is_full_is_no_fault_of_the_file),
        cmocka_unit_test(a_parser_that_cannot_begin_is_no_fault_of_the_file),
        cmocka_unit_test(a_sheet_that_is_closed_leaves_no_process_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
