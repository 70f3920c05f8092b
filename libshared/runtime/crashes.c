#include "runtime/crashes.h"

#include "base/strmap.h"
#include "store/attempts.h"

#include <stdio.h>

enum { NAME_SIZE = 200 };

struct crashes {
    struct store *store;
    struct store_session *session; /* NULL before the first run */
    const char *group;
    struct arena *arena;
    struct strmap *partitions; /* "group|topic|number" -> struct partition */
};

struct partition {
    const char *name;
    struct attempt note; /* as it stands in the database, once the partition is suspected */
    bool is_suspected;
    bool is_trusted; /* no note is needed any more */
};

struct crashes *crashes_open(struct store *store, const char *group)
{
    struct crashes *crashes = mem_calloc(1, sizeof(*crashes));

    crashes->store = store;
    crashes->group = group;
    crashes->arena = arena_new();
    crashes->partitions = strmap_new(crashes->arena);
    return crashes;
}

void crashes_close(struct crashes *crashes)
{
    if (!crashes) {
        return;
    }
    store_session_close(crashes->session);
    arena_free(crashes->arena);
    mem_free(crashes);
}

/* NULL for one that no run was admitted of. */
static struct partition *find_partition(const struct crashes *crashes,
                                        const struct bus_message *message)
{
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "%s|%s|%d", crashes->group, message->topic, message->partition);
    return strmap_get(crashes->partitions, name);
}

static struct partition *add_partition(struct crashes *crashes, const struct bus_message *message)
{
    struct partition *partition = arena_calloc(crashes->arena, 1, sizeof(*partition));

    partition->name = arena_printf(crashes->arena, "%s|%s|%d", crashes->group, message->topic,
                                   message->partition);
    strmap_put(crashes->partitions, partition->name, partition);
    return partition;
}

static bool note(struct crashes *crashes, struct partition *partition,
                 const struct attempt *attempt, struct err *err)
{
    if (!attempts_put(crashes->session, partition->name, attempt, err)) {
        return false;
    }
    partition->note = *attempt;
    return true;
}

/* Meets the partition for the first time: did the one before us get beyond this run? */
static bool question(struct crashes *crashes, struct partition *partition,
                     const struct bus_run *run, struct err *err)
{
    struct attempt previous;

    if (attempts_get(crashes->session, partition->name, &previous, err)) {
        partition->is_suspected = previous.offset == run->messages[0].offset;
        partition->note = previous;
        return true;
    }
    return err->kind == ERR_NOT_FOUND;
}

static bool is_in_doubt(const struct partition *partition, const struct bus_message *message)
{
    return partition->is_suspected && message->offset <= partition->note.last;
}

bool crashes_admit(struct crashes *crashes, const struct bus_run *run, struct err *err)
{
    const struct bus_message *first = &run->messages[0];

    if (!crashes->store) {
        return true;
    }
    if (!crashes->session && !store_session_open(crashes->store, &crashes->session, err)) {
        return false;
    }
    struct partition *partition = find_partition(crashes, first);

    if (!partition) {
        partition = add_partition(crashes, first);
    }
    if (partition->is_trusted || is_in_doubt(partition, first)) {
        return true;
    }
    if (!partition->is_suspected && !question(crashes, partition, run, err)) {
        return false;
    }
    if (is_in_doubt(partition, first)) {
        return true;
    }
    const struct attempt attempt = {first->offset, run->messages[run->count - 1].offset, 0};

    partition->is_suspected = false;
    partition->is_trusted = note(crashes, partition, &attempt, err);
    return partition->is_trusted;
}

bool crashes_suspects(const struct crashes *crashes, const struct bus_run *run)
{
    const struct partition *partition = find_partition(crashes, &run->messages[0]);

    return partition && is_in_doubt(partition, &run->messages[0]);
}

unsigned crashes_count(const struct crashes *crashes, const struct bus_message *message)
{
    const struct partition *partition = find_partition(crashes, message);

    return partition && partition->note.offset == message->offset ? partition->note.count : 0;
}

static bool note_count(struct crashes *crashes, const struct bus_message *message, unsigned count,
                       struct err *err)
{
    struct partition *partition = find_partition(crashes, message);
    const struct attempt attempt = {message->offset, partition->note.last, count};

    return note(crashes, partition, &attempt, err);
}

bool crashes_begin(struct crashes *crashes, const struct bus_message *message, struct err *err)
{
    return note_count(crashes, message, crashes_count(crashes, message) + 1, err);
}

bool crashes_end(struct crashes *crashes, const struct bus_message *message, struct err *err)
{
    return note_count(crashes, message, crashes_count(crashes, message) - 1, err);
}
