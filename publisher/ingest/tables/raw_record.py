"""Raw records: the texts of a record by field, with their cells, before their values are parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import structs

from publisher.ingest.findings.kind import Kind
from publisher.ingest.formats.grid import Cell, Grid, format_column
from publisher.ingest.parsed_file import LeftOut
from publisher.ingest.tables.choice_columns import choose
from publisher.ingest.tables.header_row import Header, has_own_text
from publisher.ingest.tables.headings import ColumnMeaning


class Piece(msgspec.Struct):
    """The text of one field before its value is parsed."""

    text: str
    """Text from which the value is parsed."""
    original: str
    """Text as the cell displays it: 同上, a blank, or the text with its number."""
    cell: str
    via: Literal["own", "merged", "above", "parent", "group"] = "own"


class RowNote(msgspec.Struct):
    """A finding about a row, before its file and sheet are known."""

    kind: Kind
    row: int
    name: str | None = None
    """Name of the field."""
    excerpt: str = ""
    cell: str = ""
    """A1 reference; ``""`` for a whole row or a JSON object."""
    words: Mapping[str, object] = msgspec.field(default_factory=dict)


class RawRecord(msgspec.Struct):
    """A raw record. ``rows``: its own row, then its continuations (1-based)."""

    rows: list[int]
    pieces: dict[str, Piece]
    distinguishing: frozenset[str] = frozenset()
    """Own fields that distinguish it from other rows of the same item."""
    other_cells: list[str] = msgspec.field(default_factory=list)
    """A1 references of its further cells: running numbers, units, continuations."""
    unread: tuple[tuple[str, str], ...] = ()
    """Heading and text of its cells in columns that are not read."""
    in_error: bool = False


class TableRecords(msgspec.Struct):
    """Raw records of one table, the rows left out, and notes about rows."""

    raw_records: list[RawRecord] = msgspec.field(default_factory=list)
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    notes: list[RowNote] = msgspec.field(default_factory=list)


class TableLine(msgspec.Struct):
    """A row of a table by field. Only rows with text of their own become lines."""

    row: int
    index: int
    own: dict[str, Cell]
    """Cells with text of their own."""
    filled: dict[str, Cell]
    """Cells that repeat the text of a merged range."""
    other: list[Cell]
    """Own text in columns without a field: unread columns, running numbers, units and notes."""
    twins: list[tuple[str, Cell]] = msgspec.field(default_factory=list)
    """Further cells with own text for a field of ``own``: those of the columns in ``Header.twins``."""
    numbers: list[Cell] = msgspec.field(default_factory=list)
    """Those of ``other`` in columns that the catalogue ignores, such as a running number."""
    unread: list[Cell] = msgspec.field(default_factory=list)
    """Those of ``other`` in columns that are not read."""
    companions: list[tuple[ColumnMeaning, Cell]] = msgspec.field(default_factory=list)
    """Cells that qualify a field, its unit or a note; also those that a merged range fills."""
    chosen: set[str] = msgspec.field(default_factory=set)
    """Fields whose text is that of the headings with a tick."""
    unchosen: list[Cell] = msgspec.field(default_factory=list)
    """Those of ``other`` that are a sign of no tick."""
    unclear: list[tuple[str, Cell]] = msgspec.field(default_factory=list)
    """Cells below the words of a field that are neither a tick, nor none, nor a word."""
    uncalculated: dict[str, Cell] = msgspec.field(default_factory=dict)
    """Cells of fields whose formula has no saved result."""
    name_level: int = 0
    """Index of the column of its name in ``Header.name_columns``."""
    upper_names: list[tuple[int, Cell]] = msgspec.field(default_factory=list)
    """Index of the column, and name, of each item to the left of its own name, which it is part of."""
    under_merge: bool = False
    """Whether its name, code or number is that of the row above, by a merged range."""
    after_break: bool = False
    """Whether a page ends above it."""
    wide: bool = False
    """Whether one text spans three or more columns, as titles and notes do."""

    @property
    def texts(self) -> list[str]:
        return [c.text for c in (*self.other, *self.own.values())]


def format_reference(cell: Cell) -> str:
    """Return the A1 reference of a cell; for a cell of a merged range, that of the range's top left."""
    if cell.merged_from is not None:
        row, column = cell.merged_from
        return f"{format_column(column)}{row}"
    return f"{format_column(cell.column)}{cell.row}"


def read_line(grid: Grid, index: int, header: Header, personal: frozenset[str]) -> TableLine | None:
    """Read row ``index`` by field, without personal columns; None where it has no text of its own."""
    rows = grid.rows
    row = rows[index]
    line = TableLine(row[0].row, index, {}, {}, [])
    has_text = False
    columns = header.columns
    for position, cell in enumerate(row):
        text = cell.text
        if not text or text.isspace():
            continue
        name = columns.get(position)
        if cell.merged_from is not None:
            if cell.merged_from[1] == cell.column and name not in personal:
                _add_filled(line, name, position, cell, header)
            continue
        has_text = True
        if name is None:
            _add_other(line, position, cell, header)
        elif name not in personal:
            _add_own(line, name, cell)
    if not has_text:
        return None
    if header.name_columns:
        _read_names(line, row, header)
    _read_choices(line, row, header)
    if grid.annotations.uncalculated:
        _add_uncalculated(line, row, header, grid, personal)
    line.wide = len(set(line.texts)) == 1 and _is_wide(row)
    return line


def _read_choices(line: TableLine, row: Sequence[Cell], header: Header) -> None:
    """Read the ticks of a field's columns as the words of their headings, the first cell with all of them."""
    names = (header.columns[position] for position in header.choices if position in header.columns)
    for name in dict.fromkeys(names):
        positions = [p for p, field in header.columns.items() if field == name]
        filled = [p for p in positions if row[p].text.strip()]
        if not filled or not all(p in header.choices for p in filled):
            continue
        chosen = choose([(header.choices[p], row[p].text) for p in filled])
        if chosen.unclear and len(positions) == 1:
            continue
        line.chosen.add(name)
        _set_chosen(line, name, "、".join(chosen.words), [row[p] for p in filled], chosen.unclear)


def _set_chosen(line: TableLine, name: str, text: str, cells: list[Cell], unclear: list[int]) -> None:
    """Set the text of a field to the words chosen in its cells."""
    line.unclear += [(name, cells[i]) for i in unclear]
    clear = [cell for i, cell in enumerate(cells) if i not in unclear]
    own = [cell for cell in clear if cell.merged_from is None]
    line.other += [cells[i] for i in unclear if cells[i].merged_from is None]
    merged = line.filled.pop(name, None)
    line.own.pop(name, None)
    line.twins = [twin for twin in line.twins if twin[0] != name]
    if not text:
        line.unchosen += own
        line.other += own
    elif own:
        line.own[name], *others = [structs.replace(cell, text=text) for cell in own]
        line.twins += [(name, cell) for cell in others]
    elif merged is not None:
        line.filled[name] = structs.replace(merged, text=text)


def _add_own(line: TableLine, name: str, cell: Cell) -> None:
    if name in line.own:
        line.twins.append((name, cell))
    else:
        line.own[name] = cell


def _read_names(line: TableLine, row: Sequence[Cell], header: Header) -> None:
    """Take the rightmost name as that of the line, and those to its left as the names of items above."""
    title = header.columns[header.name_columns[0]]
    line.twins = [(name, cell) for name, cell in line.twins if name != title]
    names: list[tuple[int, Cell]] = []
    for level, position in enumerate(header.name_columns):
        cell = row[position]
        is_covered = cell.merged_from is not None and cell.merged_from[1] != cell.column
        if not cell.text.strip() or is_covered or (names and names[-1][1].text.strip() == cell.text.strip()):
            continue
        names.append((level, cell))
    if not names:
        return
    line.own.pop(title, None)
    line.filled.pop(title, None)
    line.name_level, cell = names.pop()
    (line.own if cell.merged_from is None else line.filled)[title] = cell
    line.upper_names = names


def _add_filled(line: TableLine, name: str | None, position: int, cell: Cell, header: Header) -> None:
    """Add a cell that a merged range fills, in the range's first column."""
    if cell.merged_from is not None and cell.merged_from[0] < cell.row and position in header.leading:
        line.under_merge = True
    if name is not None:
        line.filled.setdefault(name, cell)
    elif position in header.companions:
        line.companions += [(meaning, cell) for meaning in header.companions[position]]


def _add_other(line: TableLine, position: int, cell: Cell, header: Header) -> None:
    line.other.append(cell)
    if position in header.ignored:
        line.numbers.append(cell)
    elif position in header.companions:
        line.companions += [(meaning, cell) for meaning in header.companions[position]]
    else:
        line.unread.append(cell)


def _add_uncalculated(
    line: TableLine, row: Sequence[Cell], header: Header, grid: Grid, personal: frozenset[str]
) -> None:
    """Remember the formulas without a result; the text of a twin is not theirs."""
    for position, name in header.columns.items():
        cell = row[position]
        if (
            (cell.row, cell.column) not in grid.annotations.uncalculated
            or name in personal
            or name in line.uncalculated
        ):
            continue
        twin = line.own.get(name)
        if twin is None or twin.column > cell.column:
            line.uncalculated[name] = cell
            if twin is not None:
                line.twins.append((name, line.own.pop(name)))


def _is_wide(row: Sequence[Cell]) -> bool:
    """Test whether one text spans three or more columns, merged or repeated in each."""
    texts = [c for c in row if has_own_text(c)]
    first = (texts[0].row, texts[0].column)
    merged = sum(c.merged_from == first and c.row == first[0] for c in row)
    return len(texts) + merged >= 3
