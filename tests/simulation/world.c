#include "simulation/world.h"

#include "base/clock.h"
#include "base/id.h"
#include "log/log.h"
#include "runtime/runtime.h"
#include "simulation/models.h"
#include "support/gen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

enum {
    MAX_PROCESSES = 16,
    STACK_BYTES = 1 << 20,
    MAX_TURNS = 60000,
    MAX_FAULTS = 40,
    ALWAYS = 10000,
    QUIET_MS = 150000, /* longer than every time-out of the protocol */
    PAUSE_MS = 90000,
    SHORT_PAUSE_MS = 50,
    RESTART_MS = 5000,
};

struct seat {
    struct process process;
    ucontext_t context;
};

static struct {
    struct arena *arena;
    struct gen gen;
    enum mutation mutation;
    bool trace;
    bool is_stopping;
    int64_t now_ms;
    int64_t changed_at_ms;
    unsigned faults_left;
    unsigned rates[FAULTS]; /* of ALWAYS */
    unsigned turns;
    struct seat seats[MAX_PROCESSES];
    size_t count;
    struct seat *running;
    ucontext_t scheduler;
    char violation[512];
} world;

static unsigned char stacks[MAX_PROCESSES][STACK_BYTES] __attribute__((aligned(64)));

/* ---- what everybody may ask ---- */

struct arena *world_arena(void)
{
    return world.arena;
}

uint64_t world_random(uint64_t below)
{
    return below > 0 ? gen_below(&world.gen, below) : 0;
}

int64_t world_now_ms(void)
{
    return world.now_ms;
}

bool world_is_stopping(void)
{
    return world.is_stopping;
}

bool world_is_mutated(enum mutation mutation)
{
    return world.mutation == mutation;
}

struct process *world_self(void)
{
    return world.running ? &world.running->process : NULL;
}

bool world_self_is_dead(void)
{
    return world.running && (world.running->process.is_dead || world.is_stopping);
}

bool world_has_fault(enum fault fault)
{
    if (world.faults_left == 0 || world.rates[fault] == 0 ||
        world_random(ALWAYS) >= world.rates[fault]) {
        return false;
    }
    world.faults_left--;
    return true;
}

void world_note_change(void)
{
    world.changed_at_ms = world.now_ms;
}

void world_wake_readers(void)
{
    for (size_t i = 0; i < world.count; i++) {
        if (world.seats[i].process.is_idle) {
            world.seats[i].process.wakes_at_ms = world.now_ms;
        }
    }
}

static void print_line(const char *fmt, va_list args)
{
    static const char *const names[] = {"client", "importer", "search-sync", "tracker"};
    const struct process *self = world_self();

    fprintf(stderr, "%9.3f %11s %u  ", (double)(world.now_ms % 10000000) / 1000,
            self ? names[self->role] : "world", self ? self->number : 0);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

void world_trace(const char *fmt, ...)
{
    va_list args;

    if (world.trace) {
        va_start(args, fmt);
        print_line(fmt, args);
        va_end(args);
    }
}

void world_violate(const char *fmt, ...)
{
    va_list args;

    if (!world.violation[0]) {
        va_start(args, fmt);
        vsnprintf(world.violation, sizeof(world.violation), fmt, args);
        va_end(args);
        world_trace("VIOLATION: %s", world.violation);
    }
}

const char *world_violation(void)
{
    return world.violation[0] ? world.violation : NULL;
}

/* ---- turns ---- */

static void give_up_turn(void)
{
    struct seat *self = world.running;

    swapcontext(&self->context, &world.scheduler);
}

static void process_main(void)
{
    struct process *process = &world.running->process;

    while (!world.is_stopping) {
        process->run(process);
        if (process->is_dead) {
            world_trace("starts again");
            process->is_dead = false;
        }
        if (!world.is_stopping) {
            process->wakes_at_ms = world.now_ms + (int64_t)world_random(RESTART_MS);
            give_up_turn();
        }
    }
    process->is_finished = true;
    give_up_turn();
}

static void die(const char *when, const char *effect, const char *object)
{
    world_trace("is killed %s %s %s", when, effect, object);
    world.running->process.is_dead = true;
}

/* Mostly short, so that the others take a few steps; or longer than leases and time-outs. */
static int64_t pause_ms(void)
{
    return (int64_t)world_random(world_random(3) ? SHORT_PAUSE_MS : PAUSE_MS);
}

bool world_before(const char *effect, const char *object, struct err *err)
{
    if (world.running && !world_self_is_dead()) {
        if (world_has_fault(FAULT_PAUSE)) {
            world_trace("stands still before %s %s", effect, object);
            world_sleep(pause_ms(), false);
        } else if (world_random(2)) {
            give_up_turn();
        }
        if (!world_self_is_dead() && world_has_fault(FAULT_KILL)) {
            die("before", effect, object);
        }
    }
    if (world_self_is_dead() || (world.running && world_has_fault(FAULT_FAIL))) {
        world_trace("fails: %s %s", effect, object);
        return err_set(err, ERR_UNAVAILABLE, "%s %s", effect, object);
    }
    world_trace("%s %s", effect, object);
    return true;
}

bool world_after(const char *effect, const char *object, struct err *err)
{
    if (world.running && !world.is_stopping && world_has_fault(FAULT_KILL)) {
        die("after", effect, object);
    }
    if (world_self_is_dead() || (world.running && world_has_fault(FAULT_UNKNOWN))) {
        world_trace("is not told of: %s %s", effect, object);
        return err_set(err, ERR_UNAVAILABLE, "the outcome of %s %s is unknown", effect, object);
    }
    return true;
}

void world_sleep(int64_t ms, bool for_messages)
{
    struct process *self = world_self();

    if (world_self_is_dead()) {
        return;
    }
    self->wakes_at_ms = world.now_ms + ms;
    self->is_idle = for_messages;
    give_up_turn();
    self->is_idle = false;
}

/* ---- the world's own turns ---- */

static struct seat *pick(void)
{
    struct seat *ready[MAX_PROCESSES];
    size_t count = 0;

    for (size_t i = 0; i < world.count; i++) {
        if (world.seats[i].process.wakes_at_ms <= world.now_ms) {
            ready[count++] = &world.seats[i];
        }
    }
    return count > 0 ? ready[world_random(count)] : NULL;
}

static void advance_clock(void)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < world.count; i++) {
        if (world.seats[i].process.wakes_at_ms < next_ms) {
            next_ms = world.seats[i].process.wakes_at_ms;
        }
    }
    world.now_ms = next_ms;
}

static bool is_quiet(void)
{
    for (size_t i = 0; i < world.count; i++) {
        if (!world.seats[i].process.is_idle) {
            return false;
        }
    }
    return world.now_ms - world.changed_at_ms > QUIET_MS && !bus_model_has_late();
}

static void resume(struct seat *seat)
{
    world.running = seat;
    swapcontext(&world.scheduler, &seat->context);
    world.running = NULL;
}

/* What happens to the processes from outside. */
static void strike(void)
{
    if (world_has_fault(FAULT_REBALANCE)) {
        bus_model_rebalance();
    }
    if (world_has_fault(FAULT_RESET)) {
        bus_model_reset_offsets();
    }
    bus_model_deliver_late();
}

static void stop_all(void)
{
    world.is_stopping = true;
    for (size_t i = 0; i < world.count; i++) {
        while (!world.seats[i].process.is_finished) {
            resume(&world.seats[i]);
        }
    }
}

void world_run(void)
{
    while (!world_violation() && !is_quiet()) {
        struct seat *seat = pick();

        if (seat) {
            strike();
            world.now_ms += (int64_t)world_random(3);
            resume(seat);
        } else {
            advance_clock();
        }
        if (++world.turns > MAX_TURNS) {
            world_violate("there is no end");
        }
    }
    stop_all();
}

static void draw_faults(void)
{
    static const unsigned usual[FAULTS] = {50, 50, 50, 50, 100, 10, 100, 100};
    static const unsigned factors[] = {0, 0, 1, 1, 6};

    world.faults_left = (unsigned)world_random(MAX_FAULTS);
    for (size_t i = 0; i < FAULTS; i++) {
        world.rates[i] = usual[i] * factors[world_random(sizeof(factors) / sizeof(factors[0]))];
    }
}

void world_begin(uint64_t seed, enum mutation mutation, bool trace)
{
    struct arena *arena = world.arena ? world.arena : arena_new();

    arena_reset(arena);
    memset(&world, 0, offsetof(typeof(world), seats));
    world.arena = arena;
    world.count = 0;
    world.violation[0] = '\0';
    world.gen = gen_new(seed * 0x9e3779b97f4a7c15ULL + 1);
    world.mutation = mutation;
    world.trace = trace;
    world.now_ms = 1777035530000;
    world.changed_at_ms = world.now_ms;
    draw_faults();
}

void world_spawn(enum role role, void (*run)(struct process *process))
{
    struct seat *seat = &world.seats[world.count];

    seat->process = (struct process){.role = role, .number = (unsigned)world.count, .run = run};
    getcontext(&seat->context);
    seat->context.uc_stack.ss_sp = stacks[world.count++];
    seat->context.uc_stack.ss_size = STACK_BYTES;
    seat->context.uc_link = NULL;
    makecontext(&seat->context, process_main, 0);
}

void world_end(void)
{
    arena_free(world.arena);
    world.arena = NULL;
}

/* ---- what the code under test takes for the outside (linker option --wrap) ---- */

int64_t __wrap_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void)
{
    return world.now_ms;
}

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void)
{
    return world.now_ms;
}

/* Waits are a turn of the others, of any length: the machine is busy. */
int __wrap_nanosleep(const struct timespec *span, struct timespec *left);
int __wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
    (void)left;
    world_sleep(span->tv_nsec / 1000000 + (int64_t)world_random(700), false);
    return 0;
}

void __wrap_id_random(void *out, size_t n);
void __wrap_id_random(void *out, size_t n)
{
    unsigned char *bytes = out;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = (unsigned char)world_random(256);
    }
}

void __wrap_log_write(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void __wrap_log_write(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (world.trace && level >= LOG_LEVEL_INFO) {
        va_start(args, fmt);
        print_line(fmt, args);
        va_end(args);
    }
}

bool runtime_should_stop(const struct runtime *runtime)
{
    (void)runtime;
    return world_self_is_dead();
}

void runtime_set_ready(struct runtime *runtime, bool ready)
{
    (void)runtime;
    (void)ready;
}
