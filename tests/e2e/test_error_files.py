"""The rows of a job that failed come back as a file: corrected and sent again, it imports just these."""

import json

import openpyxl
import pytest

from consign import assert_all_applied, assert_problem, fresh, wait_for
from tables import file_name_of, read_csv, read_xlsx, write_csv, write_openpyxl, write_xlwt

ROWS, BAD = 1000, (1, 3, 250, 251, 500, 999, 1000)
ERROR_COLUMNS = ["error_code", "error", "error_path"]


def rows_of(prefix):
    """Seven of the rows have a price that is none."""
    return [[f"{prefix}-{number:04}", f"Valvola {number}", "12,5 EUR" if number in BAD else number, "x, \"y\""]
            for number in range(1, ROWS + 1)]


HEADER = ["entity_code", "name", "price", "vendor_note"]
FORMATS = {"csv": (write_csv, read_csv), "xlsx": (write_openpyxl, lambda content: read_xlsx(content)[0])}


def import_with_errors(client, extension):
    prefix = fresh("P")
    content = FORMATS[extension][0]([HEADER, *rows_of(prefix)])
    job = client.import_file(f"products.{extension}", content)
    assert (job["status"], job["total_rows"], job["successful_rows"], job["failed_rows"]) == ("completed", ROWS, ROWS - 7, 7)
    return prefix, job


@pytest.mark.parametrize("extension", FORMATS)
def test_seven_bad_rows_of_1000_come_back_and_import_when_corrected(acme, extension):
    write, read = FORMATS[extension]
    prefix, job = import_with_errors(acme, extension)
    response = acme.error_file(job["job_id"])
    rows = read(response.content)
    assert rows[0] == HEADER + ERROR_COLUMNS
    assert [row[0] for row in rows[1:]] == [f"{prefix}-{number:04}" for number in BAD]
    for row in rows[1:]:
        assert row[2:6] == ["12,5 EUR", "x, \"y\"", "wrong_type", row[5]] and row[6] == "/price"

    corrected = write([rows[0]] + [row[:2] + [12.5] + row[3:] for row in rows[1:]])
    repaired = acme.import_file(file_name_of(response), corrected)
    assert_all_applied(repaired, 7)
    assert repaired["parent_job_id"] == job["job_id"]
    for number in BAD:
        product = acme.product(f"{prefix}-{number:04}")
        assert (product["version"], product["price"], product["vendor_note"]) == (1, 12.5, "x, \"y\"")
        assert not set(ERROR_COLUMNS) & set(product)


def test_what_failed_is_red_in_a_workbook(acme):
    content = write_openpyxl([["entity_code", "name", "price"], ["A", "Uno", 1], [fresh("P"), "Due", "x"]])
    rows, red = read_xlsx(acme.error_file(acme.import_file("p.xlsx", content)["job_id"]).content)
    assert len(rows) == 2
    assert red and {row for row, _ in red} == {1}


def test_rows_of_an_old_workbook_come_back_as_xlsx(acme):
    job = acme.import_file("p.xls", write_xlwt([["entity_code", "price"], [fresh("P"), "x"]]))
    response = acme.error_file(job["job_id"])
    assert file_name_of(response) == f"p.errors-{job['job_id']}.xlsx"
    assert read_xlsx(response.content)[0][0] == ["entity_code", "price", *ERROR_COLUMNS]


def test_all_errors_of_a_row_stand_beside_it(acme):
    job = acme.import_file("p.csv", write_csv([["entity_code", "price", "pricing.list"], [fresh("P"), "x", "y"]]))
    row = read_csv(acme.error_file(job["job_id"]).content)[1]
    assert row[3] == "wrong_type; wrong_type"
    assert sorted(row[5].split("; ")) == ["/price", "/pricing/list"]


def test_rows_that_fail_again_come_back_once_more(acme):
    first = acme.import_file("p.csv", write_csv([["entity_code", "price"], [fresh("P"), "x"]]))
    response = acme.error_file(first["job_id"])
    second = acme.import_file(file_name_of(response), response.content)
    assert (second["failed_rows"], second["parent_job_id"]) == (1, first["job_id"])
    again = acme.error_file(second["job_id"])
    assert file_name_of(again) == f"p.errors-{second['job_id']}.csv"
    assert read_csv(again.content)[0] == ["entity_code", "price", *ERROR_COLUMNS]
    assert read_csv(again.content) == read_csv(response.content)


def test_the_form_may_name_the_parent_and_must_name_one_that_is_there(acme):
    parent = acme.import_file("p.csv", write_csv([["entity_code", "price"], [fresh("P"), "x"]]))["job_id"]
    content = write_csv([["entity_code"], [fresh("P")]])
    assert acme.import_file("q.csv", content, parent_job_id=parent)["parent_job_id"] == parent
    assert_problem(acme.send_file("q.csv", content, parent_job_id="import_1_nobody"), 404, "job_not_found")
    companies = acme.import_companies([{"external_code": fresh("C")}])["job_id"]
    assert_problem(acme.send_file("q.csv", content, parent_job_id=companies), 404, "job_not_found")


def test_a_name_that_looks_like_an_error_file_obliges_to_nothing(acme):
    job = acme.import_file("p.errors-import_1_nobody.csv", write_csv([["entity_code"], [fresh("P")]]))
    assert_all_applied(job, 1)
    assert job.get("parent_job_id") is None


def test_an_error_file_of_a_job_without_errors_has_no_rows(acme):
    job = acme.import_file("p.csv", write_csv([["entity_code"], [fresh("P")]]))
    assert read_csv(acme.error_file(job["job_id"]).content) == [["entity_code", *ERROR_COLUMNS]]


def test_a_spreadsheet_takes_no_cell_of_an_error_file_for_a_formula(acme):
    evil = ["=HYPERLINK(\"http://x\")", "+1+1", "@SUM(A1)", "\t=1", "-2+3"]
    rows = [[fresh("P"), text, "x"] for text in evil] + [[fresh("P"), "-5", "x"]]
    job = acme.import_file("p.csv", write_csv([["entity_code", "vendor_note", "price"], *rows]))
    returned = [row[1] for row in read_csv(acme.error_file(job["job_id"]).content)[1:]]
    for sent, got in zip(evil, returned):
        assert got == "'" + sent.strip("\t") or got == "'" + sent
    assert returned[-1] == "-5"
    as_workbook = acme.import_file("p.xlsx", write_openpyxl([["entity_code", "vendor_note", "price"],
                                                             [fresh("P"), "'=1+1", "x"]]))
    book = openpyxl.load_workbook(__import__("io").BytesIO(acme.error_file(as_workbook["job_id"]).content))
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_what_is_imported_is_not_changed_by_the_guard(acme):
    code = fresh("P")
    assert_all_applied(acme.import_file("p.csv", write_csv([["entity_code", "vendor_note"], [code, "=1+1"]])), 1)
    assert acme.product(code)["vendor_note"] == "=1+1"


# ---- rows that came as JSON ----

def test_rows_that_came_as_json_come_back_as_a_request_that_can_be_sent(acme):
    good, bad = fresh("P"), fresh("P")
    job = acme.import_products([{"entity_code": good}, {"entity_code": bad, "price": "x", "name": "Valvola"}], merge_mode="partial")
    request = acme.error_file(job["job_id"]).json()
    assert request["products"] == [{"entity_code": bad, "price": "x", "name": "Valvola"}]
    assert (request["parent_job_id"], request["source_id"], request["merge_mode"]) == (job["job_id"], acme.source_id, "partial")
    assert [(error["row"], error["code"], error["path"]) for error in request["errors"]] == [(1, "wrong_type", "/price")]
    request["products"][0]["price"] = 5
    repaired = acme.finish(acme.request("POST", "/api/b2b/pim/import/queue", json=request))
    assert_all_applied(repaired, 1)
    assert repaired["parent_job_id"] == job["job_id"]


def test_rows_that_came_as_json_come_back_line_by_line_when_that_is_wanted(acme):
    job = acme.import_products([{"entity_code": fresh("P"), "price": text} for text in "xyz"])
    response = acme.error_file(job["job_id"], accept="application/x-ndjson")
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [(line["price"], line["error_code"], line["error_path"]) for line in lines] == [
        (text, "wrong_type", "/price") for text in "xyz"]


def test_companies_come_back_as_well(acme):
    code = fresh("C")
    job = acme.import_companies([{"external_code": code, "legal_info": {"vat_number": "12"}}])
    request = acme.error_file(job["job_id"]).json()
    request["customers"][0]["legal_info"]["vat_number"] = "IT12345678903"
    repaired = acme.finish(acme.request("POST", "/api/b2b/customers/import/api", json=request))
    assert_all_applied(repaired, 1)
    assert repaired["parent_job_id"] == job["job_id"]


def test_a_file_that_is_gone_has_no_error_file(acme, database):
    job = acme.import_file("p.csv", write_csv([["entity_code", "price"], [fresh("P"), "x"]]))
    key = database.import_jobs.find_one({"_id": job["job_id"]})["file"]["key"]
    found = wait_for("the file lies there", lambda: database["uploads.files"].find_one({"filename": job["file_name"], "_id": {"$regex": job["job_id"]}}))
    database["uploads.files"].delete_one({"_id": found["_id"]})
    assert key in str(found["_id"])
    response = acme.get(f"/api/b2b/pim/jobs/{job['job_id']}/error-file")
    assert_problem(response, 404, "file_not_found")
