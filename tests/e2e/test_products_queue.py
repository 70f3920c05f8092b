"""Queued product import: what is accepted, the rules of the fields, completeness and publishing."""

import copy
import json
import re
from pathlib import Path

import pytest

from consign import PRODUCT_SYSTEM_FIELDS, assert_all_applied, assert_problem, errors_of, fresh, parse_time, part

EXAMPLES = Path(__file__).resolve().parents[1] / "data/examples"


def product(**fields):
    return {"entity_code": fresh("P"), **fields}


def apply(client, *rows, **options):
    """Imports the rows one request after the other and returns the first row's product."""
    for row in rows:
        assert_all_applied(client.import_products([row], **options), 1)
    return client.product(rows[0]["entity_code"])


# ---- the reference's example ----

def reference_example():
    request = json.loads((EXAMPLES / "products-queue.json").read_text())
    request["batch_metadata"]["batch_id"] = fresh("weekly")
    for row in request["products"]:
        row["entity_code"] = fresh("P")
    return request


def test_the_example_of_the_reference_is_answered_202_with_exactly_the_fields_shown(acme):
    request = reference_example()
    response = acme.request("POST", "/api/b2b/pim/import/queue", json=request)
    answer = response.json()
    assert response.status_code == 202
    assert re.fullmatch(r"queue_import_\d{13}_[a-z0-9]{6}", answer["job_id"])
    assert answer == {
        "success": True, "job_id": answer["job_id"], "status": "queued",
        "summary": {"products_queued": 2, "source_id": "supplier-weekly-feed", "batch_metadata": request["batch_metadata"]},
        "message": f"Queued 2 products for import. Job ID: {answer['job_id']}"}


def test_the_job_of_the_example_is_polled_to_its_end(acme):
    request = reference_example()
    job = acme.finish(acme.request("POST", "/api/b2b/pim/import/queue", json=request))
    assert_all_applied(job, 2)
    shown = {"source_id": "supplier-weekly-feed", "batch_id": request["batch_metadata"]["batch_id"], "batch_part": 1,
             "batch_total_parts": 4}
    assert {field: job[field] for field in shown} == shown
    assert parse_time(job["created_at"]) <= parse_time(job["started_at"]) <= parse_time(job["completed_at"])
    assert [acme.product(row["entity_code"])["price"] for row in request["products"]] == [12.5, 8.9]


def test_every_field_of_the_full_product_reads_back_as_it_was_sent(acme):
    request = json.loads((EXAMPLES / "full-product-request.json").read_text())
    (sent,) = request["products"]
    sent["entity_code"] = sent["sku"] = fresh("SKU")
    metadata = {**request["batch_metadata"], "batch_id": fresh("weekly")}
    job = acme.import_products([sent], merge_mode=request["merge_mode"], batch_metadata=metadata)
    assert_all_applied(job, 1)
    # A version is as it was stored; the product itself is shown with the promotions that run now.
    response = acme.get(f"/api/b2b/pim/products/{sent['entity_code']}/versions/1")
    stored = response.json()["product"]
    assert {field: stored[field] for field in stored if field not in PRODUCT_SYSTEM_FIELDS} == sent
    assert PRODUCT_SYSTEM_FIELDS <= set(stored)
    assert '"weight":0.23' in response.text and '"list":9.8,' in response.text
    assert (stored["version"], stored["status"], stored["completeness_score"]) == (1, "published", 100)
    parse_time(stored["published_at"])


def test_a_product_says_where_it_came_from(acme):
    batch_id = fresh("weekly")
    row = product(name="Valvola")
    stored = apply(acme, row, batch_metadata=part(batch_id, 1, 4, 8000))
    source = stored["source"]
    parse_time(source.pop("imported_at"))
    assert source == {"source_id": "supplier-weekly-feed", "source_name": "Supplier weekly feed", "batch_id": batch_id,
                      "batch_metadata": part(batch_id, 1, 4, 8000)}


# ---- refusals ----

REFUSED = {
    "an_empty_array": ({"products": []}, 400, "rows_empty"),
    "no_array": ({}, 400, "field_missing"),
    "10001_products": ({"products": [{"sku": "x"}] * 10001}, 400, "rows_too_many"),
    "no_source_id": ({"source_id": None, "products": [product()]}, 400, "field_missing"),
    "a_source_id_that_is_a_number": ({"source_id": 7, "products": [product()]}, 400, "field_type"),
    "an_unknown_source_id": ({"source_id": "never-made", "products": [product()]}, 404, "source_not_found"),
    "a_merge_mode_of_no_meaning": ({"merge_mode": "upsert", "products": [product()]}, 400, "field_value"),
    "a_batch_part_above_the_total": ({"batch_metadata": part("b", 5, 4), "products": [product()]}, 400, "batch_metadata"),
    "a_batch_part_of_0": ({"batch_metadata": part("b", 0, 4), "products": [product()]}, 400, "batch_metadata"),
    "a_batch_part_that_is_text": ({"batch_metadata": part("b", "1", 4), "products": [product()]}, 400, "batch_metadata"),
    "batch_metadata_that_is_text": ({"batch_metadata": "b", "products": [product()]}, 400, "batch_metadata"),
}


@pytest.mark.parametrize("body, status, code", REFUSED.values(), ids=REFUSED.keys())
def test_a_request_that_breaks_the_contract_is_refused_whole(acme, body, status, code):
    request = {"source_id": "supplier-weekly-feed", **body}
    if request["source_id"] is None:
        del request["source_id"]
    assert_problem(acme.request("POST", "/api/b2b/pim/import/queue", json=request), status, code)


def test_a_refused_request_leaves_neither_a_job_nor_a_product(acme):
    batch_id, row = fresh("batch"), product()
    assert_problem(acme.send_products([row], batch_metadata=part(batch_id, 3, 2)), 400, "batch_metadata")
    assert acme.read("/api/b2b/jobs", batch_id=batch_id)["jobs"] == []
    assert acme.get(f"/api/b2b/pim/products/{row['entity_code']}").status_code == 404


def test_another_tenants_source_does_not_exist_for_us(acme, globex):
    source_id = globex.make_source()
    assert_problem(acme.send_products([product()], source_id=source_id), 404, "source_not_found")


# ---- codes ----

def test_the_code_is_entity_code_else_sku(acme):
    sku, code = fresh("SKU"), fresh("P")
    assert_all_applied(acme.import_products([{"sku": sku, "price": 1}, {"entity_code": code, "price": 2}]), 2)
    assert acme.product(sku)["entity_code"] == sku
    assert acme.product(code)["sku"] == code


def test_a_product_without_any_code_is_an_error_of_its_row(acme):
    row = product(price=1)
    job = acme.import_products([{"name": "nameless"}, row])
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 1, 1)
    assert [error[:2] for error in errors_of(job)] == [(0, "code_missing")]
    assert job["import_errors"][0]["entity_code"] is None
    assert job["import_errors"][0]["raw_data"] == {"name": "nameless"}
    assert acme.product(row["entity_code"])["price"] == 1


def test_codes_with_separators_quotes_and_accents_are_codes_like_any_other(acme):
    prefix = fresh("P")
    codes = [f"{prefix}|1", f"{prefix}%7C1", f"{prefix} è / 'x'", f'{prefix}"\\']
    job = acme.import_products([{"entity_code": code, "price": number} for number, code in enumerate(codes)])
    assert_all_applied(job, 4)
    for number, code in enumerate(codes):
        response = acme.request("GET", f"/api/b2b/pim/products/{''.join(f'%{byte:02X}' for byte in code.encode())}")
        assert response.status_code == 200, code
        assert (response.json()["product"]["entity_code"], response.json()["product"]["price"]) == (code, number)


# ---- rules of the fields ----

def test_plain_texts_of_multilingual_fields_are_wrapped_in_the_default_language(acme, globex):
    fields = ("name", "description", "slug", "short_description", "long_description", "meta_title", "meta_description",
              "product_status_description")
    row = product(**{field: f"testo di {field}" for field in fields})
    stored = apply(acme, row)
    assert {field: stored[field] for field in fields} == {field: {"it": f"testo di {field}"} for field in fields}
    assert apply(globex, product(name="Valve"))["name"] == {"en": "Valve"}


def test_a_field_that_is_keyed_by_language_already_stays_as_it_is(acme):
    names = {"en": "Valve", "it": "Valvola", "de": "Ventil", "fr": "Robinet"}
    assert apply(acme, product(name=names))["name"] == names


def test_a_product_gets_the_defaults_of_the_reference(acme):
    stored = apply(acme, product(price=1))
    defaults = {"sku": stored["entity_code"], "channels": ["default"], "unit": "pcs", "product_kind": "standard",
                "is_parent": True, "include_faceting": True}
    assert {field: stored[field] for field in defaults} == defaults


@pytest.mark.parametrize("parent", ["parent_entity_code", "parent_sku"])
def test_a_product_with_a_parent_is_a_variant_unless_it_says_otherwise(acme, parent):
    assert apply(acme, product(**{parent: "SKU-0001"}))["is_parent"] is False
    assert apply(acme, product(**{parent: "SKU-0001"}, is_parent=True))["is_parent"] is True


def test_numbers_and_texts_come_back_as_the_same_characters(acme):
    code = fresh("P")
    values = ('"i64":9223372036854775807,"min":-9223372036854775808,"odd":9007199254740993,"price":19.99,'
              '"small":1e-7,"tenth":0.1,"zero":0,"text":"è 漢字 😀 \\u0001 \\\\ \\" /"')
    body = f'{{"source_id":"supplier-weekly-feed","products":[{{"entity_code":"{code}",{values}}}]}}'
    assert_all_applied(acme.finish(acme.request("POST", "/api/b2b/pim/import/queue", data=body.encode())), 1)
    text = acme.get(f"/api/b2b/pim/products/{code}").text
    for written in ('"i64":9223372036854775807', '"min":-9223372036854775808', '"odd":9007199254740993', '"price":19.99',
                    '"tenth":0.1', '"zero":0'):
        assert written + "," in text, f"{written} is not in {text}"
    stored = json.loads(text)["product"]
    assert stored["small"] == 1e-7
    assert stored["text"] == 'è 漢字 😀 \x01 \\ " /'


def test_unknown_fields_of_a_product_are_kept(acme):
    extra = {"erp": {"codes": [1, 2.5, None, True, {"deep": {"er": []}}]}, "x_note": "più", "empty": {}, "none": []}
    stored = apply(acme, product(**extra))
    assert {field: stored[field] for field in extra} == extra


WRONG_TYPES = {
    "a_price_as_text": ({"price": "12,5"}, "/price"),
    "a_nested_price_as_text": ({"pricing": {"list": "9.80"}}, "/pricing/list"),
    "a_name_that_is_a_number": ({"name": 5}, "/name"),
    "a_language_that_is_a_number": ({"name": {"it": 5}}, "/name/it"),
    "images_that_are_an_object": ({"images": {"url": "x"}}, "/images"),
    "an_image_that_is_a_text": ({"images": [{"url": "x"}, "y"]}, "/images/1"),
    "a_flag_that_is_a_text": ({"not_visible": "no"}, "/not_visible"),
    "an_ean_that_is_a_number": ({"ean": ["8001234567890", 8001234567891]}, "/ean/1"),
    "a_date_that_is_none": ({"item_creation_date": "yesterday"}, "/item_creation_date"),
    "a_kind_that_does_not_exist": ({"product_kind": "virtual"}, "/product_kind"),
    "a_stock_status_that_does_not_exist": ({"stock_status": "maybe"}, "/stock_status"),
}


def test_a_known_field_of_a_wrong_type_is_an_error_of_its_row_with_the_path(acme):
    rows = [product(**fields) for fields, _ in WRONG_TYPES.values()]
    good = product(price=12.5)
    job = acme.import_products([*rows, good])
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 1, len(rows))
    found = {row: path for row, _, path in errors_of(job)}
    expected = {row: path for row, (_, path) in enumerate(WRONG_TYPES.values())}
    assert found == expected
    for error, sent in zip(job["import_errors"], rows):
        assert (error["entity_code"], error["raw_data"]) == (sent["entity_code"], sent)
    assert acme.product(good["entity_code"])["price"] == 12.5


def test_null_is_allowed_in_every_field(acme):
    row = product(name=None, price=None, images=None, brand=None, pricing=None, tags=None, not_visible=None)
    stored = apply(acme, row)
    assert {field: stored[field] for field in row} == row


def test_references_may_be_given_as_plain_ids(acme):
    row = product(brand="acme", category="valves", product_type="ball", collections=["pro", {"collection_id": "coll"}])
    stored = apply(acme, row)
    assert {field: stored[field] for field in row} == row


# ---- partial and replace ----

def test_partial_deep_merges_onto_the_current_version(acme):
    image = {"type": "image", "url": "https://cdn.example.com/a.jpg", "label": "Front", "position": 0}
    existing = product(name={"it": "Valvola", "en": "Valve"}, description="old", price=10, media=[image])
    before = apply(acme, existing)
    after = apply(acme, {"entity_code": existing["entity_code"], "price": 12.5}, merge_mode="partial")
    content = {field: value for field, value in before.items() if field not in PRODUCT_SYSTEM_FIELDS}
    assert {field: value for field, value in after.items() if field not in PRODUCT_SYSTEM_FIELDS} == {**content, "price": 12.5}
    assert after["description"] == {"it": "old"}
    assert after["version"] == 2


def test_replace_drops_what_is_not_sent_again(acme):
    image = {"type": "image", "url": "https://cdn.example.com/a.jpg", "label": "Front", "position": 0}
    existing = product(name={"it": "Valvola", "en": "Valve"}, description="old", price=10, media=[image])
    apply(acme, existing)
    after = apply(acme, {"entity_code": existing["entity_code"], "price": 12.5})
    assert (after["entity_code"], after["price"], after["version"]) == (existing["entity_code"], 12.5, 2)
    assert not {"name", "description", "media"} & set(after)


def test_partial_merges_objects_by_key_and_languages_by_language_and_replaces_arrays(acme):
    first = product(pricing={"list": 9.8, "currency": "EUR", "vat": {"rate": 22, "included": False}},
                    name={"it": "Valvola", "en": "Valve"}, ean=["1", "2"], weight=1.5)
    patch = {"entity_code": first["entity_code"], "pricing": {"list": 10, "vat": {"rate": 10}}, "name": {"de": "Ventil"},
             "ean": ["3"], "weight": None}
    apply(acme, first)
    stored = apply(acme, patch, merge_mode="partial")
    assert stored["pricing"] == {"list": 10, "currency": "EUR", "vat": {"rate": 10, "included": False}}
    assert stored["name"] == {"it": "Valvola", "en": "Valve", "de": "Ventil"}
    assert stored["ean"] == ["3"]
    assert stored["weight"] is None


def test_partial_with_a_plain_name_changes_the_default_language_only(acme):
    first = product(name={"it": "Valvola", "en": "Valve"})
    apply(acme, first)
    stored = apply(acme, {"entity_code": first["entity_code"], "name": "Rubinetto"}, merge_mode="partial")
    assert stored["name"] == {"it": "Rubinetto", "en": "Valve"}


def test_images_are_replaced_when_sent_and_kept_when_not_in_partial_mode(acme):
    first = product(images=[{"url": "a", "position": 0}, {"url": "b", "position": 1}])
    apply(acme, first)
    code = first["entity_code"]
    assert apply(acme, {"entity_code": code, "price": 1}, merge_mode="partial")["images"] == first["images"]
    images = [{"url": "c", "position": 0}]
    assert apply(acme, {"entity_code": code, "images": images}, merge_mode="partial")["images"] == images


def test_media_of_a_type_that_is_sent_replace_those_of_that_type_in_partial_mode(acme):
    manual = {"type": "document", "url": "manual", "label": "Manual", "position": 0}
    sheet = {"type": "document", "url": "sheet", "label": "Sheet", "position": 1}
    video = {"type": "video", "url": "video", "label": "Video", "position": 2}
    model = {"type": "3d-model", "url": "model", "label": "Model", "position": 3}
    newer = {**manual, "url": "manual-2"}
    first = product(media=[manual, video, sheet])
    apply(acme, first)
    stored = apply(acme, {"entity_code": first["entity_code"], "media": [newer, model]}, merge_mode="partial")
    by_type = {}
    for item in stored["media"]:
        by_type.setdefault(item["type"], []).append(item)
    assert by_type == {"document": [newer], "video": [video], "3d-model": [model]}


# ---- completeness and publishing ----

SCORES = {
    "nothing": ({}, 0),
    "name": ({"name": "x"}, 20),
    "description": ({"description": "x"}, 20),
    "price": ({"price": 1}, 20),
    "list_price": ({"pricing": {"list": 1}}, 20),
    "both_prices_count_once": ({"price": 1, "pricing": {"list": 1}}, 20),
    "images": ({"images": [{"url": "x", "position": 0}]}, 20),
    "no_images": ({"images": []}, 0),
    "brand": ({"brand": "acme"}, 10),
    "category": ({"category": {"category_id": "c"}}, 10),
    "empty_texts": ({"name": "", "description": {"it": ""}, "brand": None}, 0),
}


def test_completeness_adds_up_by_the_table(acme):
    source_id = acme.make_source()
    rows = [product(**fields) for fields, _ in SCORES.values()]
    assert_all_applied(acme.import_products(rows, source_id=source_id), len(rows))
    found = {name: acme.product(row["entity_code"])["completeness_score"] for name, row in zip(SCORES, rows)}
    assert found == {name: score for name, (_, score) in SCORES.items()}


def direct_example():
    """The two products of the reference's direct import: 90 points and 50."""
    return [
        product(name={"en": 'Brass ball valve 1/2"', "it": 'Valvola a sfera 1/2"'},
                description="Full-bore brass ball valve, threaded.", price=12.5, brand="acme",
                images=[{"url": "https://cdn.example.com/sku-0001-front.jpg", "position": 0}]),
        product(name="Copper elbow 22mm", price=3.9, brand="acme"),
    ]


def test_of_the_examples_two_products_the_complete_one_is_published_and_the_other_a_draft(acme):
    rows = direct_example()
    job = acme.import_products(rows, merge_mode="partial")
    assert_all_applied(job, 2)
    assert job["auto_published"] == 1
    first, second = (acme.product(row["entity_code"]) for row in rows)
    assert (first["status"], first["completeness_score"]) == ("published", 90)
    parse_time(first["published_at"])
    assert (second["status"], second["published_at"], second["completeness_score"]) == ("draft", None, 50)


def complete(**fields):
    return {**direct_example()[0], **fields}


PUBLISHING = {
    "the_source_decides": ({}, complete(), "published"),
    "a_source_without_the_rule": ({"auto_publish_enabled": False}, complete(), "draft"),
    "the_product_switches_it_on": ({"auto_publish_enabled": False}, complete(auto_publish_enabled=True), "published"),
    "the_product_switches_it_off": ({}, complete(auto_publish_enabled=False), "draft"),
    "the_source_asks_for_more": ({"min_score_threshold": 95}, complete(), "draft"),
    "the_product_asks_for_less": ({"min_score_threshold": 95}, complete(min_score_threshold=90), "published"),
    "the_product_asks_for_more": ({}, complete(min_score_threshold=91), "draft"),
    "80_is_asked_when_nobody_says": ({"min_score_threshold": None}, complete(brand=None), "published"),
    "a_field_the_source_requires_is_absent": ({"required_fields": ["pricing.list"]}, complete(), "draft"),
    "a_field_the_source_requires_is_there": ({"required_fields": ["name", "price"]}, complete(), "published"),
    "a_field_the_product_requires_is_empty": ({}, complete(required_fields=["ean"], ean=[]), "draft"),
    "both_lists_hold": ({"required_fields": ["price"]}, complete(required_fields=["weight"]), "draft"),
}


@pytest.mark.parametrize("rule, row, status", PUBLISHING.values(), ids=PUBLISHING.keys())
def test_a_version_is_published_by_the_rule_of_product_and_source(acme, rule, row, status):
    fields = {"auto_publish_enabled": True, "min_score_threshold": 80, **rule}
    source_id = acme.make_source(**{name: value for name, value in fields.items() if value is not None})
    row = {**copy.deepcopy(row), "entity_code": fresh("P")}
    assert apply(acme, row, source_id=source_id)["status"] == status


def test_what_was_published_stays_so_on_a_later_import_that_does_not_ask_otherwise(acme):
    row = complete(entity_code=fresh("P"))
    first = apply(acme, row)
    second = apply(acme, {"entity_code": row["entity_code"], "price": 13})
    assert (second["status"], second["published_at"]) == ("published", first["published_at"])
    assert second["completeness_score"] == 20


def test_the_publishing_rule_of_a_product_survives_replace(acme):
    row = complete(entity_code=fresh("P"), auto_publish_enabled=False, min_score_threshold=10, required_fields=["ean"])
    assert apply(acme, row)["status"] == "draft"
    after = apply(acme, complete(entity_code=row["entity_code"]))
    kept = ("auto_publish_enabled", "min_score_threshold", "required_fields")
    assert {field: after.get(field) for field in kept} == {field: row[field] for field in kept}
    assert after["status"] == "draft"
