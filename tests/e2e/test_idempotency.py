"""Idempotency-Key: the same request twice is one job."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from consign import assert_all_applied, assert_problem, fresh


def rows(count=1):
    prefix = fresh("P")
    return [{"entity_code": f"{prefix}-{number}", "price": number} for number in range(count)]


def send(client, products, key, **options):
    return client.send_products(products, headers={"Idempotency-Key": key}, **options)


def test_the_same_key_and_body_get_the_same_answer_and_are_applied_once(acme):
    key, products = fresh("key"), rows(3)
    first = send(acme, products, key)
    second = send(acme, products, key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert_all_applied(acme.finish(second), 3)
    third = send(acme, products, key)
    assert (third.json(), third.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert acme.product(products[0]["entity_code"])["version"] == 1


def test_ten_requests_at_once_with_one_key_make_one_job(acme, database):
    key, batch_id, products = fresh("key"), fresh("batch"), rows(200)

    def send_until_accepted(_):
        deadline = time.monotonic() + 60
        while (response := send(acme, products, key, batch_metadata={"batch_id": batch_id})).status_code == 409:
            problem = assert_problem(response, 409, "idempotency_in_progress")
            assert int(response.headers["retry-after"]) > 0, problem
            assert time.monotonic() < deadline
            time.sleep(int(response.headers["retry-after"]) / 10)
        return response

    with ThreadPoolExecutor(10) as pool:
        responses = list(pool.map(send_until_accepted, range(10)))
    assert {response.status_code for response in responses} == {202}
    (job_id,) = {response.json()["job_id"] for response in responses}
    assert sum("Idempotent-Replayed" not in response.headers for response in responses) == 1
    assert_all_applied(acme.wait_for_job(job_id), 200)
    assert database.import_jobs.count_documents({"tenant": "acme", "batch_id": batch_id}) == 1
    assert database.products.count_documents(
        {"_id": {"$in": [f"acme|{product['entity_code']}" for product in products]}, "version": 1}) == 200


def test_a_key_that_was_used_with_another_body_is_422(acme):
    key = fresh("key")
    first = send(acme, rows(), key)
    assert first.status_code == 202
    assert_problem(send(acme, rows(), key), 422, "idempotency_mismatch")


def test_a_key_belongs_to_its_tenant(acme, globex):
    key, products = fresh("key"), rows()
    jobs = {client.finish(send(client, products, key))["job_id"] for client in (acme, globex)}
    assert len(jobs) == 2


def test_companies_have_keys_too(acme):
    key, companies = fresh("key"), [{"external_code": fresh("C")}]
    answers = [acme.send_companies(companies, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert_all_applied(acme.finish(answers[1]), 1)


def test_without_a_key_every_post_is_a_job_of_its_own(acme):
    products = rows()
    jobs = [acme.finish(acme.send_products(products)) for _ in range(2)]
    assert jobs[0]["job_id"] != jobs[1]["job_id"]
    assert acme.product(products[0]["entity_code"])["version"] == 2


@pytest.mark.parametrize("key", ["", "x" * 256], ids=["empty", "256_characters"])
def test_a_key_that_is_empty_or_too_long_is_400(acme, key):
    assert_problem(send(acme, rows(), key), 400, "idempotency_key")


def test_a_key_of_255_characters_is_taken(acme):
    assert send(acme, rows(), fresh("key").ljust(255, "x")).status_code == 202


def test_a_refused_request_does_not_use_up_its_key(acme):
    key, products = fresh("key"), rows()
    source_id = fresh("later")
    refused = send(acme, products, key, source_id=source_id)
    assert_problem(refused, 404, "source_not_found")
    response = acme.request("POST", "/api/b2b/pim/sources", json={"source_id": source_id, "name": "Made later"})
    assert response.status_code == 201
    assert_all_applied(acme.finish(send(acme, products, key, source_id=source_id)), 1)
