"""Write the sample workbooks of 示例市 from CSV files that a reviewer can read.

``python tests/publisher/sample/write_workbooks.py`` converts every CSV file of ``publisher/sample/sheets`` to
the format of its department: xlsx with a merged title and merged cells, old xls, and CSV in GB18030. Run it
after editing a CSV file and commit both; ``tests/publisher/sample`` compares them.
"""

from __future__ import annotations

import csv
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path

import openpyxl
import xlwt

SAMPLE = Path(__file__).resolve().parents[3] / "publisher" / "sample"
MERGED = ("权力类型", "行使主体", "承办机构", "实施层级")
"""Columns in which equal adjacent cells are merged."""


def main() -> None:
    for text in sorted((SAMPLE / "sheets").glob("*.csv")):
        with text.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        target = SAMPLE / "data" / "shili" / text.name
        if "统计局" in text.name:
            _xls(rows, target.with_suffix(".xls"))
        elif "收费目录（2024年7月）" in text.name:
            target.write_text(text.read_text(encoding="utf-8"), encoding="gb18030")
        else:
            _xlsx(rows, target.with_suffix(".xlsx"))


def cell(rows: list[list[str]], column: int, row: int) -> str:
    return rows[row][column]


def _merges(rows: list[list[str]]) -> list[tuple[int, int, int]]:
    """Columns and rows of equal adjacent cells: (column, first row, last row), from 0."""
    header = rows[1]
    merges = []
    for column in (header.index(name) for name in MERGED if name in header):
        for value, group in groupby(range(2, len(rows)), key=partial(cell, rows, column)):
            members = list(group)
            if value and len(members) > 1:
                merges.append((column, members[0], members[-1]))
    return merges


def _xlsx(rows: list[list[str]], target: Path) -> None:
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = datetime(2024, 1, 1)  # noqa: DTZ001 - Excel has no zone
    sheet = book.active
    sheet.title = "清单"
    for row in rows:
        sheet.append([cell or None for cell in row])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(rows[1]))
    for column, first, last in _merges(rows):
        sheet.merge_cells(
            start_row=first + 1, end_row=last + 1, start_column=column + 1, end_column=column + 1
        )
    book.save(target)


def _xls(rows: list[list[str]], target: Path) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("清单")
    covered = set()
    sheet.write_merge(0, 0, 0, len(rows[1]) - 1, rows[0][0])
    for column, first, last in _merges(rows):
        sheet.write_merge(first, last, column, column, rows[first][column])
        covered |= {(row, column) for row in range(first, last + 1)}
    for number, row in enumerate(rows[1:], start=1):
        for column, cell in enumerate(row):
            if cell and (number, column) not in covered:
                sheet.write(number, column, cell)
    book.save(str(target))


if __name__ == "__main__":
    main()
