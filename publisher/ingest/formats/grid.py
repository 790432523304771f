"""A grid of cells, the common form of every table, and its construction from values and merged ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError

MAX_ROWS = 1_048_576
MAX_COLUMNS = 512
MAX_CELLS = 8_000_000
"""Limit after trimming, so that the text fits in memory."""

type Scalar = str | int | float | bool | None
type Position = tuple[int, int]
"""1-based row and column."""
type Merge = tuple[int, int, int, int]
"""1-based first row, first column, last row, last column."""


def format_scalar(value: Scalar) -> tuple[str, bool]:
    """Return the text of a cell and whether it is a number. ``1.0`` becomes ``1``; exponents are not used."""
    if value is None or value == "":
        return "", False
    if isinstance(value, str):
        return (value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value), False
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), False
    if isinstance(value, int):
        return str(value), True
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value)), True
    return format(Decimal(repr(value)), "f"), True


def build_grid(
    name: str,
    rows: Sequence[Sequence[Scalar]],
    merges: Iterable[Merge] = (),
    *,
    hidden: bool = False,
    hidden_rows: frozenset[int] = frozenset(),
    replaced: Mapping[Position, str] | None = None,
) -> Grid | None:
    """Build a trimmed rectangle of cells, or ``None`` where no cell has text.

    ``replaced``: texts of cells that the library reads as blank. Raises :class:`ReaderError`
    (``file-too-large``) beyond the limits of this module.
    """
    texts = [[format_scalar(value) for value in row] for row in rows]
    _replace_texts(texts, replaced or {})
    height, width = _find_extent(texts)
    if not height:
        return None
    if height > MAX_ROWS or width > MAX_COLUMNS or height * width > MAX_CELLS:
        raise ReaderError(TOO_LARGE, f"{name}: {height} × {width}")
    covered = _cover_cells(merges, height, width)
    blank = ("", False)
    grid = []
    for r, row in enumerate(texts[:height], start=1):
        line = [*row[:width], *(blank for _ in range(width - len(row)))]
        if covered:
            grid.append(
                tuple(_build_cell(texts, covered, r, c, *value) for c, value in enumerate(line, start=1))
            )
        else:
            grid.append(tuple([Cell(t, r, c, None, n) for c, (t, n) in enumerate(line, start=1)]))
    hidden_in_grid = frozenset(r for r in hidden_rows if r <= height)
    return Grid(name, tuple(grid), hidden, hidden_in_grid)


def _build_cell(
    texts: list[list[tuple[str, bool]]],
    covered: Mapping[Position, Position],
    row: int,
    column: int,
    text: str,
    numeric: bool,  # noqa: FBT001 -- unpacked from a pair
) -> Cell:
    origin = covered.get((row, column))
    if origin is None:
        return Cell(text, row, column, None, numeric)
    line = texts[origin[0] - 1]
    origin_text = line[origin[1] - 1] if len(line) >= origin[1] else ("", False)
    if text and not text.isspace():
        return Cell(text, row, column, origin, numeric, covered=True)
    return Cell(origin_text[0], row, column, origin, origin_text[1])


def _replace_texts(texts: list[list[tuple[str, bool]]], replaced: Mapping[Position, str]) -> None:
    for (row, column), text in replaced.items():
        if row > MAX_ROWS or column > MAX_COLUMNS:
            continue
        while len(texts) < row:
            texts.append([])
        line = texts[row - 1]
        line.extend(("", False) for _ in range(column - len(line)))
        line[column - 1] = (text, False)


def _find_extent(texts: Sequence[Sequence[tuple[str, bool]]]) -> tuple[int, int]:
    """Return the last row and column with more than white space."""
    height = width = 0
    for r, row in enumerate(texts, start=1):
        for c in range(len(row), 0, -1):
            text = row[c - 1][0]
            if text and not text.isspace():
                height, width = r, max(width, c)
                break
    return height, width


def _cover_cells(merges: Iterable[Merge], height: int, width: int) -> dict[Position, Position]:
    """Map each covered cell to the top left of its range. A cell in several ranges belongs to the first."""
    covered: dict[Position, Position] = {}
    cells = 0
    for first_row, first_column, last_row, last_column in merges:
        if not (1 <= first_row <= height and 1 <= first_column <= width):
            continue
        last_row, last_column = min(last_row, height), min(last_column, width)  # noqa: PLW2901 -- clipped to the text
        cells += max(0, last_row - first_row + 1) * max(0, last_column - first_column + 1)
        if cells > 2 * MAX_CELLS:  # only a hostile file has so many overlapping ranges
            raise ReaderError(TOO_LARGE, Bilingual("合并单元格过多", "too many merged ranges"))
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                if (row, column) != (first_row, first_column):
                    covered.setdefault((row, column), (first_row, first_column))
    return covered


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A cell of a grid: its original text and its position (1-based row and column).

    The garbage collector does not track this struct, because a workbook has a million of them.
    """

    text: str
    row: int
    column: int
    merged_from: tuple[int, int] | None = None
    """For a cell inside a merged range: the top left cell of the range, whose text it repeats."""
    numeric: bool = False
    covered: bool = False
    """Whether a merged range hides the cell's own text, which spreadsheet programs do not show.
    ``merged_from`` is set too, but ``text`` is the cell's own."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of text: one sheet, one table of a document or one CSV file.

    ``rows[i]`` contains all cells of row ``i + 1``; blank cells have ``text == ""``.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    """1-based rows that spreadsheet programs do not show; they are read like other rows."""


@dataclass(frozen=True, slots=True)
class SheetAnnotations:
    """Properties of a sheet's cells that the cell parser does not report."""

    hidden_rows: frozenset[int] = frozenset()
    errors: Mapping[Position, str] = field(default_factory=dict)
    """Cells with a formula error, and the error as displayed (``#REF!``); the parser reads them as blank."""
    uncalculated: Mapping[Position, str] = field(default_factory=dict)
    """Cells whose formula was saved without a result, and the formula."""


ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
"""Error codes of binary workbooks ([MS-XLS] 2.5.10 Bes)."""


def format_column(column: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
