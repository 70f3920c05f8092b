#include "sheet/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name the architecture, so that system calls of another one are refused"
#endif

enum { MEMORY_BYTES = 1 << 30, CPU_SECONDS = 60 };

/* Memory comes on top of the file, which may be mapped. */
static bool set_limits(const struct sandbox *sandbox)
{
    struct stat stat;

    if (fstat(sandbox->input_fd, &stat) != 0) {
        return false;
    }
    const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes that it never touches */
        {RLIMIT_AS, (rlim_t)MEMORY_BYTES + (rlim_t)stat.st_size},
#endif
        {RLIMIT_CPU, CPU_SECONDS},
        {RLIMIT_NOFILE, 0},
        {RLIMIT_FSIZE, sandbox->scratch_fd < 0 ? 0 : sandbox->scratch_bytes},
        {RLIMIT_NPROC, 0},
        {RLIMIT_CORE, 0},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit limit = {limits[i].limit, limits[i].limit};

        if (setrlimit(limits[i].resource, &limit) != 0) {
            return false;
        }
    }
    return true;
}

/* The low half of an argument; a descriptor has no more. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "say where the low half of an argument stands"
#endif
#define ARGUMENT(index) offsetof(struct seccomp_data, args[index])
#define NUMBER offsetof(struct seccomp_data, nr)

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (what))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, (count))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ALLOW(name) SKIP_UNLESS(SYS_##name, 1), ANSWER(SECCOMP_RET_ALLOW)
#define ALLOW_IF(name, index, value)                                                               \
    SKIP_UNLESS(SYS_##name, 4), LOAD(ARGUMENT(index)), SKIP_UNLESS(value, 1),                      \
        ANSWER(SECCOMP_RET_ALLOW), LOAD(NUMBER)
enum { NO_FILE = -1, MMAP_FILE = 4 };

/* Memory, the files that are open already, and the end. */
static bool filter_calls(const struct sandbox *sandbox)
{
    struct sock_filter rules[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(NUMBER),
        ALLOW_IF(write, 0, sandbox->output_fd),
        ALLOW_IF(pread64, 0, sandbox->input_fd),
        ALLOW_IF(pread64, 0, sandbox->scratch_fd),
        ALLOW_IF(pwrite64, 0, sandbox->scratch_fd),
        ALLOW(brk),
        ALLOW_IF(mmap, MMAP_FILE, NO_FILE),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(getrandom), /* expat salts its tables of names */
        ALLOW(rt_sigreturn),
        ALLOW(exit_group),
#ifdef __SANITIZE_ADDRESS__ /* which takes its stack of signals away at the end */
        ALLOW(sigaltstack),
#endif
        ANSWER(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool sandbox_enter(const struct sandbox *sandbox)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && set_limits(sandbox) && filter_calls(sandbox);
}
