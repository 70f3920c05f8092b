"""kill -9 of each service in the middle of a feed, and messages that come twice: every row is applied exactly once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from consign import assert_all_applied, fresh, part
from kafka import Feed

PART_ROWS, PARTS = 2500, 4
CODES = PART_ROWS * PARTS // 2


class Deliveries:
    """A partner that sends the feed and repeats whatever was not answered, with the same Idempotency-Key.

    Parts 1 and 2 bring 5,000 codes, parts 3 and 4 bring them again: two versions each, the second one current.
    """

    def __init__(self, client, entity):
        self.client = client
        self.entity = entity
        self.batch_id = fresh("feed")
        self.prefix = fresh("KILL")
        self.broken = 0

    def codes(self):
        return [f"{self.prefix}-{number:04}" for number in range(CODES)]

    def send_part(self, number):
        """The job id, whatever happens to the service meanwhile."""
        name, send = (("external_code", self.client.send_companies) if self.entity == "customers" else
                      ("entity_code", self.client.send_products))
        half = self.codes()[(number - 1) % 2 * PART_ROWS:][:PART_ROWS]
        rows = [{name: code, "round": 1 + (number - 1) // 2, "note": "x" * 1000} for code in half]
        deadline = time.monotonic() + 180
        while True:
            try:
                response = send(rows, headers={"Idempotency-Key": f"{self.batch_id}-{number}"},
                                batch_metadata=part(self.batch_id, number, PARTS, PART_ROWS * PARTS))
                if response.status_code == 202:
                    return response.json()["job_id"]
                assert response.status_code in (409, 503), response.text
            except requests.ConnectionError:
                self.broken += 1
            assert time.monotonic() < deadline, f"part {number} was not accepted"
            time.sleep(0.2)

    def send_round(self, pool, number):
        return [pool.submit(self.send_part, part_number) for part_number in (number * 2 - 1, number * 2)]


def in_feed(deliveries):
    return {"_id": {"$gte": f"acme|{deliveries.prefix}-", "$lt": f"acme|{deliveries.prefix}."}}


def collections(deliveries, database):
    name = {"products": "product", "customers": "customer"}[deliveries.entity]
    return database[deliveries.entity], database[f"{name}_versions"]


def feed_jobs(deliveries, database):
    return list(database.import_jobs.find({"tenant": "acme", "batch_id": deliveries.batch_id}))


def is_under_way(service, deliveries, database):
    """True when the service is in the middle of its share of the second round."""
    jobs = [job for job in feed_jobs(deliveries, database) if job["batch_part"] > 2]
    if service == "ingress":
        return any(job["acceptance"] == "accepting" for job in jobs)
    if service == "search-sync":
        return any(job["indexed_rows"] > 0 for job in jobs)
    if service == "job-tracker":
        return any(job["processed_rows"] > 0 for job in jobs)
    return collections(deliveries, database)[1].count_documents(in_feed(deliveries), limit=1) > 0


def is_done(service, deliveries, database):
    """True when the service has nothing left to do for the feed."""
    jobs = feed_jobs(deliveries, database)
    if service == "search-sync":
        return sum(job["indexed_rows"] for job in jobs) == PART_ROWS * PARTS
    if service in ("ingress", "job-tracker"):
        return all(job["status"] == "completed" for job in jobs)
    return collections(deliveries, database)[1].count_documents(in_feed(deliveries)) == CODES


def assert_exactly_two_versions_each(deliveries, database):
    """In the database: 1..n without gaps, one current, content of the last round."""
    current, history = collections(deliveries, database)
    expected = {f"acme|{code}" for code in deliveries.codes()}
    found = {document["_id"]: document for document in current.find(in_feed(deliveries))}
    assert set(found) == expected
    assert {(document["version"], document["isCurrent"], document["round"]) for document in found.values()} == {(2, True, 2)}
    old = {document["_id"]: document for document in history.find(in_feed(deliveries))}
    assert set(old) == {f"{key}|1" for key in expected}
    assert {(document["version"], document["isCurrent"], document["round"]) for document in old.values()} == {(1, False, 1)}


def assert_announced_once(deliveries, job_ids, feed):
    """At least one event per job and for the batch; a repeated one has the same id."""
    topic = f"import-completed.{deliveries.entity}"
    for job_id in job_ids:
        feed.wait(topic, job_id)
    feed.wait("import-completed.batches", deliveries.batch_id)
    feed.catch_up()
    ids = [{record.headers["ce_id"] for record in feed.find(topic, job_id)} for job_id in job_ids]
    ids.append({record.headers["ce_id"] for record in feed.find("import-completed.batches", deliveries.batch_id)})
    assert all(len(of_one) == 1 for of_one in ids)
    assert len(set.union(*ids)) == PARTS + 1


@pytest.mark.parametrize("service, entity", [
    ("ingress", "products"), ("product-importer", "products"), ("customer-importer", "customers"),
    ("search-sync", "products"), ("job-tracker", "products"),
])
def test_kill_9_in_mid_feed_loses_no_row_and_doubles_none(service, entity, acme, database, feed, stack, acme_index):
    deliveries = Deliveries(acme, entity)
    with ThreadPoolExecutor(2) as pool:
        first = [future.result() for future in deliveries.send_round(pool, 1)]
        second = deliveries.send_round(pool, 2)
        stack.kill_when(service, f"{service} is at work", lambda: is_under_way(service, deliveries, database))
        assert not is_done(service, deliveries, database), f"{service} was through before it was killed"
        stack.up()
        job_ids = first + [future.result() for future in second]

    for job_id in job_ids:
        assert_all_applied(acme.wait_for_job(job_id, 180), PART_ROWS)
    assert len(feed_jobs(deliveries, database)) == PARTS, "a repeated request became a second job"
    if service == "ingress":
        assert deliveries.broken > 0, "no request was in flight when ingress was killed"
    batch = acme.wait_for_batch(deliveries.batch_id)
    assert (batch["rows_total"], batch["rows_successful"], batch["rows_failed"]) == (PART_ROWS * PARTS, PART_ROWS * PARTS, 0)
    assert_exactly_two_versions_each(deliveries, database)
    assert_announced_once(deliveries, job_ids, feed)
    if entity == "products":
        for job_id in job_ids:
            acme.wait_until_searchable(job_id, 180)
        assert acme_index.versions(deliveries.codes()) == dict.fromkeys(deliveries.codes(), 2)
    assert [record for record in feed.dead_letters() if record.headers.get("job-id") in job_ids] == []


def test_chunks_that_stand_in_kafka_twice_are_applied_once(acme, feed, stack, acme_index):
    """As after a request that was resumed, or a producer that did not hear the acknowledgement."""
    code = fresh("P")
    chunks = Feed(feed.brokers, ["import.products"])
    stack.kill("product-importer")
    job_ids = []
    for number in range(30):
        rows = [{"entity_code": code, "price": number}, {"entity_code": f"{code}-{number}", "price": "x"}]
        job_ids.append(acme.send_products(rows).json()["job_id"])
        chunks.catch_up()
        feed.publish_again(record for record in chunks.records if record.headers["job-id"] == job_ids[-1])
    stack.up()
    for job_id in job_ids:
        job = acme.wait_for_job(job_id)
        assert (job["processed_rows"], job["successful_rows"], job["import_errors_total"]) == (2, 1, 1)
    assert [version["price"] for version in acme.versions(code)] == list(range(29, -1, -1))

    feed.publish_again(record for record in chunks.records if record.headers["job-id"] in job_ids)
    chunks.close()
    job = acme.import_products([{"entity_code": code, "price": 30}])
    assert [version["price"] for version in acme.versions(code)] == list(range(30, -1, -1))
    assert {acme.job(job_id)["processed_rows"] for job_id in job_ids} == {2}
    acme.wait_until_searchable(job["job_id"])
    assert acme_index.versions([code]) == {code: 31}
