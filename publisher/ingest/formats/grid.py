"""A grid of cells, the common form of every table, and its construction from values and merged ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import msgspec
from msgspec import structs

from publisher.ingest.findings.files import DIGITS_LOST, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual, Kind
from publisher.ingest.formats.errors import FileNote, ReaderError
from publisher.ingest.formats.number_formats.number_text import general_text, plain_text
from publisher.ingest.formats.number_formats.shown_text import ShownText

MAX_FILE = 64 << 20
"""Bytes."""
MAX_ROWS = 1_048_576
MAX_COLUMNS = 512
MAX_CELLS = 8_000_000
"""Limit after trimming, so that the text fits in memory."""

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Characters without a width, which pages and other programs leave in blank cells."""
_MOST_CELLS = 5
"""Most cells that a finding names; it counts all."""

type Scalar = str | int | float | bool | None
type Position = tuple[int, int]
"""1-based row and column."""
type Block = str | Sequence[Sequence[str]]
"""A paragraph of a document, or the rows of a table."""
type Merge = tuple[int, int, int, int]
"""1-based first row, first column, last row, last column."""


def format_scalar(value: Scalar) -> str:
    """Return the text of a cell, as the format General shows it."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        if value[0] in _INVISIBLE and not value.strip(_INVISIBLE):
            return ""
        return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return general_text(value)


def build_grid(
    name: str,
    rows: Sequence[Sequence[Scalar]],
    merges: Iterable[Merge] = (),
    *,
    hidden: bool = False,
    annotations: SheetAnnotations | None = None,
    replaced: Mapping[Position, str] | None = None,
) -> Grid | None:
    """Build a trimmed rectangle of cells, or ``None`` where no cell has text.

    ``replaced``: texts of cells that differ from those that the library reads. Raises :class:`ReaderError`
    (``file-too-large``) beyond the limits of this module.
    """
    texts = [[format_scalar(value) for value in row] for row in rows]
    _replace_texts(texts, replaced or {})
    height, width = _find_extent(texts)
    if not height:
        return None
    if height > MAX_ROWS or width > MAX_COLUMNS or height * width > MAX_CELLS:
        raise ReaderError(TOO_LARGE, f"{name}: {height} × {width}")
    origins = _merge_origins(merges, height, width)
    covered = _take_covered_texts(texts, origins) if origins else {}
    grid = []
    for r, row in enumerate(texts[:height], start=1):
        line = [*row[:width], *("" for _ in range(width - len(row)))]
        if origins:
            grid.append(
                tuple(_build_cell(texts, origins, r, c, text) for c, text in enumerate(line, start=1))
            )
        else:
            grid.append(tuple([Cell(text, r, c) for c, text in enumerate(line, start=1)]))
    annotations = _add_long_numbers(rows, annotations or SheetAnnotations())
    return Grid(name, tuple(grid), hidden, annotations, covered)


def _add_long_numbers(rows: Sequence[Sequence[Scalar]], annotations: SheetAnnotations) -> SheetAnnotations:
    """Add the whole numbers of more than 15 digits, whose last digits are lost, as General shows them."""
    long = {
        (r, c): ShownText(general_text(value), plain_text(value), "long")
        for r, row in enumerate(rows, start=1)
        for c, value in enumerate(row, start=1)
        if isinstance(value, float) and abs(value) >= 1e15 and value.is_integer()
    }
    return structs.replace(annotations, shown=long | dict(annotations.shown)) if long else annotations


def _take_covered_texts(texts: list[list[str]], origins: Mapping[Position, Position]) -> dict[Position, str]:
    """Blank the cells that a merged range covers; return their texts where they differ from the range's."""
    covered: dict[Position, str] = {}
    for (row, column), origin in origins.items():
        line = texts[row - 1]
        if len(line) < column or not line[column - 1]:
            continue
        text = line[column - 1]
        line[column - 1] = ""
        if not text.isspace() and text.strip() != _read_text(texts, origin).strip():
            covered[row, column] = text
    return covered


def _read_text(texts: list[list[str]], position: Position) -> str:
    line = texts[position[0] - 1]
    return line[position[1] - 1] if len(line) >= position[1] else ""


def _build_cell(
    texts: list[list[str]],
    origins: Mapping[Position, Position],
    row: int,
    column: int,
    text: str,
) -> Cell:
    origin = origins.get((row, column))
    if origin is None:
        return Cell(text, row, column)
    return Cell(_read_text(texts, origin), row, column, origin)


def _replace_texts(texts: list[list[str]], replaced: Mapping[Position, str]) -> None:
    for (row, column), text in replaced.items():
        if row > MAX_ROWS or column > MAX_COLUMNS:
            continue
        while len(texts) < row:
            texts.append([])
        line = texts[row - 1]
        line.extend("" for _ in range(column - len(line)))
        line[column - 1] = text


def _find_extent(texts: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return the last row and column with more than white space."""
    height = width = 0
    for r, row in enumerate(texts, start=1):
        for c in range(len(row), 0, -1):
            text = row[c - 1]
            if text and not text.isspace():
                height, width = r, max(width, c)
                break
    return height, width


def _merge_origins(merges: Iterable[Merge], height: int, width: int) -> dict[Position, Position]:
    """Map each covered cell to the top left of its range. A cell in several ranges belongs to the first."""
    origins: dict[Position, Position] = {}
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
                    origins.setdefault((row, column), (first_row, first_column))
    return origins


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A cell of a grid: its original text and its position (1-based row and column).

    The garbage collector does not track this struct, because a workbook has a million of them.
    """

    text: str
    row: int
    column: int
    merged_from: tuple[int, int] | None = None
    """For a cell inside a merged range: the top left cell of the range, whose text it repeats."""


class SheetAnnotations(msgspec.Struct, frozen=True):
    """Properties of a sheet's cells that the cell parser does not report. Rows and columns count from 1."""

    hidden_rows: frozenset[int] = frozenset()
    """Rows that spreadsheet programs do not show; they are read like other rows."""
    hidden_columns: frozenset[int] = frozenset()
    unseen_rows: frozenset[int] = frozenset()
    """Rows with hidden or struck texts that were not read, because their cells have others."""
    shown: Mapping[Position, ShownText] = msgspec.field(default_factory=dict)
    """Numbers with a format, as the program shows them."""
    text_formats: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Texts with a format that adds to them (``@"件"``)."""
    raised: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Texts with raised digits, which are marks of footnotes."""
    unknown_formats: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Numbers with a format that is not understood; they are read as stored."""
    struck: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Cells with text that is struck through: that part of the text, or ``""`` for all of it."""
    errors: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Cells with a formula error, and the error as displayed (``#REF!``); the parser reads them as blank."""
    page_starts: frozenset[int] = frozenset()
    """Rows above which a page ends."""
    uncalculated: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Cells whose formula was saved without a result, and the formula."""
    pictures: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Cells with a picture, and its alternative text."""
    unclear: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Cells of a page that do not state their text, and the options or the button in them."""


class Grid(msgspec.Struct, frozen=True):
    """A rectangle of text: one sheet, one table of a document or one CSV file.

    ``rows[i]`` contains all cells of row ``i + 1``; blank cells have ``text == ""``.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    hidden: bool = False
    annotations: SheetAnnotations = SheetAnnotations()
    covered: Mapping[Position, str] = msgspec.field(default_factory=dict)
    """Texts of cells inside a merged range, which programs do not show; they are not in ``rows``."""
    above: tuple[str, ...] = ()
    """Lines of the document right above the table, which may state its unit."""
    below: tuple[str, ...] = ()
    """Notes of the document right below the table."""


_MOST_LINES = 3
_CONTINUED = re.compile(r"\s*[（(]?[续接][上前]?[表页]?[）)]?\s*")
_LONGEST_LINE = 60
_NOTE = re.compile(r"\s*(?:备\s*注|注|说\s*明|附\s*注)\s*\d*\s*[：:.、]")


def find_lines_around[Table](
    pieces: Iterable[str | Table],
) -> Mapping[Table, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the short lines above each table and the notes below it. ``pieces``: lines and tables in order.

    A table that follows another one without a line, or after 续表, goes on with it.
    """
    lines: list[str] = []
    around: dict[Table, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    last: Table | None = None
    for piece in (*pieces, None):
        if isinstance(piece, str):
            lines += [piece.strip()] if piece.strip() and not _CONTINUED.fullmatch(piece) else []
            continue
        notes = [line for line in lines if _NOTE.match(line)]
        if last is not None:
            around[last] = (around[last][0], tuple(notes[:_MOST_LINES]))
        if piece is not None:
            above = [line for line in lines[-_MOST_LINES:] if line not in notes or last is None]
            short = tuple(line for line in above if len(line) <= _LONGEST_LINE)
            around[piece] = (around[last][0] if last is not None and not lines else short, ())
        last, lines = piece, []
    return around


_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def parse_reference(text: str) -> Position | None:
    """Return the row and column of an A1 reference; None for other text."""
    match = _REFERENCE.fullmatch(text)
    return None if match is None else (int(match[2]), parse_column(match[1]))


@cache
def parse_column(letters: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def format_column(column: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def note_cells(kind: Kind, sheet: str, cells: Mapping[Position, str]) -> FileNote:
    """Create a note about cells. It names the first ones and quotes the text of the first."""
    first, total = min(cells), len(cells)
    names = [f"{format_column(column)}{row}" for row, column in sorted(cells)[:_MOST_CELLS]]
    zh = f"{'、'.join(names)} 等{total}个单元格" if total > _MOST_CELLS else f"{'、'.join(names)} 单元格"
    en = ", ".join(names) + (f" and others ({total} in all)" if total > _MOST_CELLS else "")
    return FileNote(kind, Bilingual(zh, en), sheet, first[0], cells[first])


def note_lost_digits(grids: Iterable[Grid]) -> tuple[FileNote, ...]:
    """Create a note for each sheet in which numbers have lost their last digits."""
    shown = ((grid.name, grid.annotations.shown.items()) for grid in grids)
    long = ((name, {place: one.exact for place, one in cells if one.kind == "long"}) for name, cells in shown)
    return tuple(note_cells(DIGITS_LOST, name, cells) for name, cells in long if cells)
