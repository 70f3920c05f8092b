"""Each guard of "nothing twice" is needed, and the checker would notice its loss: what it says without one is seen here.

A scene is played with the services as they ship, and with one whose guard is taken out when it is linked.
"""

import pytest

import scenes

GUARDS = {  # what is taken out: service, scene, invariant that is broken then
    "receipts": ("product-importer", scenes.everything_is_delivered_again, "I1"),
    "tracker-guard": ("job-tracker", scenes.progress_is_told_twice, "I6"),
    "external-versions": ("search-sync", scenes.a_request_reaches_the_index_late, "I5"),
}


def test_with_all_guards_no_promise_is_broken():
    violations = scenes.Scene({}).play(*(happening for _, happening, _ in GUARDS.values()))
    assert not violations, violations[:20]


@pytest.mark.parametrize("guard", GUARDS)
def test_the_checker_notices_that_there_are_no(guard):
    service, happening, invariant = GUARDS[guard]
    violations = scenes.Scene({service: f"without-{guard}"}).play(happening)
    print(f"without {guard}: {len(violations)} violations, such as {violations[:1]}")
    assert invariant in {broken for broken, _ in violations}, violations[:20]
