"""Failures that pass are waited for; failures that stay end the job as failed, with what is known of each row."""

from consign import assert_all_applied, errors_of, fresh, wait_for
from kafka import Record


def dead_letter(job_id, why):
    """A chunk of the job that the importers gave up after their attempts."""
    headers = {"job-id": job_id, "tenant": "acme", "dlq-topic": "import.products", "dlq-error": why, "dlq-kind": "invalid"}
    return Record("import.products.dlq", 0, "acme|0", headers, b"not a chunk")


def test_a_chunk_that_cannot_be_applied_fails_the_job_which_tells_of_every_row_that_could_be_tried(acme, feed, stack):
    rows = [{"entity_code": fresh("P"), "price": "12,5" if number % 100 == 0 else number} for number in range(300)]
    with stack.stopped("product-importer"):
        response = acme.send_products(rows)
        feed.publish_again([dead_letter(response.json()["job_id"], "no ImportChunk")])
        job = acme.finish(response)
        assert (job["status"], job["processed_rows"]) == ("failed", 0)
    assert (job["failure"]["code"], job["failure"]["error"]) == ("chunk_unreadable", "no ImportChunk")
    job = wait_for("the other chunks are counted",
                   lambda: (found := acme.job(job["job_id"]))["processed_rows"] == len(rows) and found)
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("failed", 297, 3)
    assert errors_of(job) == [(number, "wrong_type", "/price") for number in (0, 100, 200)]
    assert [error["raw_data"] for error in job["import_errors"]] == [rows[0], rows[100], rows[200]]
    assert acme.product(rows[1]["entity_code"])["price"] == 1


def test_a_failed_job_stays_failed_and_the_next_one_is_not_touched(acme, feed, stack):
    row = {"entity_code": fresh("P"), "price": 1}
    with stack.stopped("product-importer"):
        response = acme.send_products([row])
        feed.publish_again([dead_letter(response.json()["job_id"], "no ImportChunk")])
        assert acme.finish(response)["status"] == "failed"
    assert_all_applied(acme.import_products([{**row, "price": 2}]), 1)
    assert acme.job(response.json()["job_id"])["status"] == "failed"
    assert [version["price"] for version in acme.versions(row["entity_code"])] == [2, 1]
