"""What nobody could work is put aside, told to the job, and can be looked at and sent back by an operator."""

import json
import os
import subprocess

import requests

from consign import assert_all_applied, fresh, wait_for
from credentials import binaries, run_admin
from kafka import Feed, Record

DLQ = "import.products.dlq"


def letters_of(job_id):
    lines = run_admin("dlq", "list", "--topic", DLQ).splitlines()
    return [letter for letter in map(json.loads, lines) if letter["job_id"] == job_id]


def show(place):
    return json.loads(run_admin("dlq", "show", place["topic"], str(place["partition"]), str(place["offset"])))


def replay(place):
    return run_admin("dlq", "replay", place["topic"], str(place["partition"]), str(place["offset"]))


def send_garbage(acme, feed, stack):
    """A failed job: beside its chunk, an importer met bytes that are none. Its row is applied all the same."""
    with stack.stopped("job-tracker"):
        with stack.stopped("product-importer"):
            response = acme.send_products([{"entity_code": fresh("P"), "price": 1}])
            headers = {"job-id": response.json()["job_id"], "tenant": "acme", "trace-id": "t-1"}
            feed.publish_again([Record("import.products", 0, "acme|0", headers, b"not a chunk")])
        acme.finish(response)
    return wait_for("the job knows its dead letter",
                    lambda: (job := acme.finish(response))["failure"].get("dlq") and job)


def test_a_message_that_is_no_chunk_is_put_aside_and_its_job_says_where(acme, feed, stack):
    job = send_garbage(acme, feed, stack)
    assert (job["status"], job["failure"]["code"]) == ("failed", "chunk_unreadable")
    page = show(job["failure"]["dlq"])
    assert {name: page[name] for name in ("topic", "partition", "offset")} == job["failure"]["dlq"]
    assert (page["job_id"], page["tenant"], page["kind"], page["attempts"]) == (job["job_id"], "acme", "invalid", 1)
    assert (page["from"]["topic"], page["from"]["partition"]) == ("import.products", 0)
    assert page["group"] == "consign-product-importer"
    assert page["error"] == job["failure"]["error"]
    assert set(page["headers"]) == {"job-id", "tenant", "trace-id", "dlq-topic", "dlq-partition", "dlq-offset", "dlq-error",
                                    "dlq-kind", "dlq-attempts", "dlq-group", "dlq-time"}
    assert page["unreadable"] and bytes.fromhex(page["first_bytes"]) == b"not a chunk"
    assert_all_applied(acme.import_products([{"entity_code": fresh("P"), "price": 2}]), 1)


def test_dead_letters_are_counted_by_topic(acme, feed, stack):
    def count():
        text = requests.get(stack.metrics_url("product-importer") + "/metrics", timeout=10).text
        name = 'consign_dead_letters_total{topic="import.products"} '
        return float(next(line.removeprefix(name) for line in text.splitlines() if line.startswith(name)))

    before = count()
    send_garbage(acme, feed, stack)
    assert count() == before + 1


def test_a_letter_that_is_sent_back_is_marked_and_dies_again_when_nothing_was_mended(acme, feed, stack):
    job = send_garbage(acme, feed, stack)
    first = letters_of(job["job_id"])
    assert [letter["replayed_at"] for letter in first] == [None]
    assert replay(first[0]) == f"{DLQ} {first[0]['partition']} {first[0]['offset']} -> import.products\n"
    letters = wait_for("it died again", lambda: len(found := letters_of(job["job_id"])) == 2 and found)
    assert letters[0]["replayed_at"] and letters[1]["replayed_at"] is None
    assert acme.job(job["job_id"])["failure"]["dlq"]["offset"] == first[0]["offset"]


def dead_chunk(acme, feed, stack, row):
    """(job, letter): the chunk of a job that failed for it."""
    chunks = Feed(os.environ["KAFKA_BROKERS"], ["import.products"])
    with stack.stopped("product-importer"):
        response = acme.send_products([row])
        job_id = response.json()["job_id"]
        chunks.catch_up()
        chunk = next(record for record in chunks.records if record.headers.get("job-id") == job_id)
        chunks.close()
        headers = {**chunk.headers, "dlq-topic": "import.products", "dlq-error": "ended 5 times", "dlq-kind": "crashed",
                   "dlq-attempts": "5"}
        feed.publish_again([Record(DLQ, 0, chunk.key, headers, chunk.value)])
        job = acme.finish(response)
        assert (job["status"], job["failure"]["code"]) == ("failed", "chunk_crashed")
    wait_for("the chunk is counted", lambda: acme.job(job_id)["processed_rows"] == 1)
    return acme.job(job_id), letters_of(job_id)[0]


def test_a_letter_shows_the_rows_that_are_in_it(acme, feed, stack):
    row = {"entity_code": fresh("P"), "price": 7}
    _, letter = dead_chunk(acme, feed, stack, row)
    page = show(letter)
    assert (page["kind"], page["attempts"]) == ("crashed", 5)
    assert [(entry["index"], entry["row"]) for entry in page["chunk"]["rows"]] == [(0, row)]


def test_a_replay_of_what_was_applied_changes_nothing(acme, feed, stack):
    row = {"entity_code": fresh("P"), "price": 1}
    job, letter = dead_chunk(acme, feed, stack, row)
    replay(letter)
    assert_all_applied(acme.import_products([{**row, "price": 2}]), 1)
    assert [version["price"] for version in acme.versions(row["entity_code"])] == [2, 1]
    assert acme.job(job["job_id"]) == job | {name: acme.job(job["job_id"])[name] for name in ("indexed_rows",)}


def test_a_replayed_chunk_is_applied_now_and_its_job_stays_failed(acme, feed, stack, database):
    row = {"entity_code": fresh("P"), "price": 1}
    job, letter = dead_chunk(acme, feed, stack, row)
    assert_all_applied(acme.import_products([{**row, "price": 2}]), 1)
    assert database.import_receipts.delete_one({"_id": f"{job['job_id']}|0"}).deleted_count == 1
    replay(letter)
    wait_for("the row is applied", lambda: len(acme.versions(row["entity_code"])) == 3)
    assert [version["price"] for version in acme.versions(row["entity_code"])] == [1, 2, 1]
    after = acme.job(job["job_id"])
    assert (after["status"], after["processed_rows"], after["failure"]) == ("failed", 1, job["failure"])


def test_all_letters_that_were_not_sent_back_yet_can_be_sent_back_at_once(acme, feed, stack):
    jobs = [send_garbage(acme, feed, stack) for _ in range(2)]
    replay(letters_of(jobs[0]["job_id"])[0])
    wait_for("it died again", lambda: len(letters_of(jobs[0]["job_id"])) == 2)
    run_admin("dlq", "replay", "--all", "--topic", DLQ)
    for job, count in zip(jobs, (3, 2)):
        letters = wait_for("they died again", lambda: len(found := letters_of(job["job_id"])) == count and found)
        assert [bool(letter["replayed_at"]) for letter in letters] == [True] * (count - 1) + [False]


def test_a_letter_that_does_not_exist_is_said_so():
    def refused(*arguments):
        run = subprocess.run([binaries() / "consign-admin", "dlq", *arguments], text=True, capture_output=True, timeout=60)
        return run.returncode, run.stderr

    assert refused("show", DLQ, "0", "987654321")[0] == 1
    for arguments in (["show", DLQ, "0"], ["show", "import.products", "0", "0"], ["replay"], ["list", "--topic", "x"],
                      ["replay", "--all", DLQ, "0", "0"], ["show", DLQ, "zero", "0"]):
        status, text = refused(*arguments)
        assert status == 2 and "usage: consign-admin dlq" in text, arguments
