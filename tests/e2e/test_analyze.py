"""A look into a file before its columns are mapped."""

import pytest

from consign import assert_problem, fresh
from tables import write_csv, write_openpyxl, write_xlsxwriter, write_xlwt

ROWS = [["sku", "name", "price", "active"]] + [[f"SKU-{number:04}", "Brass valve" if number % 2 else "Elbow",
                                                None if number == 3 else number + 0.5, True] for number in range(1, 31)]
WRITERS = {"csv": write_csv, "xlsx": write_xlsxwriter, "xls": write_xlwt}


def analyze(client, name, content):
    return client.request("POST", "/api/b2b/pim/import/analyze", files={"file": (name, content)})


@pytest.mark.parametrize("extension", WRITERS)
def test_columns_and_first_rows_are_described(acme, extension):
    content = WRITERS[extension](ROWS)
    response = analyze(acme, f"products.{extension}", content)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert (answer["fileName"], answer["fileSize"], answer["fileType"]) == (f"products.{extension}", len(content), extension)
    assert answer["totalRows"] == 15
    assert [(column["name"], column["type"]) for column in answer["columns"]] == [
        ("sku", "string"), ("name", "string"), ("price", "number"), ("active", "boolean")]
    sku, name, price, _ = answer["columns"]
    assert (sku["totalValues"], sku["uniqueCount"], sku["emptyCount"]) == (15, 15, 0)
    assert sku["sampleValues"][:3] == ["SKU-0001", "SKU-0002", "SKU-0003"]
    assert name["uniqueCount"] == 2
    assert (price["totalValues"], price["emptyCount"]) == (14, 1)
    assert len(answer["previewRows"]) == 10
    assert {field: answer["previewRows"][0][field] for field in ("sku", "name", "price")} == {
        "sku": "SKU-0001", "name": "Brass valve", "price": "1.5"}


@pytest.mark.parametrize("encoding, delimiter, told", [
    ("utf-8", ",", "utf-8"), ("utf-16", ";", "utf-16le"), ("cp1252", "\t", "windows-1252")])
def test_encoding_and_separator_of_a_csv_are_told(acme, encoding, delimiter, told):
    answer = analyze(acme, "p.csv", write_csv([["sku", "name"], ["A", "è così"]], encoding=encoding, delimiter=delimiter)).json()
    assert (answer["encoding"], answer["delimiter"]) == (told, delimiter)
    assert answer["previewRows"] == [{"sku": "A", "name": "è così"}]


def test_a_csv_with_too_many_cells_is_refused_as_the_reference_shows(acme):
    content = b"sku,name\r\n" + b"A,Valve\r\n" * 3 + b"B,Valve, brass\r\n"
    body = assert_problem(analyze(acme, "p.csv", content), 400, "csv_format")
    assert body["error"] == "CSV Format Error"
    assert body["technicalDetails"] == {"code": "CSV_INCONSISTENT_RECORD_LENGTH", "line": 5, "column": 3}
    assert "5" in body["details"] and body["hint"]


@pytest.mark.parametrize("content, code, line", [
    (b'sku,name\r\nA,"Valve\r\nB,x\r\n', "CSV_UNBALANCED_QUOTE", 2), (b"", "FILE_EMPTY", 0),
    (b"sku,sku\r\nA,B\r\n", "FILE_DUPLICATE_COLUMN", 1), (b"1,2\r\n3,4\r\n", "FILE_NO_HEADER", 1),
    (b"sku,name\r\nA,\x00\r\n", "CSV_BINARY_DATA", 2)], ids=lambda value: value if isinstance(value, str) else None)
def test_what_is_wrong_with_a_csv_is_told_with_its_place(acme, content, code, line):
    details = assert_problem(analyze(acme, "p.csv", content), 400, "csv_format")["technicalDetails"]
    assert (details["code"], details["line"]) == (code, line)


@pytest.mark.parametrize("name, content", [
    ("p.xlsx", b"<html><table><tr><td>sku</td></tr></table></html>"), ("p.xlsx", b"sku,name\r\nA,B\r\n"),
    ("p.csv", write_openpyxl(ROWS)), ("p.xls", write_openpyxl(ROWS)), ("p.csv", b"%PDF-1.7\n")])
def test_a_file_is_not_what_its_name_says(acme, name, content):
    body = assert_problem(analyze(acme, name, content), 400, "csv_format" if name == "p.csv" else "file_format")
    assert body["technicalDetails"]["code"] == "FILE_CONTENT_MISMATCH"


def test_looking_makes_no_job_and_needs_the_permission(acme, limited, nobody, database):
    name = f"{fresh('p')}.csv"
    assert analyze(acme, name, b"sku\r\nA\r\n").status_code == 200
    assert database.import_jobs.count_documents({"file.name": name}) == 0
    assert_problem(analyze(limited, name, b"sku\r\nA\r\n"), 403, "forbidden")
    assert_problem(analyze(nobody, name, b"sku\r\nA\r\n"), 401, "unauthenticated")


def test_a_file_of_more_than_50_mb_is_not_looked_at(acme):
    assert_problem(analyze(acme, "p.csv", b"sku\r\n" + b"x" * 50 * 1024 * 1024), 413, "body_too_large")
