"""Sheets of xls and xlsx files: python-calamine reads the cells, our own readers what it does not report."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import structs

from publisher.ingest.findings.files import FORMULA_WITHOUT_VALUE
from publisher.ingest.formats.cell_parts.drawings import IN_CELL
from publisher.ingest.formats.cell_styles.workbook_styles import replaced_texts
from publisher.ingest.formats.errors import FileNote
from publisher.ingest.formats.grid import Grid, Merge, SheetAnnotations, build_grid, note_cells
from publisher.ingest.formats.sandbox import calamine_script
from publisher.ingest.formats.sandbox.run import ParserOutput, run_parser


class ParsedSheet(msgspec.Struct):
    index: int
    """Position among all sheets of the workbook, including charts."""
    name: str
    hidden: bool
    rows: list[list[str | int | float | bool]]
    merges: list[Merge]


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
        own_annotations = annotations.get(sheet.index, SheetAnnotations())
        in_cells = {
            (r, c): ""
            for r, row in enumerate(sheet.rows, start=1)
            for c, value in enumerate(row, start=1)
            if isinstance(value, str) and "DISPIMG(" in value and IN_CELL.fullmatch(value)
        }
        if in_cells:
            pictures = {**own_annotations.pictures, **in_cells}
            own_annotations = structs.replace(own_annotations, pictures=pictures)
        grid = build_grid(
            sheet.name,
            sheet.rows,
            sheet.merges,
            hidden=sheet.hidden,
            annotations=own_annotations,
            replaced=replaced_texts(sheet.rows, own_annotations) | in_cells,
        )
        if own_annotations.uncalculated:
            notes.append(note_cells(FORMULA_WITHOUT_VALUE, sheet.name, own_annotations.uncalculated))
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text), tuple(notes)
