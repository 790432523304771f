"""A plain .xlsx workbook of the tables of a file in another format: their texts and merged cells."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

import xlsxwriter

from publisher.ingest.formats.grid import Grid

_LONGEST_CELL = 32_767
_CUT = "……（全文见原文件 / in full in the original file；此处从略）"
"""End of a text that is longer than a cell of a workbook may be."""
_LONGEST_NAME = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def write_grids(grids: Sequence[Grid]) -> tuple[bytes, dict[str, str]]:
    """Write the grids at their own cells. → the workbook, and the name of the sheet of each grid."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(buffer, {**options, "strings_to_numbers": False})
    names: dict[str, str] = {}
    used_names: set[str] = set()
    for grid in grids:
        name = _free_name(grid.name, used_names)
        used_names.add(name.casefold())
        names.setdefault(grid.name, name)
        sheet = workbook.add_worksheet(name)
        for row in grid.rows:
            for cell in row:
                if cell.text and cell.merged_from is None:
                    sheet.write_string(cell.row - 1, cell.column - 1, _fit_text(cell.text))
        for first_row, first_column, last_row, last_column in _merges(grid):
            text = _fit_text(grid.rows[first_row - 1][first_column - 1].text)
            sheet.merge_range(first_row - 1, first_column - 1, last_row - 1, last_column - 1, text)
        for number in grid.annotations.hidden_rows:
            sheet.set_row(number - 1, options={"hidden": True})
        for number in grid.annotations.hidden_columns:
            sheet.set_column(number - 1, number - 1, options={"hidden": True})
        if grid.hidden and len(grids) > 1:
            sheet.hide()
    workbook.close()
    return buffer.getvalue(), names


def _fit_text(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - len(_CUT)] + _CUT


def _merges(grid: Grid) -> list[tuple[int, int, int, int]]:
    """List the merged cells: first row, first column, last row, last column, from 1.

    Cells that overlap others, as a page may have them, stay apart: a workbook cannot contain them.
    """
    ends: dict[tuple[int, int], tuple[int, int]] = {}
    counts: Counter[tuple[int, int]] = Counter()
    covered: set[tuple[int, int]] = set()
    for row in grid.rows:
        for cell in row:
            if cell.merged_from is not None:
                counts[cell.merged_from] += 1
                covered.add((cell.row, cell.column))
                last = ends.get(cell.merged_from, (0, 0))
                ends[cell.merged_from] = (max(last[0], cell.row), max(last[1], cell.column))
    return [
        (*first, *last)
        for first, last in ends.items()
        if first not in covered and counts[first] + 1 == (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
    ]


def sheet_name(text: str) -> str:
    """Return the text as a sheet may be named in Excel; empty if nothing is left of it."""
    return text.translate(_FORBIDDEN).lstrip("'")[:_LONGEST_NAME].rstrip("'")


def _free_name(name: str, used_names: set[str]) -> str:
    """Return a name for a sheet. ``used_names``: names of others, case-folded."""
    base = sheet_name(name) or "Sheet"
    number = 1
    candidate = base
    while candidate.casefold() in used_names:
        number += 1
        candidate = f"{base[: _LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return candidate
