"""Companies import: what is accepted, what becomes of the fields, how feeds are merged."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consign import assert_all_applied, assert_problem, errors_of, fresh, parse_time

EXAMPLES = Path(__file__).resolve().parents[1] / "data/examples"

NAPOLI = {"external_code": "000000", "address_type": "both", "label": "HQ", "recipient_name": "ACME S.R.L.",
          "street_address": "Via Roma 10", "city": "Napoli", "province": "NA", "postal_code": "80100", "country": "IT",
          "is_default": True}


def reference_example():
    """The reference's request with codes of its own."""
    request = json.loads((EXAMPLES / "companies.json").read_text())
    for company in request["customers"]:
        company["external_code"] = fresh("C")
    request["customers"][0]["public_code"] = request["customers"][0]["external_code"]
    return request


def company(**fields):
    return {"external_code": fresh("C"), "company_name": "Beta Impianti S.n.c.", **fields}


# ---- the reference's example ----

def test_the_example_of_the_reference_is_answered_202_with_exactly_the_fields_shown(acme):
    response = acme.request("POST", "/api/b2b/customers/import/api", json=reference_example())
    answer = response.json()
    assert response.status_code == 202
    assert response.headers["content-type"].startswith("application/json")
    assert re.fullmatch(r"cust_import_\d{13}_[a-z0-9]{6}", answer["job_id"])
    assert answer == {"success": True, "job_id": answer["job_id"], "total": 2, "merge_mode": "partial",
                      "message": "Queued 2 customers for import"}


def test_the_job_of_the_example_ends_as_the_reference_shows(acme):
    job_id = acme.request("POST", "/api/b2b/customers/import/api", json=reference_example()).json()["job_id"]
    job = acme.wait_for_job(job_id)
    shown = {"job_id": job_id, "status": "completed", "total_rows": 2, "processed_rows": 2, "successful_rows": 2,
             "failed_rows": 0, "import_errors": [], "batch_id": None}
    assert {field: job[field] for field in shown} == shown
    created, started, completed = (parse_time(job[name]) for name in ("created_at", "started_at", "completed_at"))
    assert created <= started <= completed
    assert job["duration_seconds"] == pytest.approx((completed - started).total_seconds(), abs=0.01)


def test_the_companies_of_the_example_read_back_as_they_were_sent(acme):
    request = reference_example()
    assert_all_applied(acme.finish(acme.request("POST", "/api/b2b/customers/import/api", json=request)), 2)
    first, second = request["customers"]
    stored = acme.company(first["external_code"])
    assert {field: stored[field] for field in first} == first
    assert stored["channel"] == "vinc-b2b"
    assert (stored["version"], stored["isCurrent"]) == (1, True)
    stored = acme.company(second["external_code"])
    assert {field: stored[field] for field in second} == second


# ---- limits and refusals ----

def test_5000_companies_in_one_request_are_all_applied(acme, database):
    prefix = fresh("BULK")
    job = acme.import_companies([{"external_code": f"{prefix}-{i}"} for i in range(5000)])
    assert_all_applied(job, 5000)
    stored = {"_id": {"$gte": f"acme|{prefix}-", "$lt": f"acme|{prefix}."}}
    assert database.customers.count_documents({**stored, "version": 1, "isCurrent": True}) == 5000


REFUSED = {
    "an_empty_array": ({"customers": []}, "rows_empty", None),
    "no_array": ({"merge_mode": "partial"}, "field_missing", None),
    "an_object_for_the_array": ({"customers": {"external_code": "x"}}, "field_missing", None),
    "the_5001st_company": ({"customers": [{"external_code": f"x{i}"} for i in range(5001)]}, "rows_too_many", 5000),
    "a_missing_external_code": ({"customers": [company(), company(), {"company_name": "x"}]}, "external_code_missing", 2),
    "an_empty_external_code": ({"customers": [company(), company(external_code="")]}, "external_code_missing", 1),
    "an_external_code_that_is_null": ({"customers": [company(external_code=None)]}, "external_code_missing", 0),
    "an_external_code_that_is_a_number": ({"customers": [company(external_code=123)]}, "external_code_missing", 0),
    "a_merge_mode_of_no_meaning": ({"merge_mode": "append", "customers": [company()]}, "field_value", None),
    "a_batch_part_above_the_total": (
        {"batch_metadata": {"batch_id": "b", "batch_part": 3, "batch_total_parts": 2}, "customers": [company()]},
        "batch_metadata", None),
}


@pytest.mark.parametrize("body, code, index", REFUSED.values(), ids=REFUSED.keys())
def test_a_request_that_breaks_the_contract_is_refused_whole_with_400(acme, body, code, index):
    problem = assert_problem(acme.request("POST", "/api/b2b/customers/import/api", json=body), 400, code)
    if index is not None:
        assert problem["index"] == index
        assert str(index) in problem["error"] or code == "rows_too_many"


def test_a_refused_request_leaves_neither_a_job_nor_a_company(acme):
    batch_id, good = fresh("batch"), company()
    response = acme.send_companies([good, {"company_name": "no code"}], batch_metadata={"batch_id": batch_id})
    assert_problem(response, 400, "external_code_missing")
    assert acme.read("/api/b2b/jobs", batch_id=batch_id)["jobs"] == []
    assert acme.get(f"/api/b2b/customers/{good['external_code']}").status_code == 404


def test_the_default_merge_mode_is_replace(acme):
    assert acme.send_companies([company()]).json()["merge_mode"] == "replace"


def test_a_job_is_found_only_under_its_own_tenant_and_kind(acme, globex):
    job_id = acme.send_companies([company()]).json()["job_id"]
    assert acme.get(f"/api/b2b/customers/import/api/{job_id}").status_code == 200
    assert_problem(globex.get(f"/api/b2b/customers/import/api/{job_id}"), 404, "job_not_found")
    assert_problem(acme.get(f"/api/b2b/pim/jobs/{job_id}"), 404, "job_not_found")
    assert_problem(acme.get("/api/b2b/customers/import/api/cust_import_1714142335123_a4f9k2"), 404, "job_not_found")
    products_job = acme.send_products([{"sku": fresh("P")}]).json()["job_id"]
    assert_problem(acme.get(f"/api/b2b/customers/import/api/{products_job}"), 404, "job_not_found")


# ---- partial and replace ----

def existing_company(acme):
    """The company that the reference's two examples start from."""
    code = fresh("C")
    existing = {"external_code": code, "company_name": "ACME S.R.L.", "email": "old@acme.it", "tags": ["a"],
                "legal_info": {"vat_number": "IT01234567890", "sdi_code": "ABCDEFG"}, "addresses": [NAPOLI]}
    assert_all_applied(acme.import_companies([existing]), 1)
    return existing


def reference_update(code):
    return {"external_code": code, "email": "info@acme.it",
            "addresses": [{"external_code": "000000", "label": "HQ - Napoli (NA)"}]}


def test_partial_keeps_what_is_not_sent_and_merges_addresses_by_external_code(acme):
    existing = existing_company(acme)
    code = existing["external_code"]
    assert_all_applied(acme.import_companies([reference_update(code)], merge_mode="partial"), 1)
    stored = acme.company(code)
    expected = {**existing, "email": "info@acme.it", "addresses": [{**NAPOLI, "label": "HQ - Napoli (NA)"}]}
    assert {field: stored[field] for field in expected} == expected
    assert stored["version"] == 2


def test_replace_overwrites_what_is_sent_and_drops_the_address_without_street(acme):
    existing = existing_company(acme)
    code = existing["external_code"]
    job = acme.import_companies([reference_update(code)])
    assert_all_applied(job, 1)
    stored = acme.company(code)
    expected = {**existing, "email": "info@acme.it", "addresses": []}
    assert {field: stored[field] for field in expected} == expected
    assert [(warning["row"], warning["code"]) for warning in job["import_warnings"]] == [(0, "address_dropped")]


def test_partial_merges_objects_key_by_key_and_replace_takes_them_as_sent(acme):
    code = existing_company(acme)["external_code"]
    acme.import_companies([{"external_code": code, "legal_info": {"sdi_code": "0000000"}}], merge_mode="partial")
    assert acme.company(code)["legal_info"] == {"vat_number": "IT01234567890", "sdi_code": "0000000"}
    acme.import_companies([{"external_code": code, "legal_info": {"sdi_code": "XXXXXX"}}])
    assert acme.company(code)["legal_info"] == {"sdi_code": "XXXXXX"}


def test_partial_adds_addresses_that_are_new_and_keeps_those_not_named(acme):
    code = existing_company(acme)["external_code"]
    other = {**NAPOLI, "external_code": "000001", "city": "Salerno", "province": "SA", "is_default": False}
    acme.import_companies([{"external_code": code, "addresses": [other]}], merge_mode="partial")
    assert acme.company(code)["addresses"] == [NAPOLI, other]


def test_replace_without_addresses_keeps_the_address_list(acme):
    code = existing_company(acme)["external_code"]
    acme.import_companies([{"external_code": code, "phone": "+39 081 1"}])
    assert acme.company(code)["addresses"] == [NAPOLI]


def test_tags_are_added_in_partial_mode_and_overwritten_in_replace_mode(acme):
    code = existing_company(acme)["external_code"]
    acme.import_companies([{"external_code": code, "tags": ["b", "a"]}], merge_mode="partial")
    assert acme.company(code)["tags"] == ["a", "b"]
    acme.import_companies([{"external_code": code, "tags": ["c"]}])
    assert acme.company(code)["tags"] == ["c"]


# ---- rules of the fields ----

def test_an_address_gets_the_defaults_of_the_reference(acme):
    code = fresh("C")
    sent = {"street_address": "Via Roma 10", "city": "Napoli", "province": "NA"}
    assert_all_applied(acme.import_companies([{"external_code": code, "addresses": [sent]}]), 1)
    assert acme.company(code)["addresses"] == [
        {**sent, "address_type": "delivery", "postal_code": "", "country": "IT", "is_default": False}]


@pytest.mark.parametrize("missing", ["street_address", "city", "province"])
def test_an_incomplete_address_is_dropped_with_a_warning_and_the_others_are_stored(acme, missing):
    code = fresh("C")
    incomplete = {field: value for field, value in NAPOLI.items() if field != missing}
    complete = {**NAPOLI, "external_code": "000001"}
    job = acme.import_companies([{"external_code": code, "addresses": [incomplete, complete]}])
    assert_all_applied(job, 1)
    assert acme.company(code)["addresses"] == [complete]
    (warning,) = job["import_warnings"]
    assert (warning["row"], warning["entity_code"], warning["code"]) == (0, code, "address_dropped")
    assert warning["path"].startswith("/addresses/0")


def test_tag_overrides_are_stored_only_with_an_external_code_on_the_address(acme):
    code = fresh("C")
    named = {**NAPOLI, "tag_overrides": ["x"]}
    nameless = {**{field: value for field, value in named.items() if field != "external_code"}, "is_default": False}
    job = acme.import_companies([{"external_code": code, "addresses": [named, nameless]}])
    stored = acme.company(code)["addresses"]
    assert stored[0]["tag_overrides"] == ["x"]
    assert "tag_overrides" not in stored[1]
    assert [warning["code"] for warning in job["import_warnings"]] == ["tag_overrides_ignored"]


def test_the_channel_is_the_companys_else_the_requests_else_the_tenants(acme):
    own, shared, default = company(channel="own"), company(), company()
    acme.import_companies([own, shared], channel="shared")
    acme.import_companies([default])
    found = [acme.company(sent["external_code"])["channel"] for sent in (own, shared, default)]
    assert found == ["own", "shared", "vinc-b2b"]


def test_a_public_code_is_generated_once_and_kept(acme):
    companies = [company() for _ in range(20)]
    assert_all_applied(acme.import_companies(companies), 20)
    codes = [acme.company(sent["external_code"])["public_code"] for sent in companies]
    assert all(re.fullmatch(r"C\d{6,}", code) for code in codes)
    assert len(set(codes)) == 20
    acme.import_companies([{**companies[0], "phone": "1"}])
    assert acme.company(companies[0]["external_code"])["public_code"] == codes[0]


def test_companies_of_parallel_requests_never_share_a_generated_public_code(acme):
    feeds = [[company() for _ in range(50)] for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for job in pool.map(acme.import_companies, feeds):
            assert_all_applied(job, 50)
    codes = {acme.company(sent["external_code"])["public_code"] for sent in sum(feeds, [])}
    assert len(codes) == 200


def test_a_public_code_of_another_company_is_an_error_of_that_row_alone(acme):
    public_code, owner, thief, bystander = fresh("PUB"), company(), company(), company()
    acme.import_companies([{**owner, "public_code": public_code}])
    job = acme.import_companies([{**thief, "public_code": public_code}, bystander])
    assert (job["successful_rows"], job["failed_rows"]) == (1, 1)
    assert errors_of(job) == [(0, "public_code_taken", "/public_code")]
    assert acme.get(f"/api/b2b/customers/{thief['external_code']}").status_code == 404
    assert acme.company(bystander["external_code"])["version"] == 1


def test_two_tenants_may_use_the_same_codes(acme, globex):
    sent = company(public_code=fresh("PUB"))
    assert_all_applied(acme.import_companies([sent]), 1)
    assert_all_applied(globex.import_companies([{**sent, "company_name": "Globex"}]), 1)
    assert acme.company(sent["external_code"])["company_name"] == sent["company_name"]
    assert globex.company(sent["external_code"])["company_name"] == "Globex"


BAD_LEGAL_INFO = {
    "vat_number": ("IT123", "vat_number_invalid"),
    "fiscal_code": ("RSSMRA80A01", "fiscal_code_invalid"),
    "pec_email": ("no-at-sign", "pec_email_invalid"),
    "sdi_code": ("ABC", "sdi_code_invalid"),
}


def test_bad_legal_info_fails_its_row_with_the_path_and_leaves_other_rows_alone(acme):
    good = company(legal_info={"vat_number": "IT01234567890", "pec_email": "acme@pec.it", "sdi_code": "ABC123"})
    bad = [company(legal_info={field: value}) for field, (value, _) in BAD_LEGAL_INFO.items()]
    job = acme.import_companies([*bad, good])
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 1, 4)
    assert errors_of(job) == [(row, code, f"/legal_info/{field}")
                              for row, (field, (_, code)) in enumerate(BAD_LEGAL_INFO.items())]
    for error, sent in zip(job["import_errors"], bad):
        assert set(error) == {"row", "entity_code", "error", "code", "path", "raw_data"}
        assert error["entity_code"] == sent["external_code"]
        assert error["raw_data"] == sent
        assert error["error"]
    assert acme.company(good["external_code"])["legal_info"] == good["legal_info"]


def test_all_errors_of_a_row_are_reported_and_the_row_counts_once(acme):
    job = acme.import_companies([company(customer_type="partner",
                                         legal_info={"vat_number": "IT1", "sdi_code": "A"}, tags="vip")])
    assert (job["successful_rows"], job["failed_rows"], job["import_errors_total"]) == (0, 1, 4)
    assert {path for _, _, path in errors_of(job)} == {"/customer_type", "/legal_info/vat_number",
                                                       "/legal_info/sdi_code", "/tags"}


VAT_NUMBERS = {"it 012.345.678 90": "IT01234567890", "01234567890": "01234567890", "de136695976": "DE136695976"}


@pytest.mark.parametrize("sent, stored", VAT_NUMBERS.items())
def test_a_vat_number_is_stored_in_upper_case_without_spaces_and_dots(acme, sent, stored):
    code = fresh("C")
    assert_all_applied(acme.import_companies([{"external_code": code, "legal_info": {"vat_number": sent}}]), 1)
    assert acme.company(code)["legal_info"]["vat_number"] == stored


def test_unknown_fields_of_a_company_are_kept(acme):
    code = fresh("C")
    extra = {"erp": {"agent": "Rossi", "discounts": [10, 5.5]}, "note": "è già cliente"}
    assert_all_applied(acme.import_companies([{"external_code": code, **extra}]), 1)
    stored = acme.company(code)
    assert {field: stored[field] for field in extra} == extra


def test_a_company_named_twice_in_a_request_gets_two_versions_in_row_order(acme):
    code = fresh("C")
    job = acme.import_companies([{"external_code": code, "email": "first@acme.it"},
                                 {"external_code": code, "email": "second@acme.it"}])
    assert_all_applied(job, 2)
    versions = acme.read(f"/api/b2b/customers/{code}/versions")["versions"]
    assert [(version["version"], version["isCurrent"], version["email"]) for version in versions] == [
        (2, True, "second@acme.it"), (1, False, "first@acme.it")]
