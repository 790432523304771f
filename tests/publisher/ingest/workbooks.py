"""Small workbooks as offices build them: titles, merged cells, hidden rows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence

import openpyxl

from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

type Rows = Sequence[Sequence[object]]

POWER_HEADER: list[object] = [
    *("序号", "事项名称", "子项名称", "权力类型", "实施依据", "行使主体", "承办机构", "实施层级及权限", None),
    *("部门职责", "备注"),
]


def power_row(
    number: object = None,
    name: object = None,
    sub: object = None,
    kind: object = None,
    basis: object = None,
    actor: object = None,
    level: object = None,
    scope: object = None,
    remark: object = None,
) -> list[object]:
    return [number, name, sub, kind, basis, actor, None, level, scope, None, remark]


def xlsx(
    *sheets: tuple[str, Rows],
    merged: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    hidden_sheets: Sequence[str] = (),
) -> bytes:
    """Build a workbook; ``merged``: ranges of the first sheet to merge without clearing the cells."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden_sheets:
            sheet.sheet_state = "hidden"
    first = book.worksheets[0]
    for area in merged:
        first.merge_cells(area)
    for number in hidden_rows:
        first.row_dimensions[number].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def merge_cells(data: bytes, merged: Sequence[str]) -> bytes:
    """Merge cells in the file's XML, which leaves the text of covered cells, as some programs do."""
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                end = f"</sheetData><mergeCells>{areas}</mergeCells>"
                text = text.replace(b"</sheetData>", end.encode())
            new.writestr(part, text)
    return out.getvalue()


def csv_bytes(*rows: Sequence[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(["" if v is None else v for v in row] for row in rows)
    return out.getvalue().encode()


def read_workbook(data: bytes, catalogue: str = "power-list", name: str = "某局.xlsx") -> Reading:
    reading = read_file(data, name=name, catalogue=load_catalogue(catalogue))
    assert_rows_accounted(reading)
    return reading


def assert_rows_accounted(reading: Reading) -> None:
    """Assert that every row of each sheet is a record, a continuation or left out."""
    for sheet in reading.sheets:
        assert sheet.rows == sheet.records + sheet.continuations + sheet.left_out, sheet
    assert reading.rows == sum(len(r.rows) for r in reading.records) + len(reading.left_out)


def codes(reading: Reading) -> list[str]:
    """List the codes of all findings but a blank legal basis, which most small tables lack."""
    return [finding.code for finding in reading.findings if finding.code != "basis-missing"]


def column(reading: Reading, field: str) -> list[object]:
    return [record.content.get(field) for record in reading.records]


def rows_left_out(reading: Reading) -> list[tuple[int, str]]:
    return [(x.row, x.reason) for x in reading.left_out]
