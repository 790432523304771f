"""What is gathered for one record before its values are read: texts by field, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from publisher.ingest.findings.kind import Kind
from publisher.ingest.formats.grid import Cell, column_letters
from publisher.ingest.tables.header_row import Header, own


@dataclass(slots=True)
class Piece:
    """The text of one field, on its way to a value."""

    text: str
    """What the value is read from."""
    found: str
    """What the cell shows: 同上, a blank, or the text with its number in front."""
    cell: str
    via: Literal["own", "merged", "above", "parent", "group"] = "own"


@dataclass(slots=True)
class Note:
    """A finding about a row, until its file and sheet are known."""

    kind: Kind
    row: int
    name: str | None = None
    """Of the field."""
    found: str = ""
    words: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Entry:
    """A record on its way. ``rows`` is its own row and then its continuations (1-based)."""

    rows: list[int]
    pieces: dict[str, Piece]
    marks: frozenset[str] = frozenset()
    """Fields of its own that tell it from other rows of the same item."""


@dataclass(slots=True)
class Line:
    """A row of a table by field; only rows with any text of their own become lines."""

    row: int
    index: int
    own: dict[str, Cell]
    filled: dict[str, Cell]
    """Cells that a merged range above fills."""
    other: list[Cell]
    """Own text in columns that are no field."""
    wide: bool = False
    """One text over three columns or more, as titles and notes stand."""

    @property
    def texts(self) -> list[str]:
        return [c.text for c in (*self.other, *self.own.values())]


@lru_cache(maxsize=1024)
def reference(cell: Cell) -> str:
    """A1 reference; for a cell that a merged range fills, that of the range's top left."""
    if cell.merged_from is not None and not cell.covered:
        row, column = cell.merged_from
        return f"{column_letters(column)}{row}"
    return f"{column_letters(cell.column)}{cell.row}"


def line(rows: Sequence[Sequence[Cell]], index: int, header: Header, personal: frozenset[str]) -> Line | None:
    """Row ``index`` by field, or None where it has no text of its own. Personal columns stay outside."""
    row = rows[index]
    owned: dict[str, Cell] = {}
    filled: dict[str, Cell] = {}
    other: list[Cell] = []
    seen = False
    columns = header.columns
    for position, cell in enumerate(row):
        text = cell.text
        if not text or text.isspace():
            continue
        name = columns.get(position)
        if cell.merged_from is None or cell.covered:
            seen = True
            if cell.merged_from is not None and _repeats(cell, rows):
                if name is not None and cell.merged_from[1] == cell.column and name not in personal:
                    filled[name] = cell
            elif name is None:
                other.append(cell)
            elif name not in personal:
                owned[name] = cell
        elif name is not None and cell.merged_from[1] == cell.column and name not in personal:
            filled[name] = cell
    if not seen:
        return None
    found = Line(row[0].row, index, owned, filled, other)
    texts = found.texts
    found.wide = bool(texts) and texts[0] == texts[-1] and len(set(texts)) == 1 and _wide(row)
    return found


def _repeats(cell: Cell, rows: Sequence[Sequence[Cell]]) -> bool:
    """Does a covered cell say what its range shows anyway?"""
    if cell.merged_from is None:
        return False
    top, left = cell.merged_from
    first = rows[top - rows[0][0].row]
    return first[left - first[0].column].text.strip() == cell.text.strip()


def _wide(row: Sequence[Cell]) -> bool:
    """Does one text span three columns or more, by merging or by being repeated in each?"""
    texts = [c for c in row if own(c)]
    first = (texts[0].row, texts[0].column)
    merged = sum(c.merged_from == first and c.row == first[0] for c in row)
    return len(texts) + merged >= 3
