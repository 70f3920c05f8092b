"""Versions: 1, 2, 3 without gaps, one of them current at every instant, history that never changes."""

import threading

from consign import assert_all_applied, assert_problem, fresh, parse_time


def product(**fields):
    return {"entity_code": fresh("P"), **fields}


def apply(client, *rows, **options):
    for row in rows:
        assert_all_applied(client.import_products([row], **options), 1)
    return client.product(rows[0]["entity_code"])


def history(database, collection, code):
    """Every demoted version as it stands in the database, by number."""
    documents = database[collection].find({"_id": {"$gte": f"acme|{code}|", "$lt": f"acme|{code}}}"}})
    return {document["version"]: document for document in documents}


def test_two_updates_give_versions_1_2_3_of_which_one_is_current(acme, database):
    row = product(name="Valvola", price=1)
    code = row["entity_code"]
    apply(acme, row, {**row, "price": 2}, {**row, "price": 3})
    versions = acme.versions(code)
    assert [(version["version"], version["isCurrent"], version["price"]) for version in versions] == [
        (3, True, 3), (2, False, 2), (1, False, 1)]
    assert sorted(history(database, "product_versions", code)) == [1, 2]
    assert database.products.find_one({"_id": f"acme|{code}"})["version"] == 3


def test_history_is_the_version_as_it_was_and_never_changes(acme, database):
    row = product(name={"it": "Valvola", "en": "Valve"}, price=1, pricing={"list": 9.8}, ean=["1"])
    code = row["entity_code"]
    apply(acme, row)
    first = database.products.find_one({"_id": f"acme|{code}"})
    apply(acme, {"entity_code": code, "price": 2})
    demoted = history(database, "product_versions", code)[1]
    assert demoted == {**first, "_id": f"acme|{code}|1", "isCurrent": False}
    assert list(demoted)[:2] == ["_id", "isCurrent"]
    second = database.products.find_one({"_id": f"acme|{code}"})
    apply(acme, {"entity_code": code, "price": 3}, {"entity_code": code, "price": 4})
    after = history(database, "product_versions", code)
    assert after[1] == demoted
    assert after[2] == {**second, "_id": f"acme|{code}|2", "isCurrent": False}
    assert sorted(after) == [1, 2, 3]


def test_the_history_of_a_company_is_kept_alike(acme, database):
    code = fresh("C")
    for email in ("a@acme.it", "b@acme.it", "c@acme.it"):
        assert_all_applied(acme.import_companies([{"external_code": code, "email": email}]), 1)
    versions = acme.read(f"/api/b2b/customers/{code}/versions")["versions"]
    assert [(version["version"], version["isCurrent"], version["email"]) for version in versions] == [
        (3, True, "c@acme.it"), (2, False, "b@acme.it"), (1, False, "a@acme.it")]
    assert sorted(history(database, "customer_versions", code)) == [1, 2]


def test_a_code_named_twice_in_one_request_gets_two_versions_in_row_order(acme):
    row, other = product(price=1), product(price=7)
    job = acme.import_products([row, other, {**row, "price": 2}])
    assert_all_applied(job, 3)
    assert [(version["version"], version["price"]) for version in acme.versions(row["entity_code"])] == [(2, 2), (1, 1)]
    assert acme.product(other["entity_code"])["version"] == 1


def test_a_code_named_in_every_row_of_a_large_request_gets_a_version_per_row(acme):
    code = fresh("P")
    job = acme.import_products([{"entity_code": code, "price": number} for number in range(1, 601)])
    assert_all_applied(job, 600)
    page = acme.read(f"/api/b2b/pim/products/{code}/versions", limit=1000)["versions"]
    assert [(version["version"], version["price"]) for version in page] == [(n, n) for n in range(600, 0, -1)]
    assert [version["isCurrent"] for version in page] == [True] + [False] * 599


def test_partial_rows_for_the_same_code_build_on_each_other(acme):
    code = fresh("P")
    job = acme.import_products([{"entity_code": code, "name": "Valvola"}, {"entity_code": code, "price": 5}],
                               merge_mode="partial")
    assert_all_applied(job, 2)
    stored = acme.product(code)
    assert (stored["name"], stored["price"], stored["version"]) == ({"it": "Valvola"}, 5, 2)


def test_requests_of_a_tenant_apply_in_the_order_they_were_sent(acme):
    code = fresh("P")
    responses = [acme.send_products([{"entity_code": code, "price": number}]) for number in range(20)]
    for response in responses:
        assert_all_applied(acme.finish(response), 1)
    assert [version["price"] for version in acme.versions(code)] == list(range(19, -1, -1))


def test_each_version_can_be_read_by_its_number(acme):
    row = product(price=1)
    code = row["entity_code"]
    apply(acme, row, {**row, "price": 2})
    for number in (1, 2):
        version = acme.read(f"/api/b2b/pim/products/{code}/versions/{number}")["product"]
        assert (version["version"], version["price"], version["isCurrent"]) == (number, number, number == 2)
    for number in ("3", "0", "-1", "x", "1x", "99999999999999999999"):
        assert_problem(acme.get(f"/api/b2b/pim/products/{code}/versions/{number}"), 404, "version_not_found")


def test_what_was_never_imported_is_404(acme):
    assert_problem(acme.get("/api/b2b/pim/products/never-imported"), 404, "product_not_found")
    assert_problem(acme.get("/api/b2b/pim/products/never-imported/versions"), 404, "product_not_found")
    assert_problem(acme.get("/api/b2b/customers/never-imported"), 404, "customer_not_found")
    assert_problem(acme.get("/api/b2b/customers/never-imported/versions"), 404, "customer_not_found")


def test_times_tell_when_the_product_and_when_the_version_was_made(acme):
    row = product(price=1)
    first = apply(acme, row)
    second = apply(acme, {**row, "price": 2})
    assert first["created_at"] == second["created_at"]
    assert parse_time(first["updated_at"]) < parse_time(second["updated_at"])
    assert parse_time(first["created_at"]) <= parse_time(first["updated_at"])


def test_no_reader_ever_sees_a_product_without_a_current_version_or_going_back(acme, database):
    row = product(price=0)
    code = row["entity_code"]
    apply(acme, row)
    seen, done = [], threading.Event()

    def watch():
        while not done.is_set():
            seen.append(database.products.find_one({"_id": f"acme|{code}"}))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        apply(acme, *[{**row, "price": number} for number in range(1, 11)])
    finally:
        done.set()
        watcher.join()
    assert all(document and document["isCurrent"] for document in seen)
    versions = [document["version"] for document in seen]
    assert versions == sorted(versions)
    assert all(document["price"] == document["version"] - 1 for document in seen)


# ---- locks of a product ----

def lock(client, code, *paths):
    return client.request("PUT", f"/api/b2b/pim/products/{code}/locks", json={"locked_fields": list(paths)})


def test_locked_fields_survive_replace_and_partial_until_they_are_unlocked(acme):
    row = product(name="Valvola", pricing={"list": 10, "sale": 9}, price=1)
    code = row["entity_code"]
    apply(acme, row)
    assert lock(acme, code, "pricing.list", "name.it").status_code == 200
    assert acme.product(code)["locked_fields"] == ["pricing.list", "name.it"]
    change = {"entity_code": code, "name": {"it": "Altro", "en": "Other"}, "pricing": {"list": 1, "sale": 8}, "price": 2}
    for mode in ("replace", "partial"):
        stored = apply(acme, change, merge_mode=mode)
        assert (stored["pricing"], stored["name"], stored["price"]) == (
            {"list": 10, "sale": 8}, {"it": "Valvola", "en": "Other"}, 2)
        assert stored["locked_fields"] == ["pricing.list", "name.it"]
    stored = apply(acme, {"entity_code": code, "price": 3})
    assert (stored["pricing"], stored["name"], stored["price"]) == ({"list": 10}, {"it": "Valvola"}, 3)
    assert lock(acme, code).status_code == 200
    assert apply(acme, change)["pricing"] == {"list": 1, "sale": 8}


def test_the_locks_of_product_and_source_hold_together(acme):
    locking = acme.make_source(locked_fields=["price"])
    row = product(price=1, weight=1, quantity=1)
    code = row["entity_code"]
    apply(acme, row)
    lock(acme, code, "weight")
    stored = apply(acme, {"entity_code": code, "price": 2, "weight": 2, "quantity": 2}, source_id=locking)
    assert (stored["price"], stored["weight"], stored["quantity"]) == (1, 1, 2)


def test_a_locked_field_without_a_value_may_still_be_set(acme):
    row = product(price=1)
    apply(acme, row)
    lock(acme, row["entity_code"], "pricing.list")
    assert apply(acme, {**row, "pricing": {"list": 5}})["pricing"] == {"list": 5}
    assert apply(acme, {**row, "pricing": {"list": 6}})["pricing"] == {"list": 5}


def test_setting_locks_makes_no_version(acme):
    row = product(price=1)
    apply(acme, row)
    lock(acme, row["entity_code"], "price")
    assert acme.product(row["entity_code"])["version"] == 1


def test_locks_that_make_no_sense_are_refused(acme):
    row = product(price=1)
    apply(acme, row)
    path = f"/api/b2b/pim/products/{row['entity_code']}/locks"
    for body in ({}, {"locked_fields": "price"}, {"locked_fields": [1]}, {"locked_fields": [""]}):
        response = acme.request("PUT", path, json=body)
        assert_problem(response, 400, response.json()["code"])
    assert_problem(lock(acme, "never-imported", "price"), 404, "product_not_found")
