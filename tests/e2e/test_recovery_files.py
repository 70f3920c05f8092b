"""kill -9 of the file reader in the middle of a file: every row is applied exactly once. Of the process that parses the
file: the file fails, and nothing else."""

import os
import signal

from dataclasses import replace

import pytest

from consign import assert_all_applied, fresh, wait_for
from kafka import Feed
from stack import caught
from tables import write_csv, write_xlsxwriter

ROWS = 40_000
WRITERS = {"csv": write_csv, "xlsx": write_xlsxwriter}


def products_of(prefix):
    return {"_id": {"$gte": f"globex|{prefix}-", "$lt": f"globex|{prefix}."}}


def assert_one_version_each(database, prefix):
    stored = products_of(prefix)
    assert database.products.count_documents(stored) == ROWS
    assert database.products.count_documents({**stored, "version": 1, "isCurrent": True}) == ROWS
    assert database.product_versions.count_documents(stored) == 0


def rows_of(prefix):
    return [["entity_code", "price", "vendor_note"]] + [[f"{prefix}-{number:05}", number, "x" * 200] for number in range(ROWS)]


def caught_reading(stack, chunks, job_id):
    """The reader of files stands still in the middle of the job's file."""
    def is_under_way():
        chunks.catch_up()
        return any(record.headers["job-id"] == job_id for record in chunks.records)

    return caught(stack.pid("file-reader"), "the first chunks are published", is_under_way)


@pytest.mark.parametrize("extension", WRITERS)
def test_kill_9_in_the_middle_of_a_file_loses_no_row_and_doubles_none(extension, globex, database, feed, stack):
    prefix = fresh("KILL")
    chunks = Feed(feed.brokers, ["import.products"])
    job_id = globex.send_file(f"p.{extension}", WRITERS[extension](rows_of(prefix))).json()["job"]["job_id"]
    with caught_reading(stack, chunks, job_id):
        assert globex.job(job_id)["total_rows"] is None, "the file was read to its end before its reader was killed"
        stack.kill("file-reader")
    stack.up()
    job = globex.wait_for_job(job_id, 180)
    chunks.catch_up()
    published = [record.value for record in chunks.records if record.headers["job-id"] == job_id]
    chunks.close()
    assert len(set(published)) < len(published), "no chunk was published twice"
    assert len(set(published)) == ROWS // 250, "the second reading cut other chunks than the first"
    assert_all_applied(job, ROWS)
    assert_one_version_each(database, prefix)
    assert feed.wait("import-completed.products", job_id)
    feed.catch_up()
    assert len({record.headers["ce_id"] for record in feed.find("import-completed.products", job_id)}) == 1
    assert [record for record in feed.dead_letters() if record.headers.get("job-id") == job_id] == []


@pytest.mark.parametrize("extension", WRITERS)
def test_kill_9_of_the_process_that_parses_a_file_fails_the_file_alone(extension, globex, database, feed, stack):
    prefix, reader = fresh("KILL"), stack.pid("file-reader")
    chunks = Feed(feed.brokers, ["import.products"])
    job_id = globex.send_file(f"p.{extension}", WRITERS[extension](rows_of(prefix))).json()["job"]["job_id"]
    with caught_reading(stack, chunks, job_id):
        for parser in stack.children("file-reader"):
            os.kill(parser, signal.SIGKILL)
    chunks.close()
    job = globex.wait_for_job(job_id, 180)
    assert (job["status"], job["failure"]["code"]) == ("failed", "file_unreadable")
    assert "cannot be read" in job["failure"]["error"]
    wait_for("what was read before is applied and counted", lambda: globex.job(job_id)["successful_rows"]
             == database.products.count_documents(products_of(prefix)) > 0)
    assert globex.job(job_id)["successful_rows"] < ROWS
    assert_all_applied(globex.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]])), 1)
    assert stack.pid("file-reader") == reader


def test_a_file_sent_again_after_ingress_was_killed_is_the_same_job(globex, database, stack):
    prefix = fresh("KILL")
    content = write_csv([["entity_code"]] + [[f"{prefix}-{number}"] for number in range(1000)])
    name, key = f"{prefix}.csv", {"Idempotency-Key": prefix}
    with stack.stopped("file-reader"):
        first = globex.send_file(name, content, headers=key)
        stack.kill("ingress")
    stack.up()
    again = globex.send_file(name, content, headers=key)
    assert again.json()["job"]["job_id"] == first.json()["job"]["job_id"]
    assert_all_applied(globex.finish(again), 1000)
    assert database.import_jobs.count_documents({"file.name": name}) == 1


@pytest.fixture(scope="module")
def message(globex, feed, database):
    """What announces a file, and the job that it announced."""
    files = Feed(feed.brokers, ["import.files"])
    job = globex.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]))
    files.catch_up()
    record = next(record for record in files.records if record.headers["job-id"] == job["job_id"])
    files.close()
    return record, database.import_jobs.find_one({"_id": job["job_id"]})


def insert_like(database, job, **fields):
    """Another job that waits for its file."""
    waiting = {name: job[name] for name in ("tenant", "entity", "channel", "source_id", "file", "lanes", "settings", "created_at")}
    waiting |= {"_id": fresh("import").replace("-", "_"), "status": "pending", "acceptance": "accepted", "total_rows": None,
                "total_chunks": None, "done_chunks": 0, "processed_rows": 0, "successful_rows": 0, "failed_rows": 0, **fields}
    database.import_jobs.insert_one(waiting)
    return waiting["_id"]


def test_a_job_whose_file_nobody_can_announce_fails(message, globex, database, feed):
    record, job = message
    job_id = insert_like(database, job)
    feed.publish_again([replace(record, value=b"nothing", headers={**record.headers, "job-id": job_id})])
    failed = globex.wait_for_job(job_id, 180)
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "chunk_unreadable")


def test_a_file_that_was_not_accepted_is_not_read(message, globex, database, feed):
    record, job = message
    job_id = insert_like(database, job, status="failed", acceptance="abandoned")
    old = job["_id"].encode()
    value = record.value.replace(bytes([len(old)]) + old, bytes([len(job_id)]) + job_id.encode(), 1)
    before = len(globex.versions(code_of(globex, job["_id"], database)))
    feed.publish_again([replace(record, value=value, headers={**record.headers, "job-id": job_id})])
    globex.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]))
    assert len(globex.versions(code_of(globex, job["_id"], database))) == before


def code_of(globex, job_id, database):
    return database.products.find_one({"import.job_id": job_id})["_id"].removeprefix("globex|")
