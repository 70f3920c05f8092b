"""Whatever a service does outside can be the last thing it does: each function with an effect has crash points."""

import re

from tree import ROOT, assert_none, code_of, sources

FAULT = ROOT / "tests/fault"
LIBRARIES = ("bus", "store", "search", "blob")
DECLARATION = re.compile(r"^(?!typedef|static|#|DEFINE_AUTO)[a-z][\w ]*[ *](\w+)\(", re.MULTILINE)
WRAP = re.compile(r"^CRASH_POINTS(?:_VOID)?\((?:bool, )?(\w+),", re.MULTILINE)

# What has no effect that a later process could find, and why.
WITHOUT_EFFECT = {
    "it reads": """
        bus_producer_is_up bus_producer_await_up bus_message_header bus_run_is_held bus_consumer_partitions bus_consumer_is_member
        bus_scan bus_group_lag store_ping store_find store_find_ids store_get store_count search_ping search_find
        blob_store_of_tenant blob_store_of_job blob_is_bucket blob_read blob_fetch blob_check_link""",
    "what it makes or frees is the process's own": """
        bus_producer_open bus_group_new bus_group_free bus_run_free bus_consumer_open store_open store_close store_session_open
        search_open search_close blobs_open blobs_close""",
    "what it writes is the caller's": "store_match_ids blob_store_append blob_append_link blob_append_disposition",
    "a process that is killed stops taking messages, too": "bus_consumer_take bus_consumer_idle",
    "it sends what was added to groups and commits what was stored, as time does, too": "bus_producer_close bus_consumer_close",
    "nothing is sent before the first operation": "store_begin",
    "it aborts what was not committed, as the death of its process does": "store_session_close",
}
OF_THE_ADMIN_ALONE = {"bus_create_topics", "store_create_schema", "search_put_template"}


def public_headers():
    """Those whose functions speak to a server themselves, not through others of these."""
    yield from (ROOT / f"libshared/{library}/{library}.h" for library in LIBRARIES)
    for path in sources("libshared", suffixes=(".h",)):
        code = path.with_suffix(".c")
        if path.parent.name == "store" and path.name != "store.h" and code.exists() and "store_internal.h" in code.read_text():
            yield path


def declared():
    return {name for header in public_headers() for name in DECLARATION.findall(code_of(header))}


def wrapped_for(library):
    return set(WRAP.findall((FAULT / f"crash_points_{library}.c").read_text()))


def linked_for(library):
    text = (FAULT / "CMakeLists.txt").read_text()
    return set(re.search(rf"^set\(effects_{library} ([^)]*)\)", text, re.MULTILINE).group(1).split())


def test_every_function_with_an_effect_has_crash_points():
    points = set.union(*map(wrapped_for, LIBRARIES))
    without = set(" ".join(WITHOUT_EFFECT.values()).split()) | OF_THE_ADMIN_ALONE
    assert len(declared()) > 50, "the headers were not understood"
    assert_none([f"{name}: wrap it in tests/fault/crash_points_*.c, or say here why it has no effect"
                 for name in sorted(declared() - points - without)])
    assert_none([f"{name} is listed twice" for name in sorted(points & without)])
    assert_none([f"{name} does not exist any more" for name in sorted((points | without) - declared())])


def test_what_is_wrapped_is_what_the_linker_is_told():
    assert {library: wrapped_for(library) for library in LIBRARIES} == {library: linked_for(library) for library in LIBRARIES}


def test_no_service_calls_what_only_the_admin_or_tests_may():
    found = []
    for path in sources("libshared", "services", suffixes=(".c",)):
        called = set(re.findall(r"\b(\w+)\(", code_of(path)))
        if "services/admin" not in str(path):
            own = {name for name in called if re.search(rf"^bool {name}\(", code_of(path), re.MULTILINE)}
            found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(called & (OF_THE_ADMIN_ALONE) - own)]
    assert_none(found)


def test_every_service_that_takes_a_part_has_a_variant_with_crash_points():
    text = (FAULT / "CMakeLists.txt").read_text()
    foreach = re.search(r"foreach\(service ([^)]*)\)", text).group(1).split()
    named = re.findall(r"^crash_points\(([a-z-]+) ", text, re.MULTILINE)
    services = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()} - {"admin", "sheet-reader"}
    assert set(foreach) | set(named) == services
