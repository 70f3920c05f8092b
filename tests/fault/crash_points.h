#pragma once

/*
 * CONSIGN_CRASHPOINT=<function>.<before or after>[:n] ends the process by SIGKILL when it comes to
 * that point for the n-th time since its start, 1 unless told. CONSIGN_CRASHPOINT=trace writes a
 * line to stderr for each point that is reached. See docs/TESTING.md, "Crash points".
 */
void crash_point(const char *name);

/* __typeof__ makes the compiler refuse a wrap that is not declared as the function is. */
#define CRASH_POINTS(type, function, parameters, arguments)                                        \
    __typeof__(function) __real_##function, __wrap_##function;                                     \
    type __wrap_##function parameters                                                              \
    {                                                                                              \
        crash_point(#function ".before");                                                          \
        type result = __real_##function arguments;                                                 \
        crash_point(#function ".after");                                                           \
        return result;                                                                             \
    }

#define CRASH_POINTS_VOID(function, parameters, arguments)                                         \
    __typeof__(function) __real_##function, __wrap_##function;                                     \
    void __wrap_##function parameters                                                              \
    {                                                                                              \
        crash_point(#function ".before");                                                          \
        __real_##function arguments;                                                               \
        crash_point(#function ".after");                                                           \
    }
