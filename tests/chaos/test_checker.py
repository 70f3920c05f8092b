"""The checker sees what it is there for: a good state has no violation, and each damage done to it is named."""

import json

import pytest

import model
from checker import check
from journal import Journal
from observer import wrong_sample, wrong_step

REQUESTS = [  # id, tenant, sent, ended, outcome; two rows each, of the codes A and B
    ("r1", "acme", 1.0, 2.0, "accepted"), ("r2", "acme", 3.0, 4.0, "accepted"), ("r3", "globex", 1.0, 2.0, "accepted"),
    ("r4", "acme", 5.0, None, "unknown"),
]


def send(journal, request, tenant, sent, ended, outcome):
    key = None if outcome == "unknown" else request
    journal.add("requests", [(request, tenant, "products", "queue", "partial", key, None, sent, ended, outcome)])
    journal.add("rows", [(f"{request}:{position}", request, position, code, 0, json.dumps(row(request, position, code)))
                         for position, code in enumerate("AB")])
    journal.add("rows", [(f"{request}:2", request, 2, "C", 1, json.dumps(row(request, 2, "C")))])
    status, job_id = (None, None) if outcome == "unknown" else (202, f"job-{request}")
    journal.add("attempts", [(request, sent, ended, status, None, job_id)])


def row(request, position, code):
    return {"entity_code": code, "mark": f"{request}:{position}", "facts": {request: position}}


def apply(journal, requests):
    """What a right Consign makes of them."""
    current, number = {}, {}
    for request, tenant in requests:
        for position, code in enumerate("AB"):
            key = tenant, code
            journal.change("UPDATE versions SET is_current = 0 WHERE tenant = ? AND code = ?", *key)
            current[key] = model.apply("products", current.get(key), row(request, position, code), "partial", tenant)
            number[key] = number.get(key, 0) + 1
            journal.add("versions", [(tenant, "products", code, number[key], 1, f"{request}:{position}",
                                      json.dumps(current[key]), 0.0)])
        journal.add("row_errors", [(tenant, f"job-{request}", f"{request}:2")])
        journal.add("jobs", [(f"job-{request}", tenant, "completed", 3, 3, 2, 1)])
        journal.add("events", [("import-completed.products", f"job-{request}", f"job-{request}")])
    journal.add("indexed", [(tenant, code, n) for (tenant, code), n in number.items() if tenant == "acme"])


@pytest.fixture
def journal():
    journal = Journal()
    for request in REQUESTS:
        send(journal, *request)
    apply(journal, [("r1", "acme"), ("r3", "globex"), ("r2", "acme")])
    journal.add("poison", [(b"bad",)])
    journal.add("dead_letters", [("import.products.dlq", b"bad")])
    journal.add("lag", [("consign-product-importer", 0)])
    return journal


def test_a_right_state_has_no_violation(journal):
    assert check(journal) == []


DAMAGE = [
    ("a lost row", "DELETE FROM versions WHERE mark = 'r2:1'", "I1", "r2:1 has 0 versions"),
    ("a doubled version", "INSERT INTO versions SELECT tenant, kind, code, 3, 0, mark, content, at FROM versions WHERE mark = 'r2:0'",
     "I1", "r2:0 has 2 versions"),
    ("a lost row error", "DELETE FROM row_errors WHERE mark = 'r1:2'", "I1", "r1:2 has 0 versions and 0 errors"),
    ("a row error told twice", "INSERT INTO row_errors SELECT * FROM row_errors WHERE mark = 'r1:2'", "I1", "r1:2"),
    ("a row that nobody sent", "INSERT INTO versions VALUES ('acme', 'products', 'D', 1, 1, 'ghost', '{}', 0)", "I1", "ghost"),
    ("a refused request that is applied", "UPDATE requests SET outcome = 'refused' WHERE id = 'r1'", "I1", "refused"),
    ("half of an unanswered request", "INSERT INTO versions VALUES ('acme', 'products', 'Z', 1, 1, 'r4:0', '{}', 0)", "I1", "in part"),
    ("a key that was never resolved", "UPDATE requests SET outcome = 'unknown' WHERE id = 'r1'", "I1", "never taken"),
    ("a key with two jobs", "INSERT INTO attempts VALUES ('r1', 1, 2, 202, NULL, 'another')", "I1", "several jobs"),
    ("an internal error", "INSERT INTO attempts VALUES ('r1', 1, 2, 500, 'internal', NULL)", "I1", "500 internal"),
    ("a gap", "UPDATE versions SET number = 5 WHERE mark = 'r2:0'", "I2", "missing [2, 3, 4]"),
    ("the same version twice", "UPDATE versions SET number = 1 WHERE mark = 'r2:0'", "I2", "up to 1"),
    ("two currents", "UPDATE versions SET is_current = 1 WHERE mark = 'r1:0'", "I3", "current versions [1, 2]"),
    ("no current", "UPDATE versions SET is_current = 0 WHERE mark = 'r2:0'", "I3", "current versions []"),
    ("an old version that is current", "UPDATE versions SET is_current = 1 - is_current WHERE tenant = 'acme'", "I3", "[1]"),
    ("requests out of order", "UPDATE versions SET number = 3 - number WHERE tenant = 'acme' AND code = 'A'", "I4", "before r2 was sent"),
    ("a wrong content", "UPDATE versions SET content = replace(content, 'pcs', 'kg') WHERE mark = 'r2:0'", "I4", "['unit']"),
    ("a lost merge", """UPDATE versions SET content = replace(content, '"r1": 0, ', '') WHERE mark = 'r2:0'""", "I4", "['facts']"),
    ("a job that is gone", "DELETE FROM jobs WHERE id = 'job-r1'", "I6", "is None with"),
    ("an index behind", "UPDATE indexed SET number = 1 WHERE code = 'A'", "I5", "2 in the database and 1 in the index"),
    ("a product not in the index", "DELETE FROM indexed WHERE code = 'B'", "I5", "None in the index"),
    ("a product only in the index", "INSERT INTO indexed VALUES ('acme', 'X', 1)", "I5", "None in the database"),
    ("a miscounted job", "UPDATE jobs SET successful = 3 WHERE id = 'job-r1'", "I6", "job-r1"),
    ("a job without end", "UPDATE jobs SET status = 'processing' WHERE id = 'job-r1'", "I6", "processing"),
    ("a lost job", "DELETE FROM jobs WHERE id = 'job-r1'", "I6", "None"),
    ("a double event", "INSERT INTO events VALUES ('import-completed.products', 'job-r1', 'other')", "I6", "2 completion events"),
    ("a missing event", "DELETE FROM events WHERE key = 'job-r1'", "I6", "0 completion events"),
    ("a batch never announced", "INSERT INTO batches VALUES ('acme', 'b1')", "I6", "b1 has 0 completion events"),
    ("a foreign row", "UPDATE versions SET tenant = 'globex', code = 'Q' WHERE mark = 'r1:0'", "I7", "of acme stands in globex's Q"),
    ("messages left", "UPDATE lag SET messages = 7", "I8", "7 messages left"),
    ("an innocent dead letter", "INSERT INTO dead_letters VALUES ('import.products.dlq', x'00')", "I9", "no poison"),
    ("poison that vanished", "DELETE FROM dead_letters", "I9", "no dead letter queue"),
    ("an alarm while it ran", "INSERT INTO alarms VALUES ('I3', 'two currents')", "I3", "two currents"),
]


@pytest.mark.parametrize("damage, invariant, words", [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_the_checker_names(journal, damage, invariant, words):
    journal.change(damage)
    assert [what for broken, what in check(journal) if broken == invariant and words in what], check(journal)


def test_a_repeated_event_with_its_id_is_no_violation(journal):
    journal.change("INSERT INTO events SELECT * FROM events WHERE key = 'job-r1'")
    assert check(journal) == []


def test_requests_at_the_same_time_may_come_in_either_order(journal):
    journal.change("UPDATE requests SET ended = 3.5 WHERE id = 'r1'")
    journal.change("UPDATE versions SET number = 3 - number, is_current = 1 - is_current WHERE tenant = 'acme'")
    assert {invariant for invariant, what in check(journal) if "before" in what} == set()


def test_rows_of_a_request_keep_their_order(journal):
    journal.change("UPDATE rows SET code = 'A' WHERE mark = 'r2:1'")
    journal.change("UPDATE versions SET code = 'A', number = 2, is_current = 0 WHERE mark = 'r2:1'")
    journal.change("UPDATE versions SET number = 3 WHERE mark = 'r2:0'")
    assert [what for invariant, what in check(journal) if invariant == "I4" and "an earlier row of r2" in what]


def version(number, is_current=True):
    return {"version": number, "isCurrent": is_current}


@pytest.mark.parametrize("before, old, after, is_right", [
    (None, [], None, True), (version(1), [], version(1), True), (version(2), [(1, False)], version(2), True),
    (None, [(1, False)], version(2), True), (version(2), [(1, False), (2, False)], version(3), True),
    (version(2), [], version(2), False), (version(2), [(1, True)], version(2), False), (None, [(1, False)], None, False),
    (version(3), [(1, False), (3, False)], version(4), False), (version(2, False), [(1, False)], version(2), False),
    (version(1), [(1, False)], version(1), False),
])
def test_a_sample_of_a_product_shows_one_current_version(before, old, after, is_right):
    assert (list(wrong_sample(before, old, after)) == []) is is_right


def job(status, successful, failed=0, processed=None):
    return {"status": status, "processed_rows": successful + failed if processed is None else processed,
            "successful_rows": successful, "failed_rows": failed, "created_rows": 0, "indexed_rows": 0}


@pytest.mark.parametrize("before, now, is_right", [
    (None, job("pending", 0), True), (job("processing", 1), job("completed", 2, 1), True),
    (None, job("processing", 1, processed=2), False), (job("processing", 2), job("processing", 1), False),
    (job("completed", 2), job("processing", 2), False),
])
def test_a_job_may_only_go_forward(before, now, is_right):
    assert (list(wrong_step(before, now)) == []) is is_right
