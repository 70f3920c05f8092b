"""Files that cannot be read, or not to their end: the job says why, and what was applied stands."""

import io
import zipfile

import pytest

from consign import fresh, wait_for
from tables import write_csv, write_openpyxl, write_xlwt

HINTED = {
    "html": ("p.xlsx", b"<html><body><table></table></body></html>"),
    "csv_as_xlsx": ("p.xlsx", b"entity_code\r\nA\r\n"),
    "xlsx_as_csv": ("p.csv", write_openpyxl([["entity_code"], ["A"]])),
    "encrypted": ("p.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)),
    "cut_off": ("p.xlsx", write_openpyxl([["entity_code"], ["A"]])[:-200]),
    "noise": ("p.xls", b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(range(256)) * 8),
    "empty": ("p.csv", b""),
    "blank": ("p.csv", b"\r\n \r\n"),
    "no_header": ("p.csv", b"1,2\r\n3,4\r\n"),
    "header_only": ("p.csv", b"entity_code,price\r\n"),
    "header_only_xlsx": ("p.xlsx", write_openpyxl([["entity_code"]])),
    "header_only_xls": ("p.xls", write_xlwt([["entity_code"]])),
    "column_twice": ("p.csv", b"entity_code,price,price\r\nA,1,2\r\n"),
    "columns_that_conflict": ("p.csv", b"entity_code,pricing,pricing.list\r\nA,1,2\r\n"),
    "column_of_the_database": ("p.csv", b"entity_code,$where\r\nA,1\r\n"),
    "column_of_a_prototype": ("p.csv", b"entity_code,__proto__.admin\r\nA,1\r\n"),
}


def failed(client, feed, name, content):
    """The failed job of a file, which was announced."""
    job = client.import_file(name, content)
    assert job["status"] == "failed", job
    assert job["failure"]["code"] == "file_unreadable"
    assert feed.wait("import-completed.products", job["job_id"])
    return job


@pytest.mark.parametrize("case", HINTED)
def test_a_file_that_cannot_be_read_fails_its_job_with_the_reason(acme, feed, case):
    job = failed(acme, feed, *HINTED[case])
    assert (job["processed_rows"], job["successful_rows"], job["failed_rows"]) == (0, 0, 0)
    assert len(job["failure"]["error"]) > 20
    assert job["completed_at"]


def test_the_reason_names_the_column(acme, feed):
    job = failed(acme, feed, *HINTED["columns_that_conflict"])
    assert '"pricing.list"' in job["failure"]["error"]


def test_a_csv_that_breaks_in_the_middle_fails_with_what_was_applied(acme, feed, database):
    prefix = fresh("P")
    content = write_csv([["entity_code", "price"]] + [[f"{prefix}-{number}", number] for number in range(1000)])
    job = failed(acme, feed, "p.csv", content + f'{prefix}-x,"5\r\n{prefix}-y,6\r\n'.encode())
    assert "1002" in job["failure"]["error"]
    wait_for("the rows before it are counted", lambda: acme.job(job["job_id"])["processed_rows"] == 1000)
    shown = acme.job(job["job_id"])
    assert (shown["status"], shown["successful_rows"], shown["failed_rows"]) == ("failed", 1000, 0)
    stored = {"_id": {"$gte": f"acme|{prefix}-", "$lt": f"acme|{prefix}."}}
    assert database.products.count_documents(stored) == 1000


def test_bytes_of_another_encoding_in_the_middle_are_refused_with_their_line(acme, feed):
    content = "entity_code,name\r\nA-1,è\r\n".encode() + b"A-2,\xe8\r\n"
    assert "ine 3" in failed(acme, feed, "p.csv", content)["failure"]["error"]


def test_a_zip_bomb_is_refused(acme, feed):
    source = zipfile.ZipFile(io.BytesIO(write_openpyxl([["entity_code"], ["A"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", b" " * (300 << 20) + b"</sheetData>")
            bomb.writestr(part, content)
    failed(acme, feed, "p.xlsx", out.getvalue())


def test_a_document_type_with_entities_is_refused(acme, feed):
    source = zipfile.ZipFile(io.BytesIO(write_openpyxl([["entity_code"], ["A"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as evil:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + content
            evil.writestr(part, content)
    failed(acme, feed, "p.xlsx", out.getvalue())


def test_a_line_of_many_megabytes_is_refused(acme, feed):
    failed(acme, feed, "p.csv", b"entity_code,name\r\nA," + b"x" * (20 << 20) + b"\r\n")


def test_a_header_that_stands_twice_is_a_row_of_data_once(acme):
    first, second = fresh("P"), fresh("P")
    job = acme.import_file("p.csv", f"entity_code,price\r\n{first},1\r\nentity_code,price\r\n{second},2\r\n".encode())
    assert (job["status"], job["successful_rows"], job["failed_rows"]) == ("completed", 2, 0)


def test_lines_that_are_too_short_lack_their_last_fields(acme):
    code = fresh("P")
    job = acme.import_file("p.csv", f"entity_code,price,quantity\r\n{code}\r\n".encode())
    assert job["successful_rows"] == 1
    assert "price" not in acme.product(code)


def test_quotes_in_the_middle_of_a_text_are_text(acme):
    code = fresh("P")
    job = acme.import_file("p.csv", f'entity_code,name\r\n{code},valvola 1/2"\r\n'.encode())
    assert job["successful_rows"] == 1
    assert acme.product(code)["name"] == {"it": 'valvola 1/2"'}
