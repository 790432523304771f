"""Raw records: the texts of a record by field, with their cells, before their values are parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from publisher.ingest.findings.kind import Kind
from publisher.ingest.formats.grid import Cell, format_column
from publisher.ingest.tables.header_row import Header, has_own_text


@dataclass(slots=True)
class Piece:
    """The text of one field before its value is parsed."""

    text: str
    """Text from which the value is parsed."""
    original: str
    """Text as the cell displays it: 同上, a blank, or the text with its number."""
    cell: str
    via: Literal["own", "merged", "above", "parent", "group"] = "own"


@dataclass(slots=True)
class RowNote:
    """A finding about a row, before its file and sheet are known."""

    kind: Kind
    row: int
    name: str | None = None
    """Name of the field."""
    excerpt: str = ""
    words: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class RawRecord:
    """A raw record. ``rows``: its own row, then its continuations (1-based)."""

    rows: list[int]
    pieces: dict[str, Piece]
    marks: frozenset[str] = frozenset()
    """Own fields that distinguish it from other rows of the same item."""


@dataclass(slots=True)
class TableLine:
    """A row of a table by field. Only rows with text of their own become lines."""

    row: int
    index: int
    own: dict[str, Cell]
    """Cells with text of their own."""
    filled: dict[str, Cell]
    """Cells that repeat the text of a merged range."""
    other: list[Cell]
    """Own text in columns without a field."""
    wide: bool = False
    """Whether one text spans three or more columns, as titles and notes do."""

    @property
    def texts(self) -> list[str]:
        return [c.text for c in (*self.other, *self.own.values())]


@lru_cache(maxsize=1024)
def format_reference(cell: Cell) -> str:
    """Return the A1 reference of a cell; for a cell of a merged range, that of the range's top left."""
    if cell.merged_from is not None:
        row, column = cell.merged_from
        return f"{format_column(column)}{row}"
    return f"{format_column(cell.column)}{cell.row}"


def read_line(
    rows: Sequence[Sequence[Cell]], index: int, header: Header, personal: frozenset[str]
) -> TableLine | None:
    """Read row ``index`` by field, without personal columns; None where it has no text of its own."""
    row = rows[index]
    own_cells: dict[str, Cell] = {}
    filled: dict[str, Cell] = {}
    other: list[Cell] = []
    has_text = False
    columns = header.columns
    for position, cell in enumerate(row):
        text = cell.text
        if not text or text.isspace():
            continue
        name = columns.get(position)
        if cell.merged_from is None:
            has_text = True
            if name is None:
                other.append(cell)
            elif name not in personal:
                own_cells[name] = cell
        elif name is not None and cell.merged_from[1] == cell.column and name not in personal:
            filled[name] = cell
    if not has_text:
        return None
    table_line = TableLine(row[0].row, index, own_cells, filled, other)
    texts = table_line.texts
    table_line.wide = bool(texts) and texts[0] == texts[-1] and len(set(texts)) == 1 and _is_wide(row)
    return table_line


def _is_wide(row: Sequence[Cell]) -> bool:
    """Test whether one text spans three or more columns, merged or repeated in each."""
    texts = [c for c in row if has_own_text(c)]
    first = (texts[0].row, texts[0].column)
    merged = sum(c.merged_from == first and c.row == first[0] for c in row)
    return len(texts) + merged >= 3
