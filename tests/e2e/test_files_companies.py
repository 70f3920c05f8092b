"""Files of companies: a column is a field; addresses stand in one line or in one line each."""

import pytest

from consign import assert_all_applied, errors_of, fresh
from tables import file_name_of, read_csv, write_csv, write_openpyxl, write_xlwt

WRITERS = {"csv": write_csv, "xlsx": write_openpyxl, "xls": write_xlwt}
ADDRESS = {"address_type": "delivery", "country": "IT", "is_default": False}


def import_companies(client, content, name="companies.csv", **fields):
    return client.import_file(name, content, entity="customers", **fields)


def addresses_of(company):
    return [(address.get("external_code"), address["street_address"], address["city"], address["province"])
            for address in company["addresses"]]


@pytest.mark.parametrize("extension", WRITERS)
def test_a_company_and_its_addresses_may_stand_in_one_line(acme, extension):
    code = fresh("C")
    job = import_companies(acme, WRITERS[extension]([
        ["external_code", "company_name", "customer_type", "legal_info.vat_number", "tags", "addresses.0.external_code",
         "addresses.0.street_address", "addresses.0.city", "addresses.0.province", "addresses.0.is_default",
         "addresses.1.external_code", "addresses.1.street_address", "addresses.1.city", "addresses.1.province"],
        [code, "ACME S.R.L.", "reseller", "IT12345678903", "R1 | R2", "HQ", "Via Roma 10", "Napoli", "NA", True,
         "WH", "Via Po 1", "Torino", "TO"]]), f"companies.{extension}")
    assert_all_applied(job, 1)
    assert job["job_id"].startswith("cust_import_")
    company = acme.company(code)
    assert (company["company_name"], company["customer_type"], company["tags"]) == ("ACME S.R.L.", "reseller", ["R1", "R2"])
    assert company["legal_info"]["vat_number"] == "IT12345678903"
    assert addresses_of(company) == [("HQ", "Via Roma 10", "Napoli", "NA"), ("WH", "Via Po 1", "Torino", "TO")]
    assert company["addresses"][0]["is_default"] is True


@pytest.mark.parametrize("extension", WRITERS)
def test_lines_with_the_same_code_are_one_company_with_an_address_each(acme, extension):
    first, second = fresh("C"), fresh("C")
    job = import_companies(acme, WRITERS[extension]([
        ["external_code", "company_name", "addresses.external_code", "addresses.street_address", "addresses.city",
         "addresses.province"],
        [first, "ACME S.R.L.", "HQ", "Via Roma 10", "Napoli", "NA"],
        [first, "", "WH", "Via Po 1", "Torino", "TO"],
        [second, "Beta S.n.c.", "", "Via Arno 2", "Firenze", "FI"],
        [first, "ACME S.p.A.", "NEW", "Via Adda 3", "Milano", "MI"]]), f"companies.{extension}")
    assert_all_applied(job, 3)
    newest, oldest = acme.read(f"/api/b2b/customers/{first}/versions")["versions"]
    assert addresses_of(oldest) == [("HQ", "Via Roma 10", "Napoli", "NA"), ("WH", "Via Po 1", "Torino", "TO")]
    assert (newest["company_name"], addresses_of(newest)) == ("ACME S.p.A.", [("NEW", "Via Adda 3", "Milano", "MI")])
    assert addresses_of(acme.company(second)) == [(None, "Via Arno 2", "Firenze", "FI")]


def test_addresses_are_merged_by_their_code_in_partial_mode(acme):
    code = fresh("C")
    acme.import_companies([{"external_code": code, "email": "a@b.it", "addresses": [
        {"external_code": "HQ", "street_address": "Via Roma 10", "city": "Napoli", "province": "NA"}]}])
    job = import_companies(acme, write_csv([["external_code", "addresses.external_code", "addresses.label"], [code, "HQ", "Sede"]]),
                           merge_mode="partial")
    assert_all_applied(job, 1)
    company = acme.company(code)
    assert company["email"] == "a@b.it"
    assert (company["addresses"][0]["label"], company["addresses"][0]["city"]) == ("Sede", "Napoli")


def test_a_channel_of_the_form_is_that_of_companies_that_name_none(acme):
    first, second = fresh("C"), fresh("C")
    import_companies(acme, write_csv([["external_code", "channel"], [first, ""], [second, "own"]]), channel="shop")
    assert (acme.company(first)["channel"], acme.company(second)["channel"]) == ("shop", "own")


def test_leading_zeros_of_codes_are_kept(acme):
    code = "000" + str(abs(hash(fresh())))[:9]
    assert_all_applied(import_companies(acme, write_csv([["external_code", "public_code"], [code, "000" + fresh()]])), 1)
    assert acme.company(code)["external_code"] == code


def test_a_wrong_company_is_an_error_of_the_line_in_which_it_starts(acme):
    good, bad = fresh("C"), fresh("C")
    header = ["external_code", "legal_info.vat_number", "addresses.street_address", "addresses.city", "addresses.province"]
    rows = [[good, "", "Via Roma 1", "Roma", "RM"], [bad, "12", "Via Po 1", "Torino", "TO"], [bad, "", "Via Po 2", "Torino", "TO"],
            ["", "", "Via Po 3", "Torino", "TO"]]
    job = import_companies(acme, write_csv([header, *rows]))
    assert (job["successful_rows"], job["failed_rows"]) == (1, 2)
    assert [(row, path) for row, _, path in sorted(errors_of(job))] == [(2, "/legal_info/vat_number"), (4, "/external_code")]
    response = acme.error_file(job["job_id"])
    returned = read_csv(response.content)
    assert [row[:5] for row in returned[1:]] == rows[1:]

    for row in returned[1:]:
        row[1] = "IT12345678903" if row[1] else ""
    repaired = import_companies(acme, write_csv(returned[:-1]), file_name_of(response))
    assert_all_applied(repaired, 1)
    assert repaired["parent_job_id"] == job["job_id"]
    assert len(acme.company(bad)["addresses"]) == 2


def test_the_end_of_a_file_of_companies_is_announced(acme, feed):
    job = import_companies(acme, write_csv([["external_code"], [fresh("C")]]))
    assert feed.wait("import-completed.customers", job["job_id"])
