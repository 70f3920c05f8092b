"""The largest that is taken, and the smallest that is not."""

from consign import assert_all_applied, fresh, wait_for


def test_10000_products_in_one_request_are_all_applied_and_searchable(acme, database, acme_index):
    prefix = fresh("BULK")
    rows = [{"entity_code": f"{prefix}-{number:05}", "name": f"Valvola {number}", "price": number} for number in range(10000)]
    response = acme.send_products(rows)
    assert response.json()["summary"]["products_queued"] == 10000
    job = acme.finish(response, seconds=180)
    assert_all_applied(job, 10000)
    stored = {"_id": {"$gte": f"acme|{prefix}-", "$lt": f"acme|{prefix}."}}
    assert database.products.count_documents({**stored, "version": 1, "isCurrent": True}) == 10000
    acme.wait_until_searchable(job["job_id"], seconds=180)
    codes = [row["entity_code"] for row in rows]
    assert wait_for("all are in the index", lambda: acme_index.versions(codes) == dict.fromkeys(codes, 1))


def test_a_row_of_nearly_900_kb_goes_all_the_way(acme):
    code = fresh("P")
    text = "è" * 440000
    assert_all_applied(acme.import_products([{"entity_code": code, "long_description": {"it": text}}]), 1)
    assert acme.product(code)["long_description"]["it"] == text
    job = acme.import_products([{"entity_code": code, "price": 1}], merge_mode="partial")
    acme.wait_until_searchable(job["job_id"])
    assert acme.product(code)["long_description"]["it"] == text


def test_40_large_rows_in_one_request_are_all_applied(acme):
    prefix = fresh("P")
    rows = [{"entity_code": f"{prefix}-{number}", "long_description": "x" * 500000} for number in range(40)]
    assert_all_applied(acme.import_products(rows), 40)


def test_the_longest_code_is_256_bytes(acme):
    longest = fresh("P").ljust(256, "x")
    job = acme.import_products([{"entity_code": longest}, {"entity_code": longest + "x"}, {"entity_code": ""}])
    assert (job["successful_rows"], job["failed_rows"]) == (1, 2)
    assert [(error["row"], error["code"]) for error in job["import_errors"]] == [(1, "code_invalid"), (2, "code_invalid")]
    assert acme.product(longest)["entity_code"] == longest
