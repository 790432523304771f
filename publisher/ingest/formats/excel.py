"""Sheets of xls and xlsx files: python-calamine reads the cells, our own readers what it does not report."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from publisher.ingest.findings.files import DIGITS_LOST, FORMULA_WITHOUT_VALUE
from publisher.ingest.findings.kind import Bilingual, Kind
from publisher.ingest.formats.errors import Note
from publisher.ingest.formats.grid import Grid, Marks, Merge, Position, build, column_letters
from publisher.ingest.formats.sandbox import calamine_script, run


class Sheet(msgspec.Struct):
    index: int
    """Position among all sheets of the workbook, including charts."""
    name: str
    hidden: bool
    rows: list[list[str | int | float | bool]]
    merges: list[Merge]


_NAMED = 5
"""Cells that a finding names; it counts the rest."""


class Answer(run.Failure):
    sheets: tuple[Sheet, ...] = ()


def grids(data: bytes, marks: Mapping[int, Marks]) -> tuple[tuple[Grid, ...], tuple[Note, ...]]:
    """Return the sheets with text. ``marks``: by the sheet's index, see :class:`Marks`.

    Raises :class:`ReaderError`.
    """
    grids_with_text: list[Grid] = []
    notes: list[Note] = []
    for sheet in _sheets(data):
        mark = marks.get(sheet.index, Marks())
        grid = build(
            sheet.name,
            sheet.rows,
            sheet.merges,
            hidden=sheet.hidden,
            hidden_rows=mark.hidden_rows,
            replaced=mark.errors,
        )
        notes += _notes(sheet, mark)
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text), tuple(notes)


def _sheets(data: bytes) -> tuple[Sheet, ...]:
    """Run the parser in its own process; see :mod:`publisher.ingest.formats.sandbox.calamine_script`."""
    output = run.run(calamine_script, data, calamine_script.SECONDS)
    answer = msgspec.msgpack.decode(output, type=Answer)
    run.refuse(answer.error, answer.detail)
    return answer.sheets


def _notes(sheet: Sheet, mark: Marks) -> list[Note]:
    notes = []
    if mark.uncalculated:
        notes.append(_note(FORMULA_WITHOUT_VALUE, sheet.name, mark.uncalculated))
    long = {
        (r, c): repr(value)
        for r, row in enumerate(sheet.rows, start=1)
        for c, value in enumerate(row, start=1)
        if isinstance(value, float) and abs(value) >= 1e15 and value.is_integer()
    }
    if long:
        notes.append(_note(DIGITS_LOST, sheet.name, long))
    return notes


def _note(kind: Kind, sheet: str, cells: Mapping[Position, str]) -> Note:
    first, total = min(cells), len(cells)
    names = [f"{column_letters(column)}{row}" for row, column in sorted(cells)[:_NAMED]]
    zh = f"{'、'.join(names)} 等{total}个单元格" if total > _NAMED else f"{'、'.join(names)} 单元格"
    en = ", ".join(names) + (f" and others ({total} in all)" if total > _NAMED else "")
    return Note(kind, Bilingual(zh, en), sheet, first[0], cells[first])
