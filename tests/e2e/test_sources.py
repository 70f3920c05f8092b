"""Import sources: keeping them, and what their mappings, locks and settings do to rows."""

import pytest

from consign import assert_all_applied, assert_problem, errors_of, fresh, parse_time

SOURCES = "/api/b2b/pim/sources"


def product(**fields):
    return {"entity_code": fresh("P"), **fields}


def apply(client, row, **options):
    assert_all_applied(client.import_products([row], **options), 1)
    return client.product(row["entity_code"])


# ---- the resource ----

def full_source():
    return {"source_id": fresh("source"), "name": "Supplier weekly feed", "field_mappings": {"Codice": "entity_code"},
            "locked_fields": ["name"], "auto_publish_enabled": True, "min_score_threshold": 70,
            "required_fields": ["name", "pricing.list"], "unchanged": "skip"}


def test_a_source_is_created_read_listed_replaced_and_deleted(acme):
    source = full_source()
    path = f"{SOURCES}/{source['source_id']}"
    response = acme.request("POST", SOURCES, json=source)
    assert response.status_code == 201
    made = response.json()["source"]
    assert {field: made[field] for field in source} == source
    parse_time(made["created_at"])
    assert acme.read(path)["source"] == made
    assert made in acme.read(SOURCES)["sources"]

    response = acme.request("PUT", path, json={"source_id": source["source_id"], "name": "Renamed"})
    assert response.status_code == 200
    replaced = acme.read(path)["source"]
    assert (replaced["name"], replaced["created_at"]) == ("Renamed", made["created_at"])
    assert not replaced.get("locked_fields") and not replaced.get("field_mappings")

    assert acme.request("DELETE", path).status_code < 300
    assert_problem(acme.get(path), 404, "source_not_found")
    assert_problem(acme.request("DELETE", path), 404, "source_not_found")
    assert_problem(acme.request("PUT", path, json={"name": "x"}), 404, "source_not_found")
    assert_problem(acme.send_products([product()], source_id=source["source_id"]), 404, "source_not_found")


def test_an_id_that_exists_is_409_and_changes_nothing(acme):
    source = full_source()
    assert acme.request("POST", SOURCES, json=source).status_code == 201
    assert_problem(acme.request("POST", SOURCES, json={**source, "name": "Other"}), 409, "source_exists")
    assert acme.read(f"{SOURCES}/{source['source_id']}")["source"]["name"] == source["name"]


def test_two_tenants_may_use_the_same_source_id(acme, globex):
    source = full_source()
    assert acme.request("POST", SOURCES, json=source).status_code == 201
    assert globex.request("POST", SOURCES, json=source).status_code == 201


BAD_SOURCES = {
    "no_source_id": {"source_id": None},
    "a_source_id_that_is_a_number": {"source_id": 5},
    "a_name_that_is_a_number": {"name": 5},
    "mappings_that_are_a_text": {"field_mappings": "a=b"},
    "a_mapping_without_a_target": {"field_mappings": [{"source_field": "a"}]},
    "a_transform_that_does_not_exist": {"field_mappings": [{"source_field": "a", "target_field": "b", "transform": "rot13"}]},
    "a_target_that_is_an_operator": {"field_mappings": {"a": "$set"}},
    "locks_that_are_a_text": {"locked_fields": "name"},
    "a_lock_that_is_a_number": {"locked_fields": [1]},
    "a_threshold_above_100": {"min_score_threshold": 101},
    "a_threshold_that_is_a_text": {"min_score_threshold": "80"},
    "a_flag_that_is_a_text": {"auto_publish_enabled": "yes"},
    "an_unchanged_that_does_not_exist": {"unchanged": "ignore"},
}


@pytest.mark.parametrize("fields", BAD_SOURCES.values(), ids=BAD_SOURCES.keys())
def test_a_source_that_makes_no_sense_is_refused_with_400(acme, fields):
    source = {**full_source(), **fields}
    response = acme.request("POST", SOURCES, json={field: value for field, value in source.items() if value is not None})
    assert_problem(response, 400, response.json()["code"])
    if isinstance(source["source_id"], str):
        assert acme.get(f"{SOURCES}/{source['source_id']}").status_code == 404


# ---- field mappings ----

def test_the_short_form_renames_fields_and_dotted_targets_nest(acme):
    source_id = acme.make_source(field_mappings={"Codice": "entity_code", "Prezzo": "pricing.list",
                                                 "Valuta": "pricing.currency", "Nome": "name.it"})
    code = fresh("P")
    row = {"Codice": code, "Prezzo": 9.8, "Valuta": "EUR", "Nome": "Valvola", "weight": 1.5, "Note": "resta"}
    assert_all_applied(acme.import_products([row], source_id=source_id), 1)
    stored = acme.product(code)
    assert stored["pricing"] == {"list": 9.8, "currency": "EUR"}
    assert stored["name"] == {"it": "Valvola"}
    assert (stored["weight"], stored["Note"]) == (1.5, "resta")
    assert not {"Codice", "Prezzo", "Valuta", "Nome"} & set(stored)


TRANSFORMS = {
    "number_with_thousands_and_comma": ("number", "1.234,56", 1234.56),
    "number_with_a_comma": ("number", "12,5", 12.5),
    "number_with_a_point": ("number", "12.5", 12.5),
    "number_with_spaces": ("number", " 42 ", 42),
    "number_below_zero": ("number", "-1.000,5", -1000.5),
    "number_that_is_one": ("number", 7.25, 7.25),
    "trim": ("trim", "  a b ", "a b"),
    "upper": ("upper", "abc-12", "ABC-12"),
    "lower": ("lower", "ABC", "abc"),
    "boolean_true": ("boolean", "true", True),
    "boolean_0": ("boolean", "0", False),
    "split": ("split:;", "a;b;c", ["a", "b", "c"]),
    "no_transform": (None, " as it is ", " as it is "),
}


def test_the_long_form_transforms_values(acme):
    mappings = [{"source_field": f"s_{name}", "target_field": f"t.{name}", **({"transform": transform} if transform else {})}
                for name, (transform, _, _) in TRANSFORMS.items()]
    source_id = acme.make_source(field_mappings=mappings)
    row = product(**{f"s_{name}": value for name, (_, value, _) in TRANSFORMS.items()})
    assert apply(acme, row, source_id=source_id)["t"] == {name: value for name, (_, _, value) in TRANSFORMS.items()}


def test_a_value_that_a_transform_cannot_read_is_an_error_of_its_row(acme):
    source_id = acme.make_source(field_mappings=[{"source_field": "Prezzo", "target_field": "price", "transform": "number"}])
    rows = [product(Prezzo="12,5"), product(Prezzo="gratis"), product(Prezzo="1.2.3,4,5")]
    job = acme.import_products(rows, source_id=source_id)
    assert (job["successful_rows"], job["failed_rows"]) == (1, 2)
    assert errors_of(job) == [(1, "mapping_failed", "/Prezzo"), (2, "mapping_failed", "/Prezzo")]
    assert job["import_errors"][0]["raw_data"] == rows[1]
    assert acme.product(rows[0]["entity_code"])["price"] == 12.5


def test_the_code_may_come_out_of_a_mapping_and_an_error_names_the_row_as_it_came(acme):
    source_id = acme.make_source(field_mappings=[{"source_field": "Art", "target_field": "sku", "transform": "trim"}])
    code = fresh("P")
    job = acme.import_products([{"Art": f" {code} ", "price": 1}, {"Articolo": "x"}], source_id=source_id)
    assert (job["successful_rows"], job["failed_rows"]) == (1, 1)
    assert acme.product(code)["entity_code"] == code
    assert job["import_errors"][0]["raw_data"] == {"Articolo": "x"}


def test_a_source_that_changes_afterwards_does_not_change_an_accepted_job(acme):
    source_id = acme.make_source(field_mappings={"p": "price"})
    rows = [product(p=number) for number in range(500)]
    response = acme.send_products(rows, source_id=source_id)
    assert acme.request("DELETE", f"{SOURCES}/{source_id}").status_code < 300
    assert_all_applied(acme.finish(response), 500)
    assert acme.product(rows[499]["entity_code"])["price"] == 499


# ---- locked fields ----

def test_fields_the_source_locks_survive_replace_and_partial(acme):
    locking = acme.make_source(locked_fields=["pricing.list", "name"])
    first = product(name="Valvola", pricing={"list": 10, "sale": 9}, weight=1)
    apply(acme, first)
    code = first["entity_code"]
    change = {"entity_code": code, "name": "Altro", "pricing": {"list": 1, "sale": 8}, "weight": 2}
    for mode in ("replace", "partial"):
        stored = apply(acme, change, source_id=locking, merge_mode=mode)
        assert (stored["name"], stored["pricing"], stored["weight"]) == ({"it": "Valvola"}, {"list": 10, "sale": 8}, 2)
    stored = apply(acme, {"entity_code": code, "weight": 3}, source_id=locking)
    assert (stored["name"], stored["pricing"]) == ({"it": "Valvola"}, {"list": 10})


def test_a_lock_of_one_source_does_not_bind_another(acme):
    locking = acme.make_source(locked_fields=["price"])
    first = product(price=10)
    apply(acme, first)
    change = {"entity_code": first["entity_code"], "price": 11}
    assert apply(acme, change, source_id=locking)["price"] == 10
    assert apply(acme, change)["price"] == 11


def test_a_locked_field_that_has_no_value_yet_may_be_set_once(acme):
    locking = acme.make_source(locked_fields=["price"])
    row = product(price=10)
    assert apply(acme, row, source_id=locking)["price"] == 10
    assert apply(acme, {**row, "price": 11}, source_id=locking)["price"] == 10


# ---- unchanged rows ----

def test_an_unchanged_row_makes_no_version_when_the_source_skips_it(acme, feed):
    skipping = acme.make_source(unchanged="skip")
    rows = [product(name="Valvola", price=number, pricing={"list": 1.5}) for number in range(3)]
    assert_all_applied(acme.import_products(rows, source_id=skipping), 3)
    rows[1]["price"] = 99
    reordered = [dict(reversed(row.items())) for row in rows]
    job = acme.import_products(reordered, source_id=skipping)
    assert_all_applied(job, 3)
    assert (job["unchanged_rows"], job["created_rows"]) == (2, 0)
    assert [acme.product(row["entity_code"])["version"] for row in rows] == [1, 2, 1]
    acme.wait_until_searchable(job["job_id"])
    assert [batch.items for batch in feed.search_batches(job["job_id"])] == [[(rows[1]["entity_code"], 2)]]


def test_every_row_makes_a_version_by_default(acme):
    row = product(name="Valvola", price=1)
    apply(acme, row)
    job = acme.import_products([row])
    assert (job["successful_rows"], job["unchanged_rows"]) == (1, 0)
    assert acme.product(row["entity_code"])["version"] == 2
