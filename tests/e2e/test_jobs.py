"""Jobs: watching them, listing them, and taking all their errors home."""

import csv
import io
import json
from pathlib import Path

import pytest

from consign import JOB_ENDS, assert_problem, fresh, parse_time, wait_for

EXAMPLES = Path(__file__).resolve().parents[1] / "data/examples"
ERROR_FIELDS = ["row", "entity_code", "error", "code", "path", "raw_data"]


def test_the_counters_of_a_job_add_up_at_every_moment_and_never_go_down(acme):
    prefix = fresh("P")
    rows = [{"entity_code": f"{prefix}-{number}", "price": number if number % 10 else "x"} for number in range(3000)]
    job_id = acme.send_products(rows).json()["job_id"]
    seen = []

    def ended():
        seen.append(acme.job(job_id))
        return seen[-1]["status"] in JOB_ENDS

    wait_for("the job ends", ended, seconds=120)
    for job in seen:
        assert job["total_rows"] == 3000
        assert job["processed_rows"] == job["successful_rows"] + job["failed_rows"]
        assert job["status"] in ("pending", "processing", "completed")
    for counter in ("processed_rows", "successful_rows", "failed_rows", "indexed_rows"):
        values = [job[counter] for job in seen]
        assert values == sorted(values), counter
    order = ["pending", "processing", "completed"]
    assert [order.index(job["status"]) for job in seen] == sorted(order.index(job["status"]) for job in seen)
    assert (seen[-1]["successful_rows"], seen[-1]["failed_rows"]) == (2700, 300)


# ---- unknown fields ----

def test_fields_that_nobody_knows_are_kept_and_listed_with_what_was_probably_meant(acme):
    rows = [{"entity_code": fresh("P"), "prise": 1, "price": 2, **({"shelf": "A"} if number < 10 else {})}
            for number in range(600)]
    job = acme.import_products(rows)
    assert job["successful_rows"] == 600
    assert job["unknown_fields"] == [{"field": "prise", "count": 600, "did_you_mean": "price"},
                                     {"field": "shelf", "count": 10, "did_you_mean": None}]
    assert (acme.product(rows[0]["entity_code"])["prise"], acme.product(rows[0]["entity_code"])["shelf"]) == (1, "A")


def test_unknown_fields_of_companies_are_listed_too(acme):
    job = acme.import_companies([{"external_code": fresh("C"), "compny_name": "ACME", "Email": "a@example.com"}])
    assert job["unknown_fields"] == [{"field": "compny_name", "count": 1, "did_you_mean": "company_name"},
                                     {"field": "Email", "count": 1, "did_you_mean": "email"}]


def test_a_job_lists_at_most_50_unknown_fields(acme):
    rows = [{"entity_code": fresh("P"), **{f"made-up-{row}-{number}": 1 for number in range(40)}} for row in range(2)]
    job = acme.import_products(rows)
    assert [field["field"] for field in job["unknown_fields"]] == [
        f"made-up-{row}-{number}" for row in range(2) for number in range(40)][:50]


def test_the_reference_s_full_product_has_no_unknown_field(acme):
    (row,) = json.loads((EXAMPLES / "full-product-request.json").read_text())["products"]
    assert acme.import_products([{**row, "entity_code": fresh("P")}])["unknown_fields"] == []


# ---- errors ----

@pytest.fixture(scope="module")
def faulty(acme):
    """A job with 150 bad rows among 300: (job, rows)."""
    prefix = fresh("P")
    rows = [{"entity_code": f"{prefix}-{number}", "name": f"Più, \"{number}\"", "price": number if number % 2 else "12,5"}
            for number in range(300)]
    return acme.import_products(rows), rows


def errors_path(job):
    return f"/api/b2b/pim/jobs/{job['job_id']}/errors"


def test_a_job_shows_its_first_100_errors_and_how_many_there_are(faulty):
    job, rows = faulty
    assert (job["failed_rows"], job["import_errors_total"], len(job["import_errors"])) == (150, 150, 100)
    assert [error["row"] for error in job["import_errors"]] == list(range(0, 200, 2))
    assert job["import_errors"][0]["raw_data"] == rows[0]


def test_all_errors_come_as_ndjson(acme, faulty):
    job, rows = faulty
    response = acme.get(errors_path(job))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/x-ndjson")
    errors = [json.loads(line) for line in response.content.decode().splitlines()]
    assert [error["row"] for error in errors] == list(range(0, 300, 2))
    for error in errors:
        assert set(error) == set(ERROR_FIELDS)
        assert (error["code"], error["path"], error["raw_data"]) == ("wrong_type", "/price", rows[error["row"]])
        assert error["entity_code"] == rows[error["row"]]["entity_code"]


def test_all_errors_come_as_csv_when_asked(acme, faulty):
    job, rows = faulty
    response = acme.request("GET", errors_path(job), headers={"Accept": "text/csv"})
    assert response.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert list(lines[0]) == ERROR_FIELDS
    assert [int(line["row"]) for line in lines] == list(range(0, 300, 2))
    for line in lines:
        assert line["entity_code"] == rows[int(line["row"])]["entity_code"]
        assert json.loads(line["raw_data"]) == rows[int(line["row"])]


def test_a_cell_that_a_spreadsheet_would_run_is_defused(acme):
    code = f"=HYPERLINK(\"{fresh('x')}\")"
    job = acme.import_products([{"entity_code": code, "price": "x"}])
    response = acme.request("GET", errors_path(job), headers={"Accept": "text/csv"})
    (line,) = csv.DictReader(io.StringIO(response.content.decode()))
    assert line["entity_code"] == "'" + code


def test_the_errors_of_companies_have_the_same_form(acme):
    code = fresh("C")
    job = acme.import_companies([{"external_code": code, "legal_info": {"sdi_code": "?"}}])
    response = acme.get(f"/api/b2b/customers/import/api/{job['job_id']}/errors")
    (error,) = [json.loads(line) for line in response.content.decode().splitlines()]
    assert {field: error[field] for field in ("row", "entity_code", "code", "path")} == {
        "row": 0, "entity_code": code, "code": "sdi_code_invalid", "path": "/legal_info/sdi_code"}


def test_a_job_without_errors_has_an_empty_list(acme):
    job = acme.import_products([{"sku": fresh("P")}])
    response = acme.get(errors_path(job))
    assert (response.status_code, response.content) == (200, b"")


# ---- lists ----

@pytest.fixture(scope="module")
def five_jobs(acme):
    """(batch id, ids of its jobs newest first): 4 of products, then 1 of companies."""
    batch_id = fresh("batch")
    jobs = [acme.import_products([{"sku": fresh("P")}], batch_metadata={"batch_id": batch_id}) for _ in range(4)]
    jobs.append(acme.import_companies([{"external_code": fresh("C")}], batch_metadata={"batch_id": batch_id}))
    return batch_id, [job["job_id"] for job in reversed(jobs)]


def test_jobs_are_listed_newest_first_in_pages_that_meet_every_job_once(acme, five_jobs):
    batch_id, expected = five_jobs
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = acme.read("/api/b2b/jobs", batch_id=batch_id, limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(page["jobs"]) <= 2
        found += [job["job_id"] for job in page["jobs"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert found == expected


def test_jobs_are_filtered_by_entity_and_status(acme, five_jobs):
    batch_id, expected = five_jobs

    def listed(**filters):
        return [job["job_id"] for job in acme.read("/api/b2b/jobs", batch_id=batch_id, **filters)["jobs"]]

    assert listed(entity="customers") == expected[:1]
    assert listed(entity="products") == expected[1:]
    assert listed(status="completed") == expected
    assert listed(status="failed") == []


def test_a_listed_job_says_the_same_as_the_job_itself(acme, five_jobs):
    batch_id, expected = five_jobs
    listed = acme.read("/api/b2b/jobs", batch_id=batch_id)["jobs"][1]
    job = acme.job(expected[1])
    same = ("job_id", "status", "total_rows", "processed_rows", "successful_rows", "failed_rows", "batch_id", "created_at",
            "completed_at")
    assert {field: listed[field] for field in same} == {field: job[field] for field in same}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 100000}, {"limit": "x"}, {"status": "done"}, {"entity": "x"},
                                   {"cursor": "x"}])
def test_a_query_that_makes_no_sense_is_400(acme, query):
    assert_problem(acme.get("/api/b2b/jobs", **query), 400, "field_value")


def test_the_queue_shows_what_waits_and_what_runs(acme):
    prefix = fresh("P")
    job_ids = {acme.send_products([{"sku": f"{prefix}-{job}-{number}"} for number in range(500)]).json()["job_id"]
               for job in range(3)}
    snapshot = acme.read("/api/b2b/pim/import/queue")
    assert set(snapshot) == {"queue_stats", "pending_jobs", "processing_jobs"}
    if snapshot["queue_stats"] is not None:
        assert set(snapshot["queue_stats"]) == {"waiting", "active", "completed", "failed", "lag_messages"}
        assert all(count >= 0 for count in snapshot["queue_stats"].values())
    assert len(snapshot["pending_jobs"]) <= 10 and len(snapshot["processing_jobs"]) <= 5
    for job in snapshot["pending_jobs"] + snapshot["processing_jobs"]:
        parse_time(job["created_at"])
        if job["job_id"] in job_ids:
            assert (job["source_id"], job["total_rows"]) == ("supplier-weekly-feed", 500)
    assert all(job["status"] == "pending" for job in snapshot["pending_jobs"])
    assert all(job["status"] == "processing" for job in snapshot["processing_jobs"])
    for job_id in job_ids:
        acme.wait_for_job(job_id)
