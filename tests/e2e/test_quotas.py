"""What a tenant may take at a time, and that a refusal leaves nothing behind."""

import threading

import pytest

from consign import Client, assert_problem, fresh, wait_for
from credentials import admin

TENANT = ("--languages", "it", "--default-language", "it", "--channel", "default")


def make_tenant(url, limits):
    """A client of a new tenant with these limits."""
    tenant = fresh("tenant").lower()
    admin("tenant", "put", tenant, "--name", tenant, *TENANT, "--limits", limits)
    key = admin("key", "create", "--tenant", tenant, "--permissions", "customers,import")
    client = Client(url, key["CONSIGN_KEY_ID"], key["CONSIGN_KEY_SECRET"])
    client.tenant = tenant
    return client


def requests_until_refused(client, most=50):
    """The answers to one GET after the other; the last one is a refusal."""
    answers = []
    while not answers or answers[-1].status_code == 200:
        assert len(answers) < most
        answers.append(client.get("/api/b2b/jobs"))
    return answers


def test_a_tenant_beyond_its_rate_gets_429_and_is_told_when_to_come_back(url):
    slow = make_tenant(url, "requests_per_second=1,burst=5")
    answers = requests_until_refused(slow)
    assert len(answers) > 5
    assert_problem(answers[-1], 429, "rate_limited")
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].headers["ratelimit-policy"] == '"requests";q=5;w=5'
    assert answers[-1].headers["ratelimit"] == '"requests";r=0;t=5'
    wait_for("it may ask again", lambda: slow.get("/api/b2b/jobs").status_code == 200)


def test_every_answer_tells_what_is_left(url):
    client = make_tenant(url, "requests_per_second=1,burst=100")
    first, second = (client.get("/api/b2b/jobs") for _ in range(2))
    assert first.headers["ratelimit-policy"] == second.headers["ratelimit-policy"] == '"requests";q=100;w=100'
    left = [int(answer.headers["ratelimit"].split(";")[1].removeprefix("r=")) for answer in (first, second)]
    assert left[1] == left[0] - 1
    assert client.get("/api/b2b/pim/jobs/none").headers["ratelimit-policy"] == '"requests";q=100;w=100'


def test_one_tenants_flood_costs_another_nothing(url, globex):
    slow = make_tenant(url, "requests_per_second=1,burst=2")
    requests_until_refused(slow)
    assert globex.get("/api/b2b/jobs").status_code == 200


def test_a_refused_import_leaves_nothing_behind(url, database):
    slow = make_tenant(url, "requests_per_second=1,burst=1")
    requests_until_refused(slow)
    response = slow.send_companies([{"external_code": fresh("C")}], headers={"Idempotency-Key": fresh("key")})
    assert_problem(response, 429, "rate_limited")
    assert database.import_jobs.count_documents({"tenant": slow.tenant}) == 0
    assert database.idempotency_keys.count_documents({"_id": {"$regex": f"^{slow.tenant}"}}) == 0


def test_jobs_beyond_the_limit_wait_until_others_have_ended(url, stack, database):
    client = make_tenant(url, "concurrent_jobs=2")
    key = {"Idempotency-Key": fresh("key")}
    with stack.stopped("customer-importer"):
        taken = [client.send_companies([{"external_code": fresh("C")}], headers=headers) for headers in (key, {})]
        refused = client.send_companies([{"external_code": fresh("C")}], headers={"Idempotency-Key": fresh("key")})
        assert [response.status_code for response in taken] == [202, 202]
        assert_problem(refused, 429, "too_many_jobs")
        assert refused.headers["retry-after"] == "5"
        assert '"jobs";q=2' in refused.headers["ratelimit-policy"]
        assert '"jobs";r=0' in refused.headers["ratelimit"]
        assert database.import_jobs.count_documents({"tenant": client.tenant}) == 2
    for response in taken:
        client.finish(response)
    again = wait_for("there is room", lambda: (answer := client.send_companies([{"external_code": fresh("C")}]))
                     .status_code == 202 and answer)
    client.finish(again)


def test_a_refused_request_may_be_repeated_with_its_idempotency_key(url, stack):
    client = make_tenant(url, "concurrent_jobs=1")
    company, key = [{"external_code": fresh("C")}], {"Idempotency-Key": fresh("key")}
    with stack.stopped("customer-importer"):
        first = client.send_companies([{"external_code": fresh("C")}])
        assert_problem(client.send_companies(company, headers=key), 429, "too_many_jobs")
    client.finish(first)
    taken = wait_for("there is room", lambda: (answer := client.send_companies(company, headers=key))
                     .status_code == 202 and answer)
    assert "idempotent-replayed" not in taken.headers
    client.finish(taken)


def test_an_answer_is_repeated_even_when_no_further_job_is_allowed(url, stack):
    client = make_tenant(url, "concurrent_jobs=1")
    company, key = [{"external_code": fresh("C")}], {"Idempotency-Key": fresh("key")}
    with stack.stopped("customer-importer"):
        first = client.send_companies(company, headers=key)
        replayed = client.send_companies(company, headers=key)
    assert (first.status_code, replayed.status_code) == (202, 202)
    assert replayed.json() == first.json() and replayed.headers["idempotent-replayed"] == "true"
    client.finish(first)


def test_large_requests_side_by_side_are_bounded_and_one_alone_is_taken(url):
    client = make_tenant(url, "bytes_in_flight=1000000")
    rows = [{"external_code": fresh("C"), "note": "x" * 500000} for _ in range(8)]
    client.finish(client.send_companies(rows))
    answers = []

    def send():
        answers.append(client.send_companies(rows))

    def refused():
        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [answer for answer in answers if answer.status_code == 429]

    assert_problem(wait_for("two meet", refused)[0], 429, "too_many_bytes")
    for answer in answers:
        if answer.status_code == 202:
            client.finish(answer)
    client.finish(client.send_companies(rows))


@pytest.mark.parametrize("limits", ["burst", "burst=0", "burst=x", "rows=5", "burst=5,,"])
def test_a_limit_that_cannot_be_is_refused(limits):
    with pytest.raises(AssertionError, match="--limits takes"):
        admin("tenant", "put", fresh("tenant").lower(), "--name", "X", *TENANT, "--limits", limits)
