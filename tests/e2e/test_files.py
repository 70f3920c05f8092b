"""Imports of files: what a file brings is what the same rows as JSON bring."""

import json
import os
from urllib.parse import urlsplit

import pytest
import requests

from consign import Client, assert_all_applied, assert_problem, errors_of, fresh, parse_time, part
from credentials import admin
from tables import write_csv, write_openpyxl, write_xlsxwriter, write_xlwt

MEGABYTE = 1024 * 1024
PROGRAMS = {"csv": ("csv", write_csv), "openpyxl": ("xlsx", write_openpyxl), "xlsxwriter": ("xlsx", write_xlsxwriter),
            "xlwt": ("xls", write_xlwt)}


def content_of(product):
    return {field: product.get(field) for field in ("name", "price", "quantity", "images", "tags", "pricing", "is_parent")}


def make_tenant(url, *options):
    """A client of a tenant of the test's own."""
    tenant = fresh("files").lower()
    admin("tenant", "put", tenant, "--name", "Files", "--languages", "it,en", "--default-language", "it", "--channel", "web",
          *options)
    key = admin("key", "create", "--tenant", tenant, "--permissions", "customers,import")
    client = Client(url, *key.values())
    client.source_id = client.make_source()
    return client


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_file_imports_the_rows_that_its_user_entered(acme, program):
    extension, write = PROGRAMS[program]
    first, second = fresh("P"), fresh("P")
    content = write([["entity_code", "name.it", "name.en", "price", "quantity", "images.0.url", "pricing.list", "is_parent"],
                     [first, 'Valvola 1/2"', "Valve", 12.5, 420, "https://cdn.example.com/1.jpg", 9, True],
                     [second, "Gomito, «rame» è", None, 3, None, None, None, None]])
    job = acme.import_file(f"products.{extension}", content)
    assert_all_applied(job, 2)
    as_json = acme.import_products([
        {"entity_code": first, "name": {"it": 'Valvola 1/2"', "en": "Valve"}, "price": 12.5, "quantity": 420,
         "images": [{"url": "https://cdn.example.com/1.jpg"}], "pricing": {"list": 9}, "is_parent": True},
        {"entity_code": second, "name": {"it": "Gomito, «rame» è"}, "price": 3}])
    assert_all_applied(as_json, 2)
    for code in (first, second):
        newer, older = acme.versions(code)
        assert content_of(older) == content_of(newer)


def test_the_answer_to_a_file_is_the_references(acme):
    content = write_csv([["entity_code", "price"], [fresh("P"), 12.5]])
    response = acme.send_file("products.csv", content)
    assert response.status_code == 202
    job = response.json()["job"]
    assert {"job_id", "source_id", "file_name", "file_size", "file_url", "status", "created_at"} <= set(job)
    assert job["job_id"].startswith("import_")
    assert response.headers["location"] == f"/api/b2b/pim/jobs/{job['job_id']}"
    assert (job["source_id"], job["file_name"], job["file_size"]) == ("supplier-weekly-feed", "products.csv", len(content))
    assert job["status"] == "pending"
    parse_time(job["created_at"])
    shown = acme.wait_for_job(job["job_id"])
    assert (shown["file_name"], shown["file_size"]) == ("products.csv", len(content))


def test_the_link_in_the_answer_fetches_the_file_and_nothing_else_does(acme, nobody):
    content = write_csv([["entity_code"], [fresh("P")]])
    link = acme.send_file("prezzi è.csv", content).json()["job"]["file_url"]
    fetched = requests.get(link, timeout=30)
    assert (fetched.status_code, fetched.content) == (200, content)
    assert fetched.headers["content-type"].startswith("text/csv")
    assert_problem(nobody.get(urlsplit(link).path), 403, "link_invalid")


@pytest.mark.parametrize("encoding, delimiter, end", [
    ("utf-8-sig", ",", "\r\n"), ("utf-16", ";", "\r\n"), ("utf-16-be", "\t", "\n"), ("cp1252", ";", "\r\n"), ("utf-8", "|", "\n"),
    ("utf-8", ",", "\r")])
def test_encodings_separators_and_line_ends_are_recognised(acme, encoding, delimiter, end):
    code = fresh("P")
    rows = [["entity_code", "name", "description"], [code, "Perché così", 'due righe:\r\nuna; "due", tre|\t']]
    assert_all_applied(acme.import_file("p.csv", write_csv(rows, delimiter=delimiter, encoding=encoding, end=end)), 1)
    product = acme.product(code)
    assert product["name"] == {"it": "Perché così"}
    assert product["description"] == {"it": 'due righe:\r\nuna; "due", tre|\t'}


def test_columns_are_mapped_and_transformed_as_the_source_says(acme):
    source = acme.make_source(field_mappings=[
        {"source_field": "Codice", "target_field": "entity_code"},
        {"source_field": "Prezzo di listino", "target_field": "pricing.list", "transform": "number"},
        {"source_field": "Scorta", "target_field": "quantity"},
        {"source_field": "Codici", "target_field": "variants_sku", "transform": "split:;"}])
    code = fresh("P")
    job = acme.import_file("p.csv", write_csv([["Codice", "Prezzo di listino", "Scorta", "Codici"],
                                               [code, "1.234,56", "7", "a; b"]]), source_id=source)
    assert_all_applied(job, 1)
    product = acme.product(code)
    assert (product["pricing"], product["quantity"], product["variants_sku"]) == ({"list": 1234.56}, 7, ["a", "b"])


def test_lists_in_one_cell_are_split(acme):
    code = fresh("P")
    assert_all_applied(acme.import_file("p.csv", write_csv([["entity_code", "variants_sku", "synonym_keys"],
                                                            [code, "A-1 | A-2", "valves"]])), 1)
    product = acme.product(code)
    assert (product["variants_sku"], product["synonym_keys"]) == (["A-1", "A-2"], ["valves"])


def test_an_empty_cell_is_a_field_that_was_not_sent(acme):
    code = fresh("P")
    acme.import_products([{"entity_code": code, "price": 5, "quantity": 1}])
    acme.import_file("p.csv", write_csv([["entity_code", "price", "quantity"], [code, "", 2]]), merge_mode="partial")
    product = acme.product(code)
    assert (product["price"], product["quantity"]) == (5, 2)


def test_errors_name_the_line_of_data_and_the_path(acme):
    code = fresh("P")
    job = acme.import_file("p.csv", write_csv([["entity_code", "price", "pricing.list"], [code, 1, 2], [fresh("P"), "12,5", "x"],
                                               ["", 3, 4]]))
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 1, 2)
    assert sorted(errors_of(job)) == [(2, "wrong_type", "/price"), (2, "wrong_type", "/pricing/list"), (3, "code_missing", "")]


def test_a_line_with_too_many_cells_is_an_error_of_its_row(acme):
    good = fresh("P")
    job = acme.import_file("p.csv", f'entity_code,price\r\n{fresh("P")},1,2\r\n{good},3\r\n'.encode())
    assert (job["successful_rows"], job["failed_rows"]) == (1, 1)
    assert [(error["row"], error["code"]) for error in job["import_errors"]] == [(1, "columns_too_many")]
    assert acme.product(good)["price"] == 3


def test_a_row_above_900_kb_is_an_error_of_its_row(acme):
    good = fresh("P")
    job = acme.import_file("p.csv", write_csv([["entity_code", "long_description"], [fresh("P"), "x" * 1_000_000], [good, "y"]]))
    assert (job["successful_rows"], job["failed_rows"]) == (1, 1)
    assert [(error["row"], error["code"]) for error in job["import_errors"]] == [(1, "row_too_large")]
    assert acme.product(good)["long_description"] == {"it": "y"}


def test_rows_of_the_largest_size_go_all_the_way(acme):
    prefix = fresh("P")
    rows = [["entity_code", "long_description"]] + [[f"{prefix}-{number}", "x" * 900_000] for number in range(5)]
    assert_all_applied(acme.import_file("p.csv", write_csv(rows)), 5)


def test_a_code_in_two_lines_makes_two_versions_in_their_order(acme):
    code = fresh("P")
    assert_all_applied(acme.import_file("p.csv", write_csv([["entity_code", "price"], [code, 1], [code, 2]])), 2)
    assert [version["price"] for version in acme.versions(code)] == [2, 1]


def test_parts_of_a_batch_may_be_files(acme):
    batch_id = fresh("feed")
    for number in (1, 2):
        metadata = json.dumps(part(batch_id, number, 2, 2))
        assert_all_applied(acme.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]), batch_metadata=metadata), 1)
    batch = acme.wait_for_batch(batch_id)
    assert (batch["rows_total"], batch["rows_successful"]) == (2, 2)


def test_the_end_of_a_file_is_announced_and_its_rows_can_be_searched(acme, feed, acme_index):
    code = fresh("P")
    job = acme.import_file("p.csv", write_csv([["entity_code", "name"], [code, "Valvola"]]))
    assert feed.wait("import-completed.products", job["job_id"])
    acme.wait_until_searchable(job["job_id"])
    assert acme_index.versions([code]) == {code: 1}


def test_several_lanes_keep_the_order_of_a_code_and_count_every_row(url, database):
    client = make_tenant(url)
    tenant = database.import_sources.find_one({"source_id": client.source_id})["tenant"]
    database.tenants.update_one({"_id": tenant}, {"$set": {"lanes": 3}})
    rows = [[f"L-{number % 700}", number] for number in range(2100)] + [["L-0", 9000 + number] for number in range(1500)]
    assert_all_applied(client.import_file("p.csv", write_csv([["entity_code", "price"], *rows])), 3600)
    assert client.product("L-0")["price"] == 10499
    assert client.product("L-0")["version"] == 1503
    assert client.product("L-699")["price"] == 2099


# ---- what is refused at once ----

def test_a_file_without_a_source_is_refused(acme):
    response = acme.request("POST", "/api/b2b/pim/import", files={"file": ("p.csv", b"entity_code\r\nA\r\n")})
    assert_problem(response, 400, "field_missing")


def test_a_file_of_an_unknown_source_is_refused(acme):
    assert_problem(acme.send_file("p.csv", b"entity_code\r\nA\r\n", source_id=fresh("nobody")), 404, "source_not_found")


@pytest.mark.parametrize("name", ["products.txt", "products", "products.xlsm", "products.csv.exe", ".zip"])
def test_other_kinds_of_file_are_refused(acme, name):
    assert_problem(acme.send_file(name, b"entity_code\r\nA\r\n"), 400, "file_type")


def test_a_form_without_a_file_is_refused(acme):
    response = acme.request("POST", "/api/b2b/pim/import", files={"source_id": (None, acme.source_id)})
    assert_problem(response, 400, "field_missing")


def test_a_body_that_is_no_form_is_refused(acme):
    assert_problem(acme.request("POST", "/api/b2b/pim/import", json={"source_id": acme.source_id}), 415, "media_type")
    response = acme.request("POST", "/api/b2b/pim/import", data=b"nothing of it",
                            headers={"content-type": "multipart/form-data; boundary=x"})
    assert_problem(response, 400, "form_syntax")


def test_a_file_of_50_mb_is_taken_and_one_byte_more_is_not(acme):
    code = fresh("P")
    content = write_csv([["entity_code", "price"], [code, 5]])
    content += b"\n" * (50 * MEGABYTE - len(content))
    assert_problem(acme.send_file("p.csv", content + b"\n"), 413, "body_too_large")
    assert_all_applied(acme.import_file("p.csv", content), 1)
    assert acme.product(code)["price"] == 5


def test_a_key_without_the_permission_may_not_send_files(limited, nobody):
    assert_problem(limited.send_file("p.csv", b"entity_code\r\nA\r\n"), 403, "forbidden")
    assert_problem(nobody.send_file("p.csv", b"entity_code\r\nA\r\n"), 401, "unauthenticated")


def test_what_belongs_to_another_tenant_does_not_exist(acme, globex):
    job_id = acme.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]))["job_id"]
    for path in ("", "/error-file", "/errors"):
        assert_problem(globex.get(f"/api/b2b/pim/jobs/{job_id}{path}"), 404, "job_not_found")
    assert_problem(globex.send_file("p.csv", b"entity_code\r\nA\r\n", parent_job_id=job_id), 404, "job_not_found")


# ---- where files lie ----

def test_a_tenant_without_a_store_is_answered_500_and_nothing_is_left(url, database):
    client = make_tenant(url, "--store", "none")
    assert_problem(client.send_file("p.csv", b"entity_code\r\nA\r\n"), 500, "store_not_configured")
    assert client.read("/api/b2b/jobs")["jobs"] == []


def test_a_store_that_does_not_take_the_file_is_answered_500(url, stack):
    client = make_tenant(url, "--store", "s3:files")
    with stack.ingress(CONSIGN_S3_ENDPOINT="http://127.0.0.1:1") as client.url:
        assert_problem(client.send_file("p.csv", b"entity_code\r\nA\r\n"), 500, "upload_failed")
        assert client.read("/api/b2b/jobs")["jobs"] == []


def test_files_of_a_tenant_may_lie_in_s3(url, database):
    client = make_tenant(url, "--store", f"s3:{os.environ['CONSIGN_S3_TEST_BUCKET']}")
    content = write_csv([["entity_code", "price"], ["A", 1], ["B", "x"]])
    response = client.send_file("p.csv", content)
    job = client.finish(response)
    assert (job["successful_rows"], job["failed_rows"]) == (1, 1)
    fetched = requests.get(response.json()["job"]["file_url"], timeout=30)
    assert (fetched.status_code, fetched.content) == (200, content)
    assert b"wrong_type" in client.error_file(job["job_id"]).content
    assert database["uploads.files"].count_documents({"_id": {"$regex": job["job_id"]}}) == 0


# ---- sending twice ----

def test_a_file_sent_twice_with_one_key_is_one_job_whatever_its_boundary(acme):
    content = write_csv([["entity_code"], [fresh("P")]])
    key = {"Idempotency-Key": fresh("key")}
    first = acme.send_file("p.csv", content, headers=key)
    again = acme.send_file("p.csv", content, headers=key)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert again.json()["job"]["job_id"] == first.json()["job"]["job_id"]
    assert_problem(acme.send_file("p.csv", content + b"B\r\n", headers=key), 422, "idempotency_mismatch")
    assert_problem(acme.send_file("q.csv", content, headers=key), 422, "idempotency_mismatch")
    assert_problem(acme.send_file("p.csv", content, headers=key, merge_mode="partial"), 422, "idempotency_mismatch")


# ---- rows of a file and rows of a request ----

def chunks_of(database, job_id):
    """How many rows each chunk had, by its number."""
    receipts = database.import_receipts.find({"job_id": job_id})
    return {receipt["chunk"]: receipt["counts"]["successful"] for receipt in receipts}


@pytest.mark.parametrize("sizes", [[300] * 600, [5000] * 300, [20_000] * 120, [200_000, 300, 800_000, 800_000, 300, 5000] * 10],
                         ids=["small", "medium", "large", "mixed"])
def test_rows_of_a_file_make_the_same_chunks_as_rows_of_a_request(acme, database, sizes):
    prefix = fresh("P")
    rows = [[f"{prefix}-{number:03}", "x" * size] for number, size in enumerate(sizes)]
    from_file = acme.import_file("p.csv", write_csv([["entity_code", "vendor_note"], *rows]))
    as_json = acme.import_products([{"entity_code": code, "vendor_note": note} for code, note in rows])
    assert_all_applied(from_file, len(rows))
    assert chunks_of(database, from_file["job_id"]) == chunks_of(database, as_json["job_id"])
