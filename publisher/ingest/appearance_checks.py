"""Checks of how a sheet looks: hidden rows and columns, struck and covered text, unknown formats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.formats.grid import Grid, Position, format_column
from publisher.ingest.parsed_file import LeftOut
from publisher.ingest.tables.header_row import has_own_text
from publisher.ingest.tables.segmentation import SegmentedSheet, redact_names

_MOST_NAMED = 20
"""Most rows or columns that a finding names; it counts all."""


def check_sheet(
    sheet: SegmentedSheet, file: str, rows: set[int], private_columns: frozenset[int] | None
) -> Iterator[Finding]:
    """Check the sheet of a table or a form. ``rows``: those with records.

    ``private_columns``: columns whose texts a finding does not quote; None if it quotes no text at all.
    """
    grid = sheet.grid
    place = Place(file, grid.name)
    marks = grid.annotations
    if grid.hidden:
        yield tables.HIDDEN_SHEET.at(place, grid.name)
    if hidden := sorted(marks.hidden_rows & rows):
        numbers = "、".join(map(str, hidden[:_MOST_NAMED]))
        yield tables.HIDDEN_ROWS.at(place, count=len(hidden), rows=numbers)
    if marks.unseen_rows:
        numbers = "、".join(map(str, sorted(marks.unseen_rows)[:_MOST_NAMED]))
        yield tables.UNSEEN_TEXT.at(place, count=len(marks.unseen_rows), rows=numbers)
    if columns := _hidden_columns(grid, private_columns):
        yield tables.HIDDEN_COLUMNS.at(place, count=len(columns), columns="、".join(columns[:_MOST_NAMED]))
    struck = {p: text or _text_at(grid, p) for p, text in marks.struck.items() if _text_at(grid, p)}
    for kind, cells in ((tables.COVERED_TEXT, grid.covered), (tables.STRUCK_TEXT, struck)):
        for row, texts in _by_row(cells).items():
            where = "、".join(f"{format_column(column)}{row}" for column in texts)
            excerpt = _excerpt(texts, private_columns)
            yield kind.at(Place(file, grid.name, row, _column_name(texts)), excerpt, cells=where)
    yield from _check_blank_cells(sheet, file, min(rows, default=1))
    for (row, column), code in sorted(marks.unknown_formats.items()):
        words = {"cell": f"{format_column(column)}{row}", "format": code}
        yield tables.FORMAT_UNKNOWN.at(Place(file, grid.name, row, format_column(column)), **words)
    for (row, column), shown in sorted(marks.shown.items()):
        if not shown.text and row in rows:
            cell = f"{format_column(column)}{row}"
            yield tables.NUMBER_NOT_SHOWN.at(Place(file, grid.name, row, format_column(column)), cell=cell)


def _check_blank_cells(sheet: SegmentedSheet, file: str, first: int) -> Iterator[Finding]:
    """Report the cells that are blank because they have a picture or a control.

    ``first``: row of the first record. Columns that are not read are left out.
    """
    grid, marks = sheet.grid, sheet.grid.annotations
    columns = {index + 1 for table in sheet.tables for index in table.header.columns}
    for kind, cells in ((tables.PICTURE_IN_CELL, marks.pictures), (tables.CELL_UNCLEAR, marks.unclear)):
        blank = {p: text for p, text in cells.items() if p[0] >= first and _is_blank(grid, p)}
        if sheet.tables:
            blank = {p: text for p, text in blank.items() if p[1] in columns}
        for row, texts in _by_row(blank).items():
            where = "、".join(f"{format_column(column)}{row}" for column in texts)
            excerpt = redact_names(" | ".join(filter(None, texts.values())))
            yield kind.at(Place(file, grid.name, row, _column_name(texts)), excerpt, cells=where)


def _is_blank(grid: Grid, position: Position) -> bool:
    """Test for a cell in the columns of the table without text, also below its last row."""
    row, column = position
    if row > len(grid.rows):
        return column <= len(grid.rows[0])
    return column <= len(grid.rows[0]) and not grid.rows[row - 1][column - 1].text.strip()


def leave_out_covered_rows(grid: Grid, private_columns: frozenset[int] | None) -> Iterator[LeftOut]:
    """Leave out the rows whose only text is under merged cells."""
    for row, texts in _by_row(grid.covered).items():
        if not any(has_own_text(cell) for cell in grid.rows[row - 1]):
            yield LeftOut(grid.name, row, "covered", _excerpt(texts, private_columns))


def _hidden_columns(grid: Grid, private_columns: frozenset[int] | None) -> list[str]:
    """Return the letters of hidden columns with text, and the first text, as a rule a heading."""
    columns = []
    for column in sorted(grid.annotations.hidden_columns):
        cells = (row[column - 1] for row in grid.rows if column <= len(row))
        first = next((cell for cell in cells if has_own_text(cell)), None)
        if first is not None:
            is_private = private_columns is None or column in private_columns
            text = "" if is_private else f" {' '.join(first.text.split())[:20]}"
            columns.append(f"{format_column(column)}{text}")
    return columns


def _text_at(grid: Grid, position: Position) -> str:
    """Return a cell's own text, ``""`` outside the grid or inside a merged range."""
    row, column = position
    if row > len(grid.rows) or column > len(grid.rows[row - 1]):
        return ""
    cell = grid.rows[row - 1][column - 1]
    return cell.text if has_own_text(cell) else ""


def _by_row(cells: Mapping[Position, str]) -> Mapping[int, Mapping[int, str]]:
    rows: dict[int, dict[int, str]] = defaultdict(dict)
    for (row, column), text in sorted(cells.items()):
        rows[row][column] = text
    return rows


def _column_name(columns: Iterable[int]) -> str | None:
    """Return the letters of the only column; None for several."""
    letters = [format_column(column) for column in columns]
    return letters[0] if len(letters) == 1 else None


def _excerpt(texts: Mapping[int, str], private_columns: frozenset[int] | None) -> str:
    if private_columns is None:
        return ""
    return redact_names(" | ".join(text for column, text in texts.items() if column not in private_columns))
