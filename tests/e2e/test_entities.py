"""Brands, categories, collections, product types and synonym dictionaries, and the products that embed them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import requests

from consign import assert_all_applied, assert_problem, errors_of, fresh, wait_for

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "data/examples/full-product-request.json").read_text())["products"][0]

# path, name of the entity, key of its answer, prefix of its jobs, a snapshot
KINDS = {
    "brands": ("brands", "brand", GOLDEN["brand"]),
    "categories": ("categories", "category", GOLDEN["category"]),
    "collections": ("collections", "collection", GOLDEN["collections"][0]),
    "product-types": ("product_types", "product_type", GOLDEN["product_type"]),
    "synonym-dictionaries": ("synonym_dictionaries", "synonym_dictionary",
                             {"key": "valves", "language": "it", "terms": ["valvola", "rubinetto"]}),
}
SYSTEM_FIELDS = {"version", "isCurrent", "created_at", "updated_at"}
MANY = 600


def content_of(document):
    return {field: value for field, value in document.items() if field not in SYSTEM_FIELDS}


def rows_of(job):
    return job["total_rows"], job["processed_rows"], job["successful_rows"], job["failed_rows"]


def make_products(client, count, **fields):
    prefix = fresh("P")
    codes = [f"{prefix}-{number:04}" for number in range(count)]
    job = client.import_products([{"entity_code": code, **fields} for code in codes])
    assert_all_applied(job, count)
    return codes


# ---- versions and reading back ----

@pytest.mark.parametrize("path, name, singular, snapshot", [(path, *kind) for path, kind in KINDS.items()], ids=KINDS)
def test_an_entity_is_imported_as_version_1_then_2_and_read_back_as_it_was_sent(acme, path, name, singular, snapshot):
    entity_id = fresh(singular)
    data = {**snapshot, f"{singular}_id": entity_id, "note": "kept"}
    response = acme.send_entity(path, entity_id, data)
    answer = response.json()
    assert response.status_code == 202, answer
    assert answer["success"] is True and answer["status"] == "queued"
    assert answer["job_id"].startswith(f"{singular}_import_")
    assert response.headers["location"] == f"/api/b2b/pim/jobs/{answer['job_id']}"
    job = acme.finish(response)
    assert_all_applied(job, 1)
    assert (job["entity"], job["entity_id"], job["created_rows"]) == (name, entity_id, 1)
    first = acme.read(f"/api/b2b/pim/{path}/{entity_id}")[singular]
    assert (first["version"], first["isCurrent"], content_of(first)) == (1, True, data)

    assert_all_applied(acme.import_entity(path, entity_id, {"display_order": 7}, merge_mode="partial"), 1)
    assert_all_applied(acme.import_entity(path, entity_id, {"display_order": 8}), 1)
    third, second, first = acme.entity_versions(path, entity_id)
    assert [version["version"] for version in (third, second, first)] == [3, 2, 1]
    assert content_of(second) == {**data, "display_order": 7}
    assert content_of(third)[f"{singular}_id"] == entity_id
    assert "note" not in third and third["display_order"] == 8


@pytest.mark.parametrize("path, singular", [(path, kind[1]) for path, kind in KINDS.items()], ids=KINDS)
def test_an_entity_that_nobody_imported_is_not_found(acme, path, singular):
    missing = fresh("missing")
    assert_problem(acme.get(f"/api/b2b/pim/{path}/{missing}"), 404, f"{singular}_not_found")
    assert_problem(acme.get(f"/api/b2b/pim/{path}/{missing}/versions"), 404, f"{singular}_not_found")


def test_plain_texts_of_a_category_are_stored_by_language(acme):
    category_id = fresh("category")
    acme.import_entity("categories", category_id, {"name": "Valvole", "slug": {"en": "valves"}})
    category = acme.read(f"/api/b2b/pim/categories/{category_id}")["category"]
    assert (category["name"], category["slug"]) == ({"it": "Valvole"}, {"en": "valves"})


def test_jobs_are_listed_by_entity(acme):
    brand_id = fresh("brand")
    job = acme.import_entity("brands", brand_id, {})
    listed = acme.read("/api/b2b/jobs", entity="brands", limit=100)["jobs"]
    assert job["job_id"] in [each["job_id"] for each in listed]
    assert {each["entity"] for each in listed} == {"brands"}
    assert_problem(acme.get("/api/b2b/jobs", entity="brand"), 400, "field_value")
    assert_problem(acme.get(f"/api/b2b/customers/import/api/{job['job_id']}"), 404, "job_not_found")


# ---- products ----

def test_a_product_that_names_a_known_entity_embeds_its_snapshot(acme):
    ids = {path: fresh(kind[1]) for path, kind in KINDS.items()}
    for path in ("brands", "categories", "collections", "product-types"):
        acme.import_entity(path, ids[path], {"slug": {"en": f"{path}-1"}})
    (code,) = make_products(acme, 1, brand=ids["brands"], category=ids["categories"], product_type=ids["product-types"],
                            collections=[ids["collections"], "unknown"])
    product = acme.product(code)
    assert product["brand"] == {"brand_id": ids["brands"], "slug": {"en": "brands-1"}}
    assert product["category"] == {"category_id": ids["categories"], "slug": {"en": "categories-1"}}
    assert product["product_type"] == {"product_type_id": ids["product-types"], "slug": {"en": "product-types-1"}}
    assert product["collections"] == [{"collection_id": ids["collections"], "slug": {"en": "collections-1"}}, "unknown"]


def test_listed_products_get_the_snapshot_and_unknown_codes_are_row_errors(acme, acme_index):
    brand_id, missing = fresh("brand"), fresh("missing")
    first, second = make_products(acme, 2, name="x")
    job = acme.import_entity("brands", brand_id, {"label": "Acme"}, [first, missing, second])
    assert job["status"] == "completed"
    assert rows_of(job) == (4, 4, 3, 1)
    assert errors_of(job) == [(1, "product_unknown", "")]
    assert job["import_errors"][0]["entity_code"] == missing
    for code in (first, second):
        product = acme.product(code)
        assert (product["version"], product["brand"]) == (2, {"brand_id": brand_id, "label": "Acme"})
        assert product["name"] == {"it": "x"}
    wait_for("both are searchable", lambda: acme_index.versions([first, second]) == {first: 2, second: 2})


def test_products_that_embed_an_entity_are_refreshed_whatever_form_they_gave_it(acme, acme_index):
    brand_id = fresh("brand")
    (by_text,) = make_products(acme, 1, brand=brand_id)
    (by_object,) = make_products(acme, 1, brand={"brand_id": brand_id, "label": "Old"})
    (other,) = make_products(acme, 1, brand=fresh("brand"))
    job = acme.import_entity("brands", brand_id, {"label": "New"})
    assert_all_applied(job, 3)
    for code in (by_text, by_object):
        product = acme.product(code)
        assert (product["version"], product["brand"]) == (2, {"brand_id": brand_id, "label": "New"})
    assert acme.product(other)["version"] == 1
    wait_for("both are searchable", lambda: acme_index.versions([by_text, by_object]) == {by_text: 2, by_object: 2})


def test_a_locked_brand_stays_as_it_is(acme):
    brand_id = fresh("brand")
    acme.import_entity("brands", brand_id, {"label": "Old"})
    (code,) = make_products(acme, 1, brand=brand_id)
    response = acme.request("PUT", f"/api/b2b/pim/products/{code}/locks", json={"locked_fields": ["brand"]})
    assert response.status_code == 200
    job = acme.import_entity("brands", brand_id, {"label": "New"}, [code])
    assert job["status"] == "completed" and job["failed_rows"] == 0
    assert acme.product(code)["brand"] == {"brand_id": brand_id, "label": "Old"}


def test_a_dictionary_widens_the_search_for_the_products_it_lists(acme):
    dictionary_id, term = fresh("dictionary"), fresh("Term")
    (code,) = make_products(acme, 1, name="x")
    acme.import_entity("synonym-dictionaries", dictionary_id, {"language": "it", "terms": [term]}, [code])
    assert acme.product(code)["synonym_keys"] == [dictionary_id]
    assert "lookup" not in acme.read(f"/api/b2b/pim/synonym-dictionaries/{dictionary_id}")["synonym_dictionary"]
    wait_for("the product is found by the term", lambda: [
        product["entity_code"] for product in acme.read("/api/b2b/pim/products", q=term.lower())["products"]] == [code])


def test_tenants_do_not_see_each_others_entities(acme, globex):
    brand_id, code = fresh("brand"), fresh("P")
    for client in (acme, globex):
        client.import_products([{"entity_code": code, "brand": brand_id}])
    assert_all_applied(acme.import_entity("brands", brand_id, {"label": "Acme"}), 2)
    assert_problem(globex.get(f"/api/b2b/pim/brands/{brand_id}"), 404, "brand_not_found")
    assert (globex.product(code)["version"], globex.product(code)["brand"]) == (1, brand_id)
    assert_all_applied(globex.import_entity("brands", brand_id, {"label": "Globex"}), 2)
    assert acme.product(code)["brand"]["label"] == "Acme"
    assert globex.product(code)["brand"]["label"] == "Globex"


def test_more_embedding_products_than_a_chunk_holds_are_all_refreshed(acme, database):
    brand_id = fresh("brand")
    codes = make_products(acme, MANY, brand=brand_id)
    job = acme.import_entity("brands", brand_id, {"label": "Acme"}, codes[:10])
    assert_all_applied(job, 1 + MANY)
    assert_refreshed(database, codes, brand_id, "Acme")


def test_products_whose_snapshot_is_the_same_already_make_no_version(acme):
    brand_id = fresh("brand")
    codes = make_products(acme, 2, brand=brand_id)
    acme.import_entity("brands", brand_id, {"label": "Acme"})
    job = acme.import_entity("brands", brand_id, {"label": "Acme"}, codes[:1])
    assert_all_applied(job, 1 + 1 + 2)
    assert job["unchanged_rows"] == 3
    assert [acme.product(code)["version"] for code in codes] == [2, 2]
    assert acme.read(f"/api/b2b/pim/brands/{brand_id}")["brand"]["version"] == 2


def assert_refreshed(database, codes, brand_id, label):
    """Every product is at version 2 with the snapshot; version 1 stands in the history once."""
    ids = [f"acme|{code}" for code in codes]
    current = list(database.products.find({"_id": {"$in": ids}}))
    assert len(current) == len(codes)
    assert {(product["version"], product["brand"]["brand_id"], product["brand"]["label"]) for product in current} == \
        {(2, brand_id, label)}
    history = list(database.product_versions.find({"_id": {"$gte": f"{ids[0]}|", "$lt": f"{ids[-1]}}}"}}))
    assert sorted(version["_id"] for version in history) == [f"{each}|1" for each in ids]


@pytest.mark.parametrize("service", ["product-importer", "job-tracker"])
def test_kill_9_in_mid_refresh_still_gives_exact_counts(service, acme, database, stack):
    brand_id, key = fresh("brand"), fresh("key")
    codes = make_products(acme, MANY * 4, brand=brand_id)
    job_id = acme.send_entity("brands", brand_id, {"label": "Acme"},
                              headers={"Idempotency-Key": key}).json()["job_id"]
    stack.kill_when(service, "the refresh has begun", lambda: acme.job(job_id)["processed_rows"] > 1)
    assert acme.job(job_id)["status"] == "processing", f"{service} was through before it was killed"
    stack.up()
    assert_all_applied(acme.wait_for_job(job_id), MANY * 4 + 1)
    assert_refreshed(database, codes, brand_id, "Acme")
    repeated = acme.send_entity("brands", brand_id, {"label": "Acme"}, headers={"Idempotency-Key": key})
    assert (repeated.json()["job_id"], repeated.headers["Idempotent-Replayed"]) == (job_id, "true")
    assert acme.read(f"/api/b2b/pim/brands/{brand_id}")["brand"]["version"] == 1


def test_kill_9_of_the_entity_importer_still_gives_exact_counts(acme, database, stack):
    """Each brand is imported by ten jobs, which refresh one product of its own; unknown codes are errors of their rows."""
    brands = [fresh("brand") for _ in range(20)]
    code_of = {brand_id: make_products(acme, 1, brand=brand_id)[0] for brand_id in brands}
    missing = [fresh("missing") for _ in range(300)]
    job_ids = []
    for number in range(10):
        job_ids += [acme.send_entity("brands", brand_id, {"label": f"{number}"}, missing).json()["job_id"] for brand_id in brands]
        if number == 4:
            stack.kill("entity-importer")
    unfinished = database.import_jobs.count_documents({"_id": {"$in": job_ids}, "status": {"$ne": "completed"}})
    stack.up()
    assert unfinished > len(brands) * 5, "the entity importer was not at work when it was killed"
    for job_id in job_ids:
        job = acme.wait_for_job(job_id)
        assert (job["status"], *rows_of(job)) == ("completed", 302, 302, 2, 300)
    for brand_id in brands:
        assert [version["label"] for version in acme.entity_versions("brands", brand_id)] == [f"{n}" for n in range(9, -1, -1)]
        product = acme.product(code_of[brand_id])
        assert (product["version"], product["brand"]["label"]) == (len(acme.versions(code_of[brand_id])), "9")


# ---- Idempotency-Key ----

class Request:
    """An import of a brand with 10,000 unknown products, repeated with its key until it is accepted."""

    def __init__(self, client):
        self.client = client
        self.brand_id = fresh("brand")
        self.mine = {"tenant": "acme", "entity": "brands", "entity_id": self.brand_id}
        self.broken = 0

    def send(self):
        key, listed = fresh("key"), [fresh("missing").ljust(256, "x")] * 10000
        deadline = time.monotonic() + 120
        while True:
            try:
                response = self.client.send_entity("brands", self.brand_id, {"label": "Acme"}, listed,
                                                   headers={"Idempotency-Key": key})
                if response.status_code == 202:
                    return response.json()["job_id"]
                assert response.status_code in (409, 503), response.text
            except requests.ConnectionError:
                self.broken += 1
            assert time.monotonic() < deadline, "the request was not accepted"
            time.sleep(0.2)

    def is_being_accepted(self, database):
        return database.import_jobs.find_one({**self.mine, "accepting_since": {"$gt": datetime(2020, 1, 1)}}, {"_id": 1})


def cut_off(acme, database, stack):
    """A request in the middle of which ingress was killed, and its job."""
    request = Request(acme)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(request.send)
        stack.kill_when("ingress", "the job is being accepted", lambda: request.is_being_accepted(database))
        stack.up()
        job_id = sent.result()
    assert request.broken, "no request was in flight when ingress was killed"
    return request, job_id


def test_an_acceptance_that_was_cut_off_is_resumed_with_the_same_job(acme, database, stack):
    request, job_id = cut_off(acme, database, stack)
    job = acme.wait_for_job(job_id)
    assert (job["status"], *rows_of(job)) == ("completed", 10001, 10001, 1, 10000)
    assert database.import_jobs.count_documents(request.mine) == 1
    assert acme.read(f"/api/b2b/pim/brands/{request.brand_id}")["brand"]["version"] == 1


def test_a_key_belongs_to_one_entity(acme):
    key, first, second = fresh("key"), fresh("brand"), fresh("brand")
    job = acme.import_entity("brands", first, {"label": "x"}, headers={"Idempotency-Key": key})
    assert_all_applied(job, 1)
    assert_problem(acme.send_entity("brands", second, {"label": "x"}, headers={"Idempotency-Key": key}), 422,
                   "idempotency_mismatch")
    assert_problem(acme.send_entity("categories", first, {"label": "x"}, headers={"Idempotency-Key": key}), 422,
                   "idempotency_mismatch")


# ---- what is refused ----

BAD_BODIES = {
    "no_data": ({}, 400, "field_missing", "/data"),
    "data_is_null": ({"data": None}, 400, "field_type", "/data"),
    "data_is_a_list": ({"data": []}, 400, "field_type", "/data"),
    "an_unknown_merge_mode": ({"data": {}, "merge_mode": "both"}, 400, "field_value", "/merge_mode"),
    "another_id": ({"data": {"brand_id": "other"}}, 400, "field_value", "/data/brand_id"),
    "products_is_a_text": ({"data": {}, "products": "A"}, 400, "field_type", "/products"),
    "a_number_for_a_code": ({"data": {}, "products": ["A", 7]}, 400, "field_type", "/products/1"),
    "an_empty_code": ({"data": {}, "products": ["A", "B", ""]}, 400, "field_value", "/products/2"),
    "10001_products": ({"data": {}, "products": ["A"] * 10001}, 400, "rows_too_many", "/products/10000"),
    "too_much_data": ({"data": {"label": "x" * 1000000}}, 413, "body_too_large", "/data"),
}


@pytest.mark.parametrize("body, status, code, path", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_wrong_body_is_refused_where_it_is_wrong(acme, body, status, code, path):
    brand_id = fresh("brand")
    response = acme.request("POST", f"/api/b2b/pim/brands/{brand_id}/import", json=body)
    problem = assert_problem(response, status, code)
    assert problem["path"] == path
    assert problem.get("index") == (int(path.split("/")[2]) if path.startswith("/products/") else None)
    assert acme.get(f"/api/b2b/pim/brands/{brand_id}").status_code == 404


def test_all_wrong_fields_of_an_entity_are_told_at_once_and_nothing_is_queued(acme, database):
    brand_id = fresh("brand")
    response = acme.send_entity("brands", brand_id, {"level": "x", "path": ["a", 1], "is_active": "yes", "label": "Acme"})
    problem = assert_problem(response, 400, "data_invalid")
    assert [(error["path"], error["code"]) for error in problem["errors"]] == \
        [("/data/level", "wrong_type"), ("/data/path/1", "wrong_type"), ("/data/is_active", "wrong_type")]
    assert database.import_jobs.count_documents({"tenant": "acme", "entity": "brands", "entity_id": brand_id}) == 0


def test_an_id_of_more_than_256_bytes_is_refused(acme):
    assert_problem(acme.send_entity("brands", "x" * 257, {}), 400, "field_value")
    assert_problem(acme.send_entity("brands", "%FF", {}), 400, "field_value")
    assert acme.send_entity("brands", fresh("b").ljust(256, "x"), {}).status_code == 202


def test_an_entity_needs_the_permission_to_import(limited, nobody):
    assert_problem(limited.send_entity("brands", "x", {}), 403, "forbidden")
    assert_problem(nobody.send_entity("brands", "x", {}), 401, "unauthenticated")
    assert_problem(limited.get("/api/b2b/pim/brands/x"), 403, "forbidden")
