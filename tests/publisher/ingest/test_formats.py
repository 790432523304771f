"""One table in every file format gives the same records."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import docx
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from tests.publisher.ingest.workbooks import csv_bytes, read_workbook, xlsx

HEADER = ["序号", "事项名称", "子项名称", "权力类型", "行使主体"]
ROWS = [
    HEADER,
    ["1", "某机构审批", "1.设立", "行政许可", "某局"],
    ["", "", "2.变更", "同上", "某局"],
    ["2", "某处罚", "", "行政处罚", "某局"],
]
MERGED = ["A2:A3", "B2:B3"]


def _xls() -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("清单")
    for r, row in enumerate(ROWS):
        for c, text in enumerate(row):
            if not (r in {1, 2} and c in {0, 1}):
                sheet.write(r, c, text)
    sheet.write_merge(1, 2, 0, 0, 1)
    sheet.write_merge(1, 2, 1, 1, "某机构审批")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _ods() -> bytes:
    book = OpenDocumentSpreadsheet()
    table = Table(name="清单")
    for r, row in enumerate(ROWS):
        line = TableRow()
        for c, text in enumerate(row):
            if r == 2 and c in {0, 1}:
                line.addElement(CoveredTableCell())
                continue
            spans = {"numberrowsspanned": 2, "numbercolumnsspanned": 1} if r == 1 and c in {0, 1} else {}
            cell = TableCell(valuetype="string", **spans)
            cell.addElement(P(text=text))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _html() -> bytes:
    lines = []
    for r, row in enumerate(ROWS):
        span = ' rowspan="2"' if r == 1 else ""
        cells = [
            f"<td{span if c in {0, 1} else ''}>{text}</td>"
            for c, text in enumerate(row)
            if not (r == 2 and c in {0, 1})
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<html><body><table>{''.join(lines)}</table></body></html>".encode()


def _docx() -> bytes:
    document = docx.Document()
    table = document.add_table(rows=len(ROWS), cols=len(HEADER))
    for r, row in enumerate(ROWS):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    for c in (0, 1):
        text = ROWS[1][c]
        table.cell(1, c).merge(table.cell(2, c)).text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _json() -> bytes:
    full = [dict(zip(HEADER, row, strict=True)) for row in ROWS[1:]]
    full[1] |= {"事项名称": "某机构审批", "权力类型": "行政许可"}
    return json.dumps(full, ensure_ascii=False).encode()


FILES: Mapping[str, Callable[[], bytes]] = {
    "xlsx": lambda: xlsx(("清单", ROWS), merged=MERGED),
    "xls": _xls,
    "ods": _ods,
    "html": _html,
    "docx": _docx,
    "json": _json,
    "csv": lambda: csv_bytes(*ROWS),
    "csv with a mark": lambda: b"\xef\xbb\xbf" + csv_bytes(*ROWS),
    "csv in GB 18030": lambda: csv_bytes(*ROWS).decode().encode("gb18030"),
    "tsv": lambda: csv_bytes(*ROWS).replace(b",", b"\t"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_gives_the_same_records(kind: str) -> None:
    reading = read_workbook(FILES[kind](), name="某局权责清单.xls")
    contents: list[dict[str, Any]] = [dict(record.content) for record in reading.records]
    assert contents == [
        {"name": "某机构审批", "sub_name": "1.设立", "power_type": "行政许可", "actor": "某局"},
        {"name": "某机构审批", "sub_name": "2.变更", "power_type": "行政许可", "actor": "某局"},
        {"name": "某处罚", "power_type": "行政处罚", "actor": "某局"},
    ]
    assert not reading.findings


def test_the_same_bytes_under_two_names_are_the_same_source() -> None:
    data = FILES["xls"]()
    one, other = read_workbook(data, name="甲.xls"), read_workbook(data, name="甲 (1).xlsx")
    assert one.digest == other.digest
    assert one.records == other.records
    assert one.media_type == "application/vnd.ms-excel"
