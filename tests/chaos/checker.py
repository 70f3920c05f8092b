"""Compares what the journal says was accepted with what it says was found. Knows nothing of the services.

Every check yields what is wrong, in words; nothing is asserted here, so that a run reports all of it.
"""

import json
from collections import defaultdict

import model

SEARCHED = ("acme",)    # tenants whose products are to be found in the search index
FOR_EVER = float("inf")


def check(journal):
    """[(invariant, what is wrong)]"""
    violations = [tuple(row) for row in journal.query("SELECT invariant, what FROM alarms")]
    for invariant, find in CHECKS:
        violations += [(invariant, what) for what in find(journal)]
    return violations


# ---- I1: every accepted row has exactly one version or one error ----

OUTCOMES = """
WITH made AS (SELECT mark, count(*) AS n FROM versions GROUP BY mark),
     told AS (SELECT mark, count(*) AS n FROM row_errors GROUP BY mark)
SELECT rows.mark, rows.is_bad, coalesce(made.n, 0), coalesce(told.n, 0), requests.outcome, requests.id
FROM rows JOIN requests ON requests.id = rows.request
LEFT JOIN made ON made.mark = rows.mark LEFT JOIN told ON told.mark = rows.mark"""


def rows_without_their_outcome(journal):
    for mark, is_bad, made, told, outcome, _ in journal.query(OUTCOMES):
        expected = (0, 1) if is_bad else (1, 0)
        if outcome == "accepted" and (made, told) != expected:
            yield f"accepted row {mark} has {made} versions and {told} errors, not {expected[0]} and {expected[1]}"
        if outcome == "refused" and (made, told) != (0, 0):
            yield f"row {mark} of a refused request has {made} versions and {told} errors"
    for mark, tenant, code in journal.query("SELECT mark, tenant, code FROM versions WHERE mark NOT IN (SELECT mark FROM rows)"):
        yield f"{tenant}'s {code} has a version of row {mark}, which nobody sent"


def requests_applied_in_part(journal):
    """A request whose answer was lost is wholly applied, each row once, or not at all."""
    outcomes = defaultdict(set)
    for _, is_bad, made, told, outcome, request in journal.query(OUTCOMES):
        if outcome == "unknown":
            expected = (0, 1) if is_bad else (1, 0)
            outcomes[request].add({expected: "applied", (0, 0): "not applied"}.get((made, told), f"{made} times, {told} errors"))
    for request, found in outcomes.items():
        if found not in ({"applied"}, {"not applied"}):
            yield f"request {request} without an answer is applied in part: {', '.join(sorted(found))}"


def requests_without_end(journal):
    for (request,) in journal.query("SELECT id FROM requests WHERE key IS NOT NULL AND outcome != 'accepted'"):
        last = journal.query("SELECT status, code FROM attempts WHERE request = ? ORDER BY ended DESC LIMIT 1", request)
        yield f"request {request} with a key was repeated and never taken, last answer {last}"


def keys_with_two_jobs(journal):
    for request, jobs in journal.query("""
            SELECT request, group_concat(DISTINCT job_id) FROM attempts
            WHERE status IN (200, 202) GROUP BY request HAVING count(DISTINCT job_id) != 1"""):
        yield f"request {request} became several jobs: {jobs}"


def unexpected_answers(journal):
    for request, status, code in journal.query("""
            SELECT request, status, code FROM attempts
            WHERE status IS NOT NULL AND status NOT IN (200, 202, 409, 503)"""):
        yield f"request {request} was answered {status} {code}"


# ---- I2, I3: versions 1..n without gaps, one current ----

def histories(journal):
    """((tenant, kind, code), [(number, is current, mark, content)]) in the order of numbers"""
    found, key = [], None
    for *identity, number, is_current, mark, content in journal.query("""
            SELECT tenant, kind, code, number, is_current, mark, content FROM versions
            ORDER BY tenant, kind, code, number"""):
        if key is not None and identity != key:
            yield tuple(key), found
            found = []
        key = identity
        found.append((number, is_current, mark, content))
    if found:
        yield tuple(key), found


def gaps(journal):
    for (tenant, _, code), versions in histories(journal):
        numbers = [number for number, *_ in versions]
        if numbers != list(range(1, len(numbers) + 1)):
            missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
            yield f"{tenant}'s {code} has {len(numbers)} versions up to {max(numbers)}, missing {missing}"


def currents(journal):
    for (tenant, _, code), versions in histories(journal):
        current = [number for number, is_current, *_ in versions if is_current]
        if current != [versions[-1][0]]:
            yield f"{tenant}'s {code} has the current versions {current}, the last one is {versions[-1][0]}"


# ---- I4: content equals the model's replay in the order accepted ----

def read_requests(journal):
    return {request: (sent, ended if outcome == "accepted" else FOR_EVER, mode) for request, sent, ended, outcome, mode in
            journal.query("SELECT id, sent, ended, outcome, mode FROM requests")}


def rows_out_of_order(journal):
    """What was accepted before another request was sent comes before it; of requests at the same time either may.

    Within a request the order is that of its rows.
    """
    requests = read_requests(journal)
    places = {mark: (request, position) for mark, request, position in
              journal.query("SELECT mark, request, position FROM rows")}
    for (tenant, _, code), versions in histories(journal):
        latest_sent, latest, last_position = 0, None, {}
        for number, _, mark, _ in versions:
            request, position = places.get(mark, (None, None))
            if request is None:
                continue
            sent, ended, _ = requests[request]
            if ended < latest_sent:
                yield f"{tenant}'s {code} version {number} is of {request}, which had been accepted before {latest} was sent"
            if position < last_position.get(request, -1):
                yield f"{tenant}'s {code} version {number} is of an earlier row of {request} than the version before"
            last_position[request] = position
            if sent > latest_sent:
                latest_sent, latest = sent, request


def wrong_contents(journal):
    requests = read_requests(journal)
    rows = {mark: (request, content) for mark, request, content in journal.query("SELECT mark, request, content FROM rows")}
    for (tenant, kind, code), versions in histories(journal):
        current = None
        for number, _, mark, content in versions:
            found = json.loads(content)
            if mark in rows:
                request, row = rows[mark]
                current = model.apply(kind, current, json.loads(row), requests[request][2], tenant)
                if found != current:
                    names = sorted(name for name in {*found, *current} if found.get(name) != current.get(name))
                    yield (f"{tenant}'s {code} version {number} differs from the model in {names}: "
                           f"{ {name: found.get(name) for name in names} }, not { {name: current.get(name) for name in names} }")
            current = found


# ---- I5: the index equals what is current ----

def index_differences(journal):
    current = {(tenant, code): number for tenant, code, number in journal.query(
        "SELECT tenant, code, number FROM versions WHERE is_current AND kind = 'products'") if tenant in SEARCHED}
    indexed = {(tenant, code): number for tenant, code, number in journal.query("SELECT tenant, code, number FROM indexed")}
    for key in sorted({*current, *indexed}):
        if current.get(key) != indexed.get(key):
            yield f"{key[0]}'s {key[1]} is version {current.get(key)} in the database and {indexed.get(key)} in the index"


# ---- I6: counters exact, one end, one event ----

COUNTED = """
SELECT requests.id, attempts.job_id, jobs.status, jobs.total, jobs.processed, jobs.successful, jobs.failed,
       (SELECT count(*) FROM rows WHERE request = requests.id),
       (SELECT count(*) FROM rows WHERE request = requests.id AND is_bad)
FROM requests JOIN (SELECT DISTINCT request, job_id FROM attempts WHERE status IN (200, 202)) AS attempts
     ON attempts.request = requests.id
LEFT JOIN jobs ON jobs.id = attempts.job_id"""


def wrong_counters(journal):
    for request, job_id, status, *counters, rows, bad in journal.query(COUNTED):
        expected = [rows, rows, rows - bad, bad]
        if status != "completed" or counters != expected:
            yield f"job {job_id} of {request} is {status} with {counters}, not completed with {expected}"


def wrong_events(journal):
    ids = defaultdict(set)
    for key, identity in journal.query("SELECT key, id FROM events"):
        ids[key].add(identity)
    jobs = journal.query("SELECT DISTINCT job_id FROM attempts WHERE status IN (200, 202)")
    batches = journal.query("""
        SELECT id FROM batches WHERE NOT EXISTS (SELECT * FROM requests WHERE batch = batches.id AND outcome != 'accepted')""")
    for (key,) in jobs + batches:
        if len(ids[key]) != 1:
            yield f"{key} has {len(ids[key])} completion events: {sorted(ids[key])}"


# ---- I7, I8, I9 ----

def foreign_rows(journal):
    for mark, owner, holder, code in journal.query("""
            SELECT versions.mark, requests.tenant, versions.tenant, versions.code
            FROM versions JOIN rows ON rows.mark = versions.mark JOIN requests ON requests.id = rows.request
            WHERE requests.tenant != versions.tenant"""):
        yield f"row {mark} of {owner} stands in {holder}'s {code}"


def lag_left(journal):
    for consumers, messages in journal.query("SELECT consumers, messages FROM lag WHERE messages != 0"):
        yield f"{consumers} has {messages} messages left"


def wrong_dead_letters(journal):
    poison = {value for (value,) in journal.query("SELECT value FROM poison")}
    dead = journal.query("SELECT topic, value FROM dead_letters")
    for topic, value in dead:
        if value not in poison:
            yield f"{topic} has a message that was no poison: {value[:80]!r}"
    for value in poison - {value for _, value in dead}:
        yield f"the poison {value!r} is in no dead letter queue"


CHECKS = (
    ("I1", rows_without_their_outcome), ("I1", requests_applied_in_part), ("I1", requests_without_end),
    ("I1", keys_with_two_jobs), ("I1", unexpected_answers), ("I2", gaps), ("I3", currents), ("I4", rows_out_of_order),
    ("I4", wrong_contents), ("I5", index_differences), ("I6", wrong_counters), ("I6", wrong_events), ("I7", foreign_rows),
    ("I8", lag_left), ("I9", wrong_dead_letters),
)
