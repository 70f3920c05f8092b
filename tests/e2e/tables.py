"""Tables as the programs of partners write them, and what Consign sends back."""

import csv
import io
import re

import openpyxl
import xlsxwriter
import xlwt


def write_csv(rows, *, delimiter=",", encoding="utf-8", end="\r\n"):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding)


def write_openpyxl(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_xlsxwriter(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def write_xlwt(rows):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Rows")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def file_name_of(response):
    return re.fullmatch(r"attachment; filename\*=UTF-8''(.*)", response.headers["content-disposition"]).group(1)


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content):
    """Texts of all cells, and which of them are red."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    rows = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
    red = {(row, column) for row, cells in enumerate(sheet.iter_rows()) for column, cell in enumerate(cells)
           if cell.fill.fgColor.rgb not in ("00000000", None) and cell.fill.patternType == "solid"}
    return rows, red
