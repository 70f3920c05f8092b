#include "sheet/xls_process.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    INPUT = 3,       /* where the program looks for the file */
    FIRST_FREE = 10, /* above all that the program gets */
    WAIT_MS = 30000,
    BUFFER_BYTES = 64 * 1024,
    PATH_BYTES = 4096,
};

struct xls_process {
    pid_t pid;
    int output;
    size_t at;
    size_t filled;
    char buffer[BUFFER_BYTES];
};

static bool find_program(char path[PATH_BYTES], struct err *err)
{
    static const char name[] = "consign-xls-reader";
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - sizeof(name));
    char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

    if (!slash) {
        return err_set(err, ERR_INTERNAL, "cannot tell where this program is: %s", strerror(errno));
    }
    memcpy(slash + 1, name, sizeof(name));
    return true;
}

/* Starts the program with the file, its end of the pipe and nothing else. */
static bool spawn(int input, int output, pid_t *pid, struct err *err)
{
    char path[PATH_BYTES];
    char *argv[] = {path, NULL};
    char *environment[] = {NULL};
    posix_spawn_file_actions_t actions;

    if (!find_program(path, err)) {
        return false;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, input, INPUT);
    posix_spawn_file_actions_addclosefrom_np(&actions, INPUT + 1);
    int status = posix_spawn(pid, path, &actions, NULL, argv, environment);

    posix_spawn_file_actions_destroy(&actions);
    return status == 0 ||
           err_set(err, status == EAGAIN || status == ENOMEM ? ERR_UNAVAILABLE : ERR_INTERNAL,
                   "cannot start %.150s: %s", path, strerror(status));
}

/* As spawn, with descriptors that its own steps do not overwrite. */
static bool spawn_apart(int fd, int pipe_end, pid_t *pid, struct err *err)
{
    int input = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    int output = fcntl(pipe_end, F_DUPFD_CLOEXEC, FIRST_FREE);
    bool started = input >= 0 && output >= 0
                       ? spawn(input, output, pid, err)
                       : err_set(err, ERR_UNAVAILABLE, "no descriptors: %s", strerror(errno));

    if (input >= 0) {
        close(input);
    }
    if (output >= 0) {
        close(output);
    }
    return started;
}

bool xls_process_start(int fd, struct xls_process **out, struct err *err)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, ERR_UNAVAILABLE, "no pipe: %s", strerror(errno));
    }
    bool started = spawn_apart(fd, ends[1], &pid, err);

    close(ends[1]);
    if (!started) {
        close(ends[0]);
        return false;
    }
    *out = mem_alloc(sizeof(**out));
    (*out)->pid = pid;
    (*out)->output = ends[0];
    (*out)->at = 0;
    (*out)->filled = 0;
    return true;
}

static bool fill(struct xls_process *process)
{
    struct pollfd poll_fd = {.fd = process->output, .events = POLLIN};
    ssize_t n;

    do {
        if (poll(&poll_fd, 1, WAIT_MS) == 0) {
            return false;
        }
        n = read(process->output, process->buffer, BUFFER_BYTES);
    } while (n < 0 && errno == EINTR);
    process->at = 0;
    process->filled = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool xls_process_read(struct xls_process *process, void *to, size_t n)
{
    char *next = to;

    while (n > 0) {
        size_t some = process->filled - process->at;

        if (some == 0) {
            if (!fill(process)) {
                return false;
            }
            continue;
        }
        some = some < n ? some : n;
        memcpy(next, process->buffer + process->at, some);
        process->at += some;
        next += some;
        n -= some;
    }
    return true;
}

void xls_process_end(struct xls_process *process)
{
    if (!process) {
        return;
    }
    close(process->output);
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    mem_free(process);
}
