"""Prices and promotions: what is stored beside them, and what follows from them when a product is read."""

from datetime import datetime, timedelta, timezone

from consign import assert_all_applied, errors_of, fresh


def days_from_now(days):
    at = datetime.now(timezone.utc) + timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def promotion(code, first=-1, last=1, **fields):
    """Runs from so many days from now to so many."""
    return {"promo_code": code, "promo_row": 1, "promo_type": "STD", "start_date": days_from_now(first),
            "end_date": days_from_now(last), **fields}


PIECE = {"pkg_id": "1", "code": "PZ", "qty": 1, "pricing": {"list": 9.8, "retail": 12.5, "sale": 10.9, "sale_unit": 10.9}}
BOX = {"pkg_id": "2", "code": "BOX", "qty": 10,
       "pricing": {"price_ref": "PZ", "list_discount_pct": 5, "sale_discount_pct": 10}}


def store(client, *, merge_mode="replace", **fields):
    row = {"entity_code": fresh("P"), **fields}
    job = client.import_products([row], merge_mode=merge_mode)
    assert_all_applied(job, 1)
    return row["entity_code"], job


def promo_codes(product):
    return {packaging["pkg_id"]: [entry["promo_code"] for entry in packaging.get("promotions", [])]
            for packaging in product["packaging_options"]}


def test_a_product_is_read_with_the_promotions_that_run_now_in_its_packagings(acme):
    own = promotion("BOX-10", discount_percentage=10)
    code, _ = store(acme, packaging_options=[PIECE, {**BOX, "promotions": [own]}, {"pkg_id": "3", "code": "PALLET"}],
                    promotions=[promotion("SPRING", target_pkg_ids=["1", "2"]), promotion("OVER", -9, -2),
                                promotion("LATER", 2, 9), promotion("OFF", is_active=False),
                                promotion("BOX-10", target_pkg_ids=["2"])])
    shown = acme.product(code)
    assert promo_codes(shown) == {"1": ["SPRING"], "2": ["BOX-10", "SPRING"], "3": []}
    assert shown["packaging_options"][1]["promotions"][0] == own
    assert "promotions" not in shown["packaging_options"][2]
    assert (shown["promo_code"], shown["promo_type"]) == (["SPRING", "OVER", "LATER", "OFF", "BOX-10"], ["STD"])
    assert shown["has_active_promo"] is True


def test_what_is_computed_for_the_reader_is_not_stored(acme):
    code, _ = store(acme, packaging_options=[PIECE], promotions=[promotion("SPRING")],
                    packaging_prices=[{"code": "PZ", "list": 0.01}])
    assert acme.product(code)["packaging_prices"][0]["list"] == 9.8
    (version,) = acme.versions(code)
    assert version["packaging_options"] == [PIECE]
    assert "packaging_prices" not in version
    assert acme.read(f"/api/b2b/pim/products/{code}/versions/1")["product"] == version


def test_packaging_prices_follow_a_price_ref(acme):
    code, job = store(acme, packaging_options=[BOX, PIECE])
    assert job["import_warnings"] == []
    assert acme.product(code)["packaging_prices"] == [
        {"pkg_id": "2", "code": "BOX", "qty": 10, "list": 93.1, "retail": 125, "sale": 98.1, "list_unit": 9.31,
         "retail_unit": 12.5, "sale_unit": 9.81},
        {"pkg_id": "1", "code": "PZ", "qty": 1, "list": 9.8, "retail": 12.5, "sale": 10.9, "list_unit": 9.8,
         "retail_unit": 12.5, "sale_unit": 10.9}]
    assert acme.product(code)["packaging_options"] == [BOX, PIECE]


def test_a_product_without_packagings_has_no_packaging_prices(acme):
    code, _ = store(acme, pricing={"list": 1, "currency": "EUR"})
    assert "packaging_prices" not in acme.product(code)


def test_a_price_ref_that_leads_nowhere_is_a_warning_and_the_row_is_stored(acme):
    code, job = store(acme, packaging_options=[PIECE, {**BOX, "pricing": {"price_ref": "PALLET"}}])
    assert [(warning["row"], warning["code"], warning["path"]) for warning in job["import_warnings"]] == [
        (0, "price_ref_unresolved", "/packaging_options/1/pricing/price_ref")]
    assert acme.product(code)["packaging_prices"][1] == {"pkg_id": "2", "code": "BOX", "qty": 10}


def test_a_discount_of_more_than_100_per_cent_is_an_error_of_its_row(acme):
    job = acme.import_products([{"entity_code": fresh("P"), "packaging_options": [
        {"code": "BOX", "pricing": {"price_ref": "PZ", "list_discount_pct": 101}}]}])
    assert errors_of(job) == [(0, "wrong_value", "/packaging_options/0/pricing/list_discount_pct")]


def test_the_promo_fields_follow_a_partial_change_of_the_promotions(acme):
    code, _ = store(acme, promotions=[promotion("SPRING"), promotion("OFF", promo_type="EXTRA", is_active=False)])
    store(acme, entity_code=code, merge_mode="partial", packaging_options=[{**BOX, "promotions": [promotion("BOX-10")]}])
    product = acme.product(code)
    assert (product["promo_code"], product["promo_type"]) == (["SPRING", "OFF", "BOX-10"], ["STD", "EXTRA"])
    store(acme, entity_code=code, merge_mode="partial", promotions=[], packaging_options=[BOX])
    product = acme.product(code)
    assert (product["promo_code"], product["promo_type"], product["has_active_promo"]) == ([], [], False)


def test_products_are_found_by_their_promotions(acme, acme_index):
    mark = fresh("PROMO")
    code, job = store(acme, promotions=[promotion(mark, promo_type=f"{mark}-type")])
    ended, last = store(acme, promotions=[promotion(mark, is_active=False)])
    acme.wait_until_searchable(job["job_id"])
    acme.wait_until_searchable(last["job_id"])
    acme_index.refresh()

    def found(**params):
        return {product["entity_code"] for product in acme.read("/api/b2b/pim/products", promo_code=mark, **params)["products"]}

    assert found() == {code, ended}
    assert found(promo_type=f"{mark}-type") == {code}
    assert found(has_active_promo="true") == {code}
    assert found(has_active_promo="false") == {ended}
    assert acme.get("/api/b2b/pim/products", has_active_promo="maybe").status_code == 400
