"""The completion events as consumers of the public topics get them."""

import json
from pathlib import Path

import jsonschema
import pytest

from consign import fresh, parse_time, part

SCHEMAS = Path(__file__).resolve().parents[2] / "proto/events"


def assert_cloud_event(record, subject):
    """CloudEvents 1.0 in Kafka's binary mode, its data valid; returns the data."""
    headers = record.headers
    assert headers["ce_specversion"] == "1.0"
    for name in ("ce_id", "ce_source", "ce_type"):
        assert headers[name], f"{name} is missing"
    assert headers["ce_subject"] == subject
    assert headers["ce_tenant"] == "acme"
    assert headers["content-type"].startswith("application/json")
    parse_time(headers["ce_time"])
    data = json.loads(record.value)
    schema = json.loads((SCHEMAS / f"{record.topic}.json").read_text())
    jsonschema.validate(data, schema, cls=jsonschema.Draft202012Validator)
    return data


def test_the_end_of_a_product_job_is_announced_with_its_counts(acme, feed):
    batch_id = fresh("batch")
    rows = [{"entity_code": fresh("P"), "price": 1}, {"name": "no code"}, {"entity_code": fresh("P"), "price": "x"}]
    job = acme.import_products(rows, batch_metadata=part(batch_id, 1, 2, 6))
    record = feed.wait("import-completed.products", job["job_id"])
    data = assert_cloud_event(record, job["job_id"])
    same = ("job_id", "status", "source_id", "merge_mode", "batch_id", "batch_part", "batch_total_parts", "total_rows",
            "successful_rows", "failed_rows", "unchanged_rows", "created_rows", "started_at", "completed_at",
            "duration_seconds")
    assert {field: data[field] for field in same} == {field: job[field] for field in same}
    assert (data["tenant"], data["entity"], data["failed_rows"]) == ("acme", "products", 2)


def test_the_end_of_a_company_job_is_announced_in_its_own_topic(acme, feed):
    job = acme.import_companies([{"external_code": fresh("C")}], merge_mode="partial")
    data = assert_cloud_event(feed.wait("import-completed.customers", job["job_id"]), job["job_id"])
    assert (data["entity"], data["merge_mode"], data["total_rows"], data["source_id"]) == ("customers", "partial", 1, None)
    assert feed.find("import-completed.products", job["job_id"]) == []


@pytest.mark.parametrize("path, entity", [("brands", "brands"), ("product-types", "product_types")])
def test_the_end_of_an_entitys_import_is_announced_in_their_topic(acme, feed, path, entity):
    entity_id = fresh("entity")
    job = acme.import_entity(path, entity_id, {}, [fresh("missing")])
    data = assert_cloud_event(feed.wait("import-completed.entities", job["job_id"]), job["job_id"])
    assert (data["entity"], data["entity_id"], data["total_rows"], data["failed_rows"]) == (entity, entity_id, 2, 1)
    assert feed.find("import-completed.products", job["job_id"]) == []


def test_the_completion_of_a_batch_is_announced_with_its_totals(acme, feed):
    batch_id = fresh("batch")
    jobs = [acme.import_products([{"sku": fresh("P")}, {"name": "no code"}], batch_metadata=part(batch_id, number, 2, 4))
            for number in (1, 2)]
    data = assert_cloud_event(feed.wait("import-completed.batches", batch_id), batch_id)
    assert (data["batch_id"], data["tenant"], data["status"]) == (batch_id, "acme", "completed")
    assert (data["rows_total"], data["rows_successful"], data["rows_failed"]) == (4, 2, 2)
    assert [job["job_id"] for job in data["jobs"]] == [job["job_id"] for job in jobs]


def test_a_job_is_announced_after_its_document_says_completed_and_once(acme, feed):
    first = acme.import_products([{"sku": fresh("P")}])
    feed.wait("import-completed.products", first["job_id"])
    second = acme.import_products([{"sku": fresh("P")}])
    feed.wait("import-completed.products", second["job_id"])
    assert len(feed.find("import-completed.products", first["job_id"])) == 1
    assert acme.job(first["job_id"])["status"] == "completed"


def test_events_of_different_jobs_have_different_ids(acme, feed):
    jobs = [acme.import_products([{"sku": fresh("P")}])["job_id"] for _ in range(3)]
    ids = [feed.wait("import-completed.products", job_id).headers["ce_id"] for job_id in jobs]
    assert len(set(ids)) == 3


def test_the_trace_of_the_request_is_carried_to_the_event(acme, feed):
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    response = acme.send_products([{"sku": fresh("P")}], headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    job = acme.finish(response)
    record = feed.wait("import-completed.products", job["job_id"])
    assert record.headers["ce_traceparent"].split("-")[1] == trace_id
