"""Workbooks that other programs wrote: what Consign reads out of them is what their user entered."""

import datetime
import json
import subprocess

import openpyxl
import pytest
import xlsxwriter
import xlwt

from credentials import binaries

SECONDS = 120

HEADER = ["code", "name", "price", "stock", "active", "since", "seen", "zip"]
DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 1, 31, 12, 30, 15)
# What a user enters, with the number format of the cell; None leaves it empty.
ENTERED = [
    [("A-1", None), ("Valvola è bella", None), (12.5, None), (3, "0"), (True, None), (DAY, "yyyy-mm-dd"),
     (MOMENT, "dd/mm/yyyy hh:mm:ss"), (501, "00000")],
    [("007", "@"), ("Łódź 東京 🔧 <&> \"'", None), (1234.5678, "0.00"), (-7, "General"), (False, None), None, None, (12, "@")],
    None,
    [("=SUM", "@"), ("two\nlines", None), (1e10, "#,##0"), (1.5e-7, "0.00E+00"), None, (DAY, 'd "day of" mmmm'),
     (MOMENT, "[$-410]d mmm yy"), (8001234567890, "0")],
]
READ = [
    (1, [["text", "A-1"], ["text", "Valvola è bella"], ["number", "12.5"], ["number", "3"], ["boolean", "true"],
         ["date", "2024-02-29"], ["date", "2024-01-31T12:30:15"], ["text", "00501"]]),
    (2, [["text", "007"], ["text", "Łódź 東京 🔧 <&> \"'"], ["number", "1234.5678"], ["number", "-7"],
         ["boolean", "false"], ["empty", ""], ["empty", ""], ["text", "12"]]),
    (4, [["text", "=SUM"], ["text", "two\nlines"], ["number", "10000000000"], ["number", "0.00000015"], ["empty", ""],
         ["date", "2024-02-29"], ["date", "2024-01-31T12:30:15"], ["number", "8001234567890"]]),
]


def entered_cells():
    """(row, column, value, format) of the table, both from 0; the header is row 0."""
    for column, name in enumerate(HEADER):
        yield 0, column, name, None
    for row, cells in enumerate(ENTERED, 1):
        for column, cell in enumerate(cells or []):
            if cell:
                yield row, column, *cell


def write_openpyxl(path, epoch=None, **options):
    book = openpyxl.Workbook(**options)
    if epoch:
        book.epoch = epoch
    sheet = book.active
    for row, column, value, code in entered_cells():
        cell = sheet.cell(row + 1, column + 1, value)
        if isinstance(value, str):
            cell.data_type = "s"
        if code:
            cell.number_format = code
    book.save(path)


def write_openpyxl_1904(path):
    write_openpyxl(path, epoch=openpyxl.utils.datetime.CALENDAR_MAC_1904)


def write_openpyxl_iso_dates(path):
    write_openpyxl(path, iso_dates=True)


def write_xlsxwriter(path, **options):
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, **options}) as book:
        sheet = book.add_worksheet("Prodotti")
        for row, column, value, code in entered_cells():
            style = book.add_format({"num_format": code}) if code else None
            if isinstance(value, datetime.date):
                sheet.write_datetime(row, column, value, style)
            else:
                sheet.write(row, column, value, style)


def write_xlsxwriter_1904(path):
    write_xlsxwriter(path, date_1904=True)


def write_xlsxwriter_inline(path):
    write_xlsxwriter(path, constant_memory=True)


def write_xlwt(path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Prodotti")
    for row, column, value, code in entered_cells():
        sheet.write(row, column, value, xlwt.easyxf(num_format_str=code) if code else xlwt.Style.default_style)
    book.save(str(path))


def convert(path, extension, folder):
    """Opens a file in LibreOffice and saves it under another format."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["soffice", "--headless", f"-env:UserInstallation={folder.parent.as_uri()}/profile", "--convert-to",
                    extension, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=SECONDS)
    return folder / f"{path.stem}.{extension}"


def read(path):
    """The lines that consign-admin prints of a file, as (row, cells)."""
    printed = subprocess.run([binaries() / "consign-admin", "sheet", "print", path], check=True,
                             capture_output=True, text=True, timeout=SECONDS).stdout
    rows = [json.loads(line) for line in printed.splitlines()]
    return [(row["row"], row["cells"]) for row in rows]


def assert_reads_as_entered(path):
    header, *rows = read(path)
    assert header == (0, [["text", name] for name in HEADER])
    assert rows == READ


@pytest.mark.parametrize("write", [write_openpyxl, write_openpyxl_1904, write_openpyxl_iso_dates, write_xlsxwriter,
                                   write_xlsxwriter_1904, write_xlsxwriter_inline])
def test_an_xlsx_file_reads_as_it_was_entered(write, tmp_path):
    write(tmp_path / "products.xlsx")
    assert_reads_as_entered(tmp_path / "products.xlsx")


def test_an_xls_file_reads_as_it_was_entered(tmp_path):
    write_xlwt(tmp_path / "products.xls")
    assert_reads_as_entered(tmp_path / "products.xls")


def test_a_workbook_that_libreoffice_saved_reads_as_it_was_entered(tmp_path):
    write_openpyxl(tmp_path / "products.xlsx")
    for step, extension in enumerate(["xls", "ods", "xlsx"]):
        converted = convert(tmp_path / "products.xlsx", extension, tmp_path / str(step))
        if extension == "ods":
            converted = convert(converted, "xlsx", tmp_path / "from-ods")
        assert_reads_as_entered(converted)


@pytest.mark.parametrize("extension", ["xlsx", "xls"])
def test_a_formula_reads_as_the_result_that_its_cell_shows(extension, tmp_path):
    book = openpyxl.Workbook()
    for row in (["sum", "text", "truth", "error", "day"], ["=1.5+2", '="a"&"è"', "=2>1", "=NA()", "=DATE(2024,2,29)"]):
        book.active.append(row)
    book.active["E2"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "formulas.xlsx")
    calculated = convert(tmp_path / "formulas.xlsx", extension, tmp_path / "out")
    assert read(calculated)[1] == (1, [["number", "3.5"], ["text", "aè"], ["boolean", "true"], ["text", "#N/A"],
                                       ["date", "2024-02-29"]])
