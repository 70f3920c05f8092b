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

    service: str
    kind: str                   # what the feed brings
    topic: str                  # where parts wait for the service; empty for one that is called
    first: dict                 # {position: functions}
    repeated: tuple             # functions, of the process that comes after one that died at `done`
    reached_once: dict          # {position: points that the process after the one that died there does not come to}
    done: str = "bus_run_store.before"  # where all is done for a part, and nobody knows it
    messages: int = 1           # what a part becomes on its way to the service
    is_behind_jobs: bool = False  # it has work to do when a job may have ended already
    is_in_every_part: bool = False  # it dies in every part of three, not in the two of a shorter feed

    @property
    def positions(self):
        return tuple(POSITIONS) if self.is_in_every_part else (FIRST, LAST)


@dataclass(frozen=True)
class Case:
    """A service dies at one point in the handling of parts of a feed."""

    name: str               # of SERVICES
    point: str
    deliveries: tuple       # by part: it dies in the "first", in the "second", too, or not: None

    def __str__(self):
        return f"{self.name}-{self.point}-{'+'.join(delivery or 'not' for delivery in self.deliveries)}"

    @property
    def effects(self):
        return SERVICES[self.name]

    def parts(self):
        """[(position, delivery)]"""
        return list(zip(self.effects.positions, self.deliveries))

    def deaths(self, position, delivery):
        """The point at which the process of each delivery dies."""
        if delivery is None:
            return ()
        if self.point not in points_of(self.effects.first[position]):
            return (self.effects.done, self.point)
        return (self.point, self.point) if delivery == "second" and not self.lives(position, delivery) else (self.point,)

    def lives(self, position, delivery):
        """The second process does not come to the point at which the first one died."""
        return delivery == "second" and self.point in self.effects.reached_once[position]


def cases_of(name):
    """Each point in the first and in the second delivery: in every part, or, where time is short, in one of each."""
    effects = SERVICES[name]
    reached = {position: tuple(points_of(functions)) for position, functions in effects.first.items()}
    for point in dict.fromkeys(point for points in reached.values() for point in points):
        where = [point in reached[position] for position in effects.positions]
        if effects.is_in_every_part or not all(where):
            yield from (Case(name, point, tuple(delivery if is_here else None for is_here in where))
                        for delivery in ("first", "second"))
        else:
            yield Case(name, point, ("first", "second"))
    for point in dict.fromkeys(points_of(effects.repeated)):
        if not any(point in points for points in reached.values()):
            yield Case(name, point, ("second",) * len(effects.positions))


def everywhere(value):
    return dict.fromkeys(POSITIONS, value)


def calls(function, *numbers):
    return {f"{function}.{side}:{number}" for side in ("before", "after") for number in numbers}


# What comes again is tried alone: its offset is committed at once, not stored.
STORED = {"bus_run_store.before", "bus_run_store.after"}

NOTED = ("store_update",)  # which run is the first of this process (ADR 0011)
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

ENDED = ("store_find_and_update", "store_find_and_update")  # the chunk is folded into the job, the job completed
FOLDED = ("store_find_and_update", "store_find_and_update")  # the job is put into the batch, its totals written
ANNOUNCED = ("bus_group_add", "bus_group_wait", "store_update")
INDEXED = ("store_update",)

FORWARDED = ("bus_group_add", "bus_group_wait", "bus_run_commit")
KEPT = ("blob_put", "store_delete", "store_delete_many", "store_insert_many", "store_insert")
READ = ("bus_group_add", "bus_group_add", "bus_group_add", "bus_group_wait", "bus_publish")

SERVICES = {
    "product-importer": Effects("product-importer", "products", "import.products", everywhere(APPLIED), APPLIED_BEFORE,
                                everywhere({"store_commit.after", *STORED}), is_in_every_part=True),
    "customer-importer": Effects("customer-importer", "customers", "import.customers", {FIRST: NEW_COMPANIES, LAST: COMPANIES},
                                 APPLIED_BEFORE, everywhere({"store_commit.after", *STORED})),
    "search-sync": Effects("search-sync", "products", "search.batches",
                           everywhere((*NOTED, "search_bulk_index", "bus_group_add", "bus_group_wait", "bus_run_store")),
                           (*NOTED, "search_bulk_index", "bus_group_add", "bus_group_wait", "bus_run_commit"),
                           everywhere(STORED), is_behind_jobs=True),
    "job-tracker": Effects(
        "job-tracker", "products", "import.progress",
        {FIRST: (*NOTED, *ENDED, "store_find_and_update", "store_insert", *FOLDED, *ANNOUNCED, *INDEXED, "bus_run_store"),
         LAST: (*NOTED, *ENDED, *FOLDED, "bus_group_add", *ANNOUNCED, "store_update", *INDEXED, "bus_run_store")},
        (*NOTED, "bus_run_commit", *NOTED, "bus_run_commit"),
        {FIRST: {"store_insert.after", *calls("store_find_and_update", 4, 5), "store_update.after:3", *STORED},
         LAST: {*calls("store_find_and_update", 3, 4), *calls("store_update", 4), *STORED}},
        messages=2, is_behind_jobs=True),
    # A request, not a message: it is repeated with its Idempotency-Key.
    "ingress": Effects(
        "ingress", "products", "",
        everywhere(("store_insert", "store_insert", "bus_group_add", "bus_group_wait", "store_update", "store_update")),
        ("store_insert", "store_update", "store_find_and_update", "bus_group_add", "bus_group_wait", "store_update",
         "store_update"),
        everywhere({"store_insert.after:2", "store_update.after:2"}), done="bus_group_wait.after", is_in_every_part=True),
    # The brand is applied, the products that it lists and the search for those that embed it go to the next importer.
    "entity-importer": Effects(
        "entity-importer", "brands", "import.entities",
        everywhere((*NOTED, "writers_take", *WRITTEN, "bus_group_add", *TOLD, "bus_run_store")),
        (*NOTED, "writers_take", "store_abort", *FORWARDED, *NOTED, *FORWARDED, *NOTED, *FORWARDED),
        everywhere({"store_commit.after", *STORED}), messages=3),
    "file-reader": Effects("file-reader", "file", "import.files", everywhere((*NOTED, *READ, "bus_run_store")),
                           (*NOTED, *READ, "bus_run_commit"), everywhere(STORED)),
    "ingress-file": Effects(
        "ingress", "file", "",
        everywhere(("store_insert", *KEPT, "store_insert", "bus_publish", "store_update", "store_update")),
        ("store_insert", "store_update", "store_find_and_update", *KEPT, "bus_publish", "store_update", "store_update"),
        everywhere({"store_insert.after:3", "store_update.after:2"}), done="bus_publish.after"),
}
