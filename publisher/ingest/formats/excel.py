"""Sheets of xls and xlsx files: python-calamine reads the cells, our own readers what it does not report."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import structs

from publisher.ingest.findings.files import DIGITS_LOST, FORMULA_WITHOUT_VALUE
from publisher.ingest.findings.kind import Bilingual, Kind
from publisher.ingest.formats.cell_styles.workbook_styles import replaced_texts
from publisher.ingest.formats.errors import FileNote
from publisher.ingest.formats.grid import Grid, Merge, Position, SheetAnnotations, build_grid, format_column
from publisher.ingest.formats.number_formats.number_text import general_text, plain_text
from publisher.ingest.formats.number_formats.shown_text import ShownText
from publisher.ingest.formats.sandbox import calamine_script
from publisher.ingest.formats.sandbox.run import ParserOutput, run_parser


class ParsedSheet(msgspec.Struct):
    index: int
    """Position among all sheets of the workbook, including charts."""
    name: str
    hidden: bool
    rows: list[list[str | int | float | bool]]
    merges: list[Merge]


_MOST_CELLS = 5
"""Most cells that a finding names; it counts all."""


class WorkbookOutput(ParserOutput):
    sheets: tuple[ParsedSheet, ...] = ()


def extract_grids(
    data: bytes, annotations: Mapping[int, SheetAnnotations]
) -> tuple[tuple[Grid, ...], tuple[FileNote, ...]]:
    """Return the sheets with text. ``annotations``: by the sheet's index.

    Raises :class:`ReaderError`.
    """
    grids_with_text: list[Grid] = []
    notes: list[FileNote] = []
    for sheet in run_parser(calamine_script, data, WorkbookOutput).sheets:
        own_annotations = _with_long_numbers(sheet, annotations.get(sheet.index, SheetAnnotations()))
        grid = build_grid(
            sheet.name,
            sheet.rows,
            sheet.merges,
            hidden=sheet.hidden,
            annotations=own_annotations,
            replaced=replaced_texts(sheet.rows, own_annotations),
        )
        notes += _list_notes(sheet, own_annotations)
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text), tuple(notes)


def _with_long_numbers(sheet: ParsedSheet, own_annotations: SheetAnnotations) -> SheetAnnotations:
    """Add the whole numbers of more than 15 digits, whose last digits are lost, as General shows them."""
    long = {
        (r, c): ShownText(general_text(value), plain_text(value), "long")
        for r, row in enumerate(sheet.rows, start=1)
        for c, value in enumerate(row, start=1)
        if isinstance(value, float) and abs(value) >= 1e15 and value.is_integer()
    }
    return (
        structs.replace(own_annotations, shown=long | dict(own_annotations.shown))
        if long
        else own_annotations
    )


def _list_notes(sheet: ParsedSheet, own_annotations: SheetAnnotations) -> list[FileNote]:
    notes = []
    if own_annotations.uncalculated:
        notes.append(_create_note(FORMULA_WITHOUT_VALUE, sheet.name, own_annotations.uncalculated))
    long = {
        position: shown.exact for position, shown in own_annotations.shown.items() if shown.kind == "long"
    }
    if long:
        notes.append(_create_note(DIGITS_LOST, sheet.name, long))
    return notes


def _create_note(kind: Kind, sheet: str, cells: Mapping[Position, str]) -> FileNote:
    first, total = min(cells), len(cells)
    names = [f"{format_column(column)}{row}" for row, column in sorted(cells)[:_MOST_CELLS]]
    zh = f"{'、'.join(names)} 等{total}个单元格" if total > _MOST_CELLS else f"{'、'.join(names)} 单元格"
    en = ", ".join(names) + (f" and others ({total} in all)" if total > _MOST_CELLS else "")
    return FileNote(kind, Bilingual(zh, en), sheet, first[0], cells[first])
