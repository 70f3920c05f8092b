#include "sheet/process.h"

#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the program looks for its files. */
enum { INPUT = 3, SCRATCH = 4 };

enum {
    FIRST_FREE = 10, /* above all that the program gets */
    PATH_BYTES = 4096,
    LIMITS_BYTES = 128,
};

static bool find_program(char path[PATH_BYTES], struct err *err)
{
    static const char name[] = "consign-sheet-reader";
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - sizeof(name));
    char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

    if (!slash) {
        return err_set(err, ERR_INTERNAL, "cannot tell where this program is: %s", strerror(errno));
    }
    memcpy(slash + 1, name, sizeof(name));
    return true;
}

/* Files as the program is to find them. */
struct files {
    int input;
    int scratch;
    int output;
};

static void files_close(const struct files *files)
{
    auto_free_fd(&files->input);
    auto_free_fd(&files->scratch);
    auto_free_fd(&files->output);
}

/* Copies with numbers that the steps of a start do not overwrite. */
static bool copy_files(int fd, int scratch_fd, int output_fd, struct files *out, struct err *err)
{
    out->input = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    out->scratch = scratch_fd < 0 ? -1 : fcntl(scratch_fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    out->output = fcntl(output_fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    return (out->input >= 0 && out->output >= 0 && (out->scratch >= 0) == (scratch_fd >= 0)) ||
           err_set(err, ERR_UNAVAILABLE, "no descriptors: %s", strerror(errno));
}

/* Starts the program with these files, an empty environment and nothing else. */
static bool spawn(const struct files *files, char *const argv[], pid_t *pid, struct err *err)
{
    char *environment[] = {NULL};
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, files->output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, files->input, INPUT);
    if (files->scratch >= 0) {
        posix_spawn_file_actions_adddup2(&actions, files->scratch, SCRATCH);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions,
                                             files->scratch >= 0 ? SCRATCH + 1 : INPUT + 1);
    int status = posix_spawn(pid, argv[0], &actions, NULL, argv, environment);

    posix_spawn_file_actions_destroy(&actions);
    return status == 0 ||
           err_set(err, status == EAGAIN || status == ENOMEM ? ERR_UNAVAILABLE : ERR_INTERNAL,
                   "cannot start %.150s: %s", argv[0], strerror(status));
}

static bool start(const struct sheet_options *options, const struct files *files, pid_t *pid,
                  struct err *err)
{
    const struct sheet_limits *limits = &options->limits;
    char path[PATH_BYTES];
    char format[8];
    char numbers[LIMITS_BYTES];
    char *argv[] = {path, format, numbers, NULL};

    snprintf(format, sizeof(format), "%s", sheet_format_name(options->format));
    snprintf(numbers, sizeof(numbers), "%zu,%zu,%zu,%" PRIu64, limits->columns, limits->cell_bytes,
             limits->row_bytes, limits->unpacked_bytes);
    return find_program(path, err) && spawn(files, argv, pid, err);
}

bool process_start(const struct sheet_options *options, int scratch_fd, struct process *out,
                   struct err *err)
{
    struct files files;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, ERR_UNAVAILABLE, "no pipe: %s", strerror(errno));
    }
    bool started = copy_files(options->fd, scratch_fd, ends[1], &files, err) &&
                   start(options, &files, &out->pid, err);

    files_close(&files);
    close(ends[1]);
    if (!started) {
        close(ends[0]);
        return false;
    }
    out->output_fd = ends[0];
    return true;
}

void process_end(struct process *process)
{
    close(process->output_fd);
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
