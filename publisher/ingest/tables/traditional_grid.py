"""Tables with headings in traditional characters: their structure is read in simplified ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import opencc
from msgspec import structs

from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.tables import segmentation
from publisher.ingest.tables.headings import Headings
from publisher.ingest.tables.raw_record import RawRecord, TableLine
from publisher.ingest.tables.segmentation import SegmentedSheet
from schemas.definition.catalogue import Catalogue

_EXAMINED_ROWS = 1_000
_SIGN = re.compile(
    "[項稱辦據務類門責權號機單實時費碼標職級編審業對體內許關資別準數間層條圍範發構覈結報監額處設檢題網說種劃廢屬應罰請證錄徵]"
)
"""Traditional characters of headings; at least one is in nearly each heading that is not simplified."""
_LONGEST = 200


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _simplify(text: str) -> str:
    simple: str = _converter().convert(text) if text and not text.isascii() else text
    return simple


def segment_sheet(grid: Grid, headings: Headings, personal: frozenset[str]) -> tuple[SegmentedSheet, bool]:
    """Segment a grid; report whether its headings are in traditional characters. The texts of lines stay."""
    simplified = _simplify_grid(grid, headings)
    sheet = segmentation.segment_sheet(simplified or grid, headings, personal)
    if simplified is not None:
        _restore_texts(sheet, grid)
    return sheet, simplified is not None


def _simplify_grid(grid: Grid, headings: Headings) -> Grid | None:
    """Return the grid in simplified characters where these make a heading of two cells; else None."""
    known = 0
    for row in grid.rows[:_EXAMINED_ROWS]:
        for cell in row:
            text = cell.text
            if len(text) > _LONGEST or cell.merged_from is not None or not _SIGN.search(text):
                continue
            known += not headings.knows(text) and headings.knows(_simplify(text))
            if known > 1:
                rows = tuple(tuple(structs.replace(c, text=_simplify(c.text)) for c in r) for r in grid.rows)
                above, below = (tuple(map(_simplify, lines)) for lines in (grid.above, grid.below))
                return structs.replace(grid, rows=rows, above=above, below=below)
    return None


def _restore_texts(sheet: SegmentedSheet, grid: Grid) -> None:
    """Put the texts of the file back into the lines that were segmented in simplified characters."""
    sheet.grid = grid
    for table in sheet.tables:
        for line in table.lines:
            _restore_line(line, grid)


def _restore_line(line: TableLine, grid: Grid) -> None:
    def original(cell: Cell) -> Cell:
        return grid.rows[line.index][cell.column - 1]

    for cells in (line.own, line.filled, line.uncalculated):
        cells.update({name: original(cell) for name, cell in cells.items()})
    line.other = [original(cell) for cell in line.other]
    line.numbers = [original(cell) for cell in line.numbers]
    line.unread = [original(cell) for cell in line.unread]
    line.twins = [(name, original(cell)) for name, cell in line.twins]
    line.upper_names = [(level, original(cell)) for level, cell in line.upper_names]


def simplify_quantities(records: Iterable[RawRecord], catalogue: Catalogue) -> None:
    """Read numbers, dates and words of a vocabulary in simplified characters (20個工作日, 行政許可)."""
    for record in records:
        for name, piece in record.pieces.items():
            field = catalogue.by_name[name]
            if field.vocabulary or field.type not in {"string", "array"}:
                piece.text = _simplify(piece.text)
