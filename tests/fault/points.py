"""Which crash points each service comes to, and the cases that follow from that.

A point is told as CONSIGN_CRASHPOINT tells it: `store_commit.before`, and with a number when the function is called more than
once. The probes of test_crash_points.py compare this table with what a service says it reaches, so that a new effect fails the
suite until it stands here.
"""

from collections import Counter
from dataclasses import dataclass

FIRST, MIDDLE, LAST = 1, 2, 3
POSITIONS = {FIRST: "first", MIDDLE: "middle", LAST: "last"}
def points_of(functions):
    """The points before and after each call, in order."""
    calls = Counter()
    for function in functions:
        calls[function] += 1
        suffix = f":{calls[function]}" if calls[function] > 1 else ""
        yield from (f"{function}.before{suffix}", f"{function}.after{suffix}")


@dataclass(frozen=True)
class Effects:
    """What a service that has just started calls, in order, for one part of a feed."""

    kind: str                   # what the feed brings
    topic: str                  # where parts wait for the service; empty for one that is called
    first: dict                 # {position: functions}
    repeated: tuple             # functions, of the process that comes after one that died at `done`
    reached_once: dict          # {position: points that the process after the one that died there does not come to}
    done: str = "bus_run_store.before"  # where all is done for a part, and nobody knows it
    messages: int = 1           # what a part becomes on its way to the service
    is_behind_jobs: bool = False  # it has work to do when a job may have ended already


@dataclass(frozen=True)
class Case:
    """A service dies in the handling of one part: in the first delivery, or in the second, too."""

    service: str
    position: int
    point: str
    delivery: str

    def __str__(self):
        return f"{self.service}-{POSITIONS[self.position]}-{self.delivery}-{self.point}"

    @property
    def effects(self):
        return SERVICES[self.service]

    @property
    def deaths(self):
        """The point at which the process of each delivery is armed to die."""
        if self.delivery == "first":
            return (self.point,)
        if self.point in points_of(self.effects.first[self.position]):
            return (self.point, self.point)
        return (self.effects.done, self.point)

    @property
    def lives(self):
        """The second process does not come to the point at which the first one died."""
        return self.delivery == "second" and self.point in self.effects.reached_once[self.position]


def cases_of(service):
    effects = SERVICES[service]
    for position, functions in effects.first.items():
        reached = list(points_of(functions))
        yield from (Case(service, position, point, "first") for point in reached)
        yield from (Case(service, position, point, "second") for point in reached)
        yield from (Case(service, position, point, "second") for point in points_of(effects.repeated) if point not in reached)


def everywhere(value):
    return dict.fromkeys(POSITIONS, value)


# Redelivered, a run is tried alone: its offset is committed at once, not stored.
STORED = {"bus_run_store.before", "bus_run_store.after"}

NOTED = ("store_update",)                   # which run is the first of this process (ADR 0011)
WRITTEN = ("store_insert_many", "store_insert_many", "store_replace_many", "store_insert_many", "store_insert_many",
           "store_commit")
TOLD = ("bus_group_add", "bus_group_add", "bus_group_wait")
APPLIED = (*NOTED, "writers_take", *WRITTEN, *TOLD, "bus_run_store")
APPLIED_BEFORE = (*NOTED, "writers_take", "store_abort", *TOLD, "bus_run_commit")

CLAIMED = ("store_insert_many", "store_insert_many", "store_replace_many", "store_insert_many")
COMPANIES = (*NOTED, "writers_take", *CLAIMED, "store_insert_many", "store_insert_many", "store_commit", *TOLD, "bus_run_store")
# The first part brings new companies, whose public codes are counted.
NEW_COMPANIES = (*NOTED, "writers_take", *CLAIMED, "store_update", "store_insert_many", "store_insert_many", "store_commit", *TOLD,
                 "bus_run_store")

ENDED = ("store_find_and_update", "store_find_and_update")      # the chunk is folded into the job, the job completed
FOLDED = ("store_find_and_update", "store_find_and_update")     # the job is put into the batch, its totals written
ANNOUNCED = ("bus_group_add", "bus_group_wait", "store_update")
INDEXED = ("store_update",)

SERVICES = {
    "product-importer": Effects("products", "import.products", everywhere(APPLIED), APPLIED_BEFORE,
                                everywhere({"store_commit.after", *STORED})),
    "customer-importer": Effects("customers", "import.customers", {FIRST: NEW_COMPANIES, MIDDLE: COMPANIES, LAST: COMPANIES},
                                 APPLIED_BEFORE, everywhere({"store_commit.after", *STORED})),
    "search-sync": Effects("products", "search.batches",
                           everywhere((*NOTED, "search_bulk_index", "bus_group_add", "bus_group_wait", "bus_run_store")),
                           (*NOTED, "search_bulk_index", "bus_group_add", "bus_group_wait", "bus_run_commit"),
                           everywhere(STORED), is_behind_jobs=True),
    "job-tracker": Effects(
        "products", "import.progress",
        {FIRST: (*NOTED, *ENDED, "store_find_and_update", "store_insert", *FOLDED, *ANNOUNCED, *INDEXED, "bus_run_store"),
         MIDDLE: (*NOTED, *ENDED, *FOLDED, *ANNOUNCED, *INDEXED, "bus_run_store"),
         LAST: (*NOTED, *ENDED, *FOLDED, "bus_group_add", *ANNOUNCED, "store_update", *INDEXED, "bus_run_store")},
        (*NOTED, "bus_run_commit", *NOTED, "bus_run_commit"),
        {FIRST: {"store_insert.after", "store_find_and_update.before:5", "store_find_and_update.after:5", "store_update.after:3",
                 *STORED},
         MIDDLE: {"store_update.after:3", *STORED},
         LAST: {"store_update.before:4", "store_update.after:4", *STORED}},
        messages=2, is_behind_jobs=True),
    # A request, not a message: it is repeated with its Idempotency-Key.
    "ingress": Effects(
        "products", "", everywhere(("store_insert", "store_insert", "bus_group_add", "bus_group_wait", "store_update",
                                    "store_update")),
        ("store_insert", "store_update", "store_find_and_update", "bus_group_add", "bus_group_wait", "store_update",
         "store_update"),
        everywhere({"store_insert.after:2", "store_update.after:2"}), done="bus_group_wait.after"),
}
