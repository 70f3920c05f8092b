"""Synchronous product import: one request, answered when its rows are applied."""

import copy
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consign import PRODUCT_SYSTEM_FIELDS, assert_all_applied, assert_problem, fresh, parse_time, part

EXAMPLES = Path(__file__).resolve().parents[1] / "data/examples"
PATH = "/api/b2b/pim/import/api"


def product(**fields):
    return {"entity_code": fresh("P"), **fields}


def send(client, products, *, headers=None, source_id=None, **envelope):
    body = {"source_id": source_id or client.source_id, **envelope, "products": products}
    return client.request("POST", PATH, json=body, headers=headers)


def answer_of(response):
    assert response.status_code == 200, f"{response.status_code} {response.text[:500]}"
    return response.json()


# ---- the reference's examples ----

def test_the_example_of_the_reference_is_answered_with_exactly_the_fields_shown(acme):
    request = json.loads((EXAMPLES / "products-api.json").read_text())
    request["batch_id"] = fresh("weekly")
    first, second = (row["entity_code"] for row in request["products"])
    answer = answer_of(acme.request("POST", PATH, json=request))
    assert re.fullmatch(r"api_import_\d{13}_[a-z0-9]{6}", answer["job_id"])
    stored = acme.product(first)["source"]
    duration = answer["summary"]["duration_seconds"]
    assert 0 < duration < 30
    assert answer == {
        "success": True, "job_id": answer["job_id"],
        "summary": {"total": 2, "successful": 2, "failed": 0, "auto_published": 1, "duration_seconds": duration,
                    "sync_batches_queued": 1},
        "errors": [],
        "debug": {"batch_id": request["batch_id"], "batch_metadata": None, "channel_metadata": None,
                  "first_product_source": {"source_id": "supplier-weekly-feed", "source_name": "Supplier weekly feed",
                                           "imported_at": stored["imported_at"], "batch_id": request["batch_id"]}},
        "message": "Imported 2 of 2 products successfully, queued 1 search-sync batches"}
    assert acme.product(second)["name"] == {"it": "Copper elbow 22mm"}


def test_the_full_product_posted_as_it_is_reads_back_as_it_was_sent(acme):
    text = (EXAMPLES / "full-product-request.json").read_text()
    request = json.loads(text)
    (sent,) = request["products"]
    answer = answer_of(acme.request("POST", PATH, data=text.encode(), headers={"content-type": "application/json"}))
    assert (answer["summary"]["total"], answer["summary"]["successful"], answer["summary"]["auto_published"]) == (1, 1, 1)
    assert answer["debug"]["batch_metadata"] == request["batch_metadata"]
    assert answer["debug"]["channel_metadata"] == request["channel_metadata"]
    # A version is as it was stored; the product itself is shown with the promotions that run now.
    stored = acme.versions(sent["entity_code"])[0]
    assert {field: stored[field] for field in stored if field not in PRODUCT_SYSTEM_FIELDS} == sent


# ---- what the answer means ----

def test_when_the_answer_is_there_the_products_and_the_job_are_too(acme):
    rows = [product(price=number) for number in range(300)]
    answer = answer_of(send(acme, rows, batch_metadata=part(fresh("batch"), 1, 1, 300)))
    assert [acme.product(row["entity_code"])["price"] for row in (rows[0], rows[299])] == [0, 299]
    job = acme.job(answer["job_id"])
    assert_all_applied(job, 300)
    assert job["search_batches_queued"] == answer["summary"]["sync_batches_queued"]


def test_the_first_100_errors_come_with_the_answer(acme):
    rows = [product(price=number if number % 2 else "12,5") for number in range(250)]
    answer = answer_of(send(acme, rows))
    assert answer["success"] is True
    assert (answer["summary"]["successful"], answer["summary"]["failed"]) == (125, 125)
    assert [error["row"] for error in answer["errors"]] == list(range(0, 200, 2))
    assert answer["errors"][0] == {"row": 0, "entity_code": rows[0]["entity_code"], "error": answer["errors"][0]["error"],
                                   "code": "wrong_type", "path": "/price", "raw_data": rows[0]}
    assert answer["message"].startswith("Imported 125 of 250 products successfully, queued ")


def test_when_every_row_is_refused_there_is_no_first_source(acme):
    answer = answer_of(send(acme, [product(price="x")]))
    assert (answer["summary"]["successful"], answer["summary"]["sync_batches_queued"]) == (0, 0)
    assert answer["debug"]["first_product_source"] is None


def test_a_tenant_without_search_has_no_search_batches(globex):
    answer = answer_of(send(globex, [product(price=1)]))
    assert answer["summary"]["sync_batches_queued"] == 0


def test_1000_products_are_answered_within_a_few_seconds(acme):
    answer = answer_of(send(acme, [product(name="Valvola", price=number) for number in range(1000)]))
    assert answer["summary"]["successful"] == 1000
    assert answer["summary"]["duration_seconds"] < 5


def test_twenty_at_once_wait_side_by_side(acme):
    requests = [[product(price=number) for number in range(50)] for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = [answer_of(response) for response in pool.map(lambda rows: send(acme, rows), requests)]
    assert len({answer["job_id"] for answer in answers}) == 20
    assert {answer["summary"]["successful"] for answer in answers} == {50}


# ---- refusals ----

@pytest.mark.parametrize("change, status, code", [
    ({"products": []}, 400, "rows_empty"), ({"source_id": None}, 400, "field_missing"),
    ({"source_id": "never-made"}, 404, "source_not_found"), ({"merge_mode": "upsert"}, 400, "field_value"),
    ({"channel_metadata": "b2b"}, 400, "field_value"), ({"channel_metadata": {"x": "y" * 4096}}, 400, "field_value"),
], ids=["no_rows", "no_source", "an_unknown_source", "a_wrong_merge_mode", "channel_metadata_as_text",
        "channel_metadata_beyond_4_kb"])
def test_what_the_queue_refuses_is_refused_here_too(acme, change, status, code):
    request = {"source_id": "supplier-weekly-feed", "products": [product()], **change}
    assert_problem(acme.request("POST", PATH, json=request), status, code)


def test_a_key_without_the_permission_may_not_import(limited, nobody):
    assert_problem(send(limited, [product()]), 403, "forbidden")
    assert_problem(send(nobody, [product()]), 401, "unauthenticated")


# ---- sending safely twice ----

def test_the_same_key_and_body_get_the_same_answer_and_are_applied_once(acme):
    key, rows = {"Idempotency-Key": fresh("key")}, [product(price=1), product(price="x")]
    first, second = send(acme, rows, headers=key), send(acme, rows, headers=key)
    assert answer_of(first) == answer_of(second)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert acme.product(rows[0]["entity_code"])["version"] == 1


def test_a_key_of_the_queue_is_none_of_ours(acme):
    key, rows = {"Idempotency-Key": fresh("key")}, [product(price=1)]
    assert acme.send_products(rows, headers=key).status_code == 202
    assert_problem(send(acme, rows, headers=key), 422, "idempotency_mismatch")


# ---- jobs that take longer ----

def test_a_job_that_takes_too_long_is_answered_202_and_goes_on(acme, stack):
    rows, key = [product(price=1)], {"Idempotency-Key": fresh("key")}
    with stack.ingress(CONSIGN_SYNC_TIMEOUT_MS="300") as url, stack.stopped("product-importer"):
        impatient = copy.copy(acme)
        impatient.url = url
        response, again = send(impatient, rows, headers=key), send(impatient, rows, headers=key)
    answer = response.json()
    assert response.status_code == 202
    assert answer == {"success": True, "job_id": answer["job_id"], "status": "pending",
                      "message": f"The import goes on. Poll its job. Job ID: {answer['job_id']}"}
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (202, answer, "true")
    assert response.headers["location"] == again.headers["location"] == f"/api/b2b/pim/jobs/{answer['job_id']}"
    assert_all_applied(acme.wait_for_job(answer["job_id"]), 1)


def test_an_ingress_that_is_stopped_lets_nobody_wait_in_vain(acme, stack):
    rows = [product(price=1)]
    with stack.stopped("product-importer"), ThreadPoolExecutor(1) as pool:
        with stack.ingress() as url:
            waiting = copy.copy(acme)
            waiting.url = url
            future = pool.submit(send, waiting, rows)
            accepted = wait_until_accepted(acme, rows)
        response = future.result()
    assert (response.status_code, response.json()["job_id"]) == (202, accepted)
    assert_all_applied(acme.wait_for_job(accepted), 1)


def wait_until_accepted(client, rows):
    """The id of the pending job that was made last, once it has as many rows."""
    deadline = time.monotonic() + 30
    while True:
        jobs = client.read("/api/b2b/jobs", entity="products", status="pending", limit=1)["jobs"]
        if jobs and jobs[0]["total_rows"] == len(rows) and jobs[0]["job_id"].startswith("api_import_"):
            return jobs[0]["job_id"]
        assert time.monotonic() < deadline, jobs
        time.sleep(0.05)


def test_a_client_that_leaves_changes_nothing(acme, stack):
    rows = [product(price=1)]
    body = json.dumps({"source_id": acme.source_id, "products": rows}).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in acme.headers.items())
    host, port = acme.url.removeprefix("http://").split(":")
    with stack.stopped("product-importer"):
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\n{head}content-type: application/json\r\n"
                               f"content-length: {len(body)}\r\n\r\n".encode() + body)
            job_id = wait_until_accepted(acme, rows)
    assert_all_applied(acme.wait_for_job(job_id), 1)
    assert acme.product(rows[0]["entity_code"])["version"] == 1
    parse_time(acme.job(job_id)["completed_at"])
