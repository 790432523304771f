"""Find the header of a table and say which column is which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from publisher.ingest.formats.grid import Cell, Grid
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

type Row = Sequence[Cell]

_LONGEST_HEADING = 40
"""Characters: a longer cell is data or a title."""
_SUBHEADING = 16


@dataclass(frozen=True, slots=True)
class Headings:
    """Every way in which a catalogue's columns are named in the wild."""

    catalogue: Catalogue
    fields: Mapping[str, str]
    """Key of a heading (:func:`schemas.normalise.heading_key`) → field name."""
    ignored: frozenset[str]
    spanned: Mapping[str, str]
    """Field → the field that stands in a second column under the same heading."""
    written: frozenset[str]
    """The headings as the catalogue writes them, for a first, cheap look."""

    @classmethod
    def of(cls, catalogue: Catalogue) -> Headings:
        fields: dict[str, str] = {}
        for f in catalogue.fields:
            for text in (f.title, *f.aliases, f.name):
                fields.setdefault(heading_key(text), f.name)
        return cls(
            catalogue=catalogue,
            fields=fields,
            ignored=frozenset(heading_key(t) for t in catalogue.ignored),
            written=frozenset(t for f in catalogue.fields for t in (f.title, *f.aliases, *catalogue.ignored)),
            spanned={f.spanned_by: f.name for f in catalogue.fields if f.spanned_by},
        )

    def field_of(self, text: str) -> str | None:
        return self.fields.get(heading_key(text)) if text and len(text) <= _LONGEST_HEADING else None

    def knows(self, text: str) -> bool:
        if not text or len(text) > _LONGEST_HEADING:
            return False
        key = heading_key(text)
        return key in self.fields or key in self.ignored


@dataclass(frozen=True, slots=True)
class Header:
    """A header and the columns below it. Columns are counted from 0 as in ``Grid.rows[i]``."""

    first: int
    """Index of its first row in ``Grid.rows``."""
    rows: int
    columns: Mapping[int, str]
    """Column → field, personal ones included."""
    headings: Mapping[int, str]
    """Column → heading as written, of every column that has one."""
    twice: tuple[int, ...] = ()
    """Columns whose field an earlier column already holds."""
    keys: Mapping[int, str] = field(default_factory=dict)
    """Column → key of its heading, to know the header again on a later page."""

    @property
    def end(self) -> int:
        return self.first + self.rows

    def repeats_in(self, row: Row) -> bool:
        """Does a later page show this header again?"""
        same = 0
        for column, key in self.keys.items():
            text = row[column].text if column < len(row) else ""
            if text and len(text) <= _LONGEST_HEADING and heading_key(text) == key:
                same += 1
        return same >= 2 and same * 3 >= len(self.keys) * 2


def own(cell: Cell) -> bool:
    """Has the cell text of its own, not only a merged range's?"""
    return (cell.merged_from is None or cell.covered) and bool(cell.text) and not cell.text.isspace()


def find(grid: Grid, start: int, headings: Headings) -> Header | None:
    """The first header at or after row index ``start``, or None."""
    for index in range(start, len(grid.rows)):
        if is_header(grid.rows[index], headings):
            return _read(grid, index, headings)
    return None


def is_header(row: Row, headings: Headings) -> bool:
    """Two or more columns are named, half of what stands there is known, and an item's name is among it."""
    texts = [cell.text for cell in row if own(cell)]
    if len(texts) < 2 or len(set(texts)) < 2:
        return False
    known = [t for t in texts if headings.knows(t)]
    if len(known) < 2 or len(known) * 2 < len(texts):
        return False
    if all(
        t.rstrip().endswith((":", "：")) for t in known
    ):  # 索引号： 发文字号： are labels beside their values
        return False
    fields = {f for t in known if (f := headings.field_of(t))}
    catalogue = headings.catalogue
    leads = {catalogue.title_field, *(names[0] for names in catalogue.identity)}
    return bool(fields & leads) and (len(fields) >= 2 or len(known) >= 2)


def nearest(grid: Grid, headings: Headings) -> tuple[int, str] | None:
    """Where no header is found: the row (1-based) that looks most like one, and what it says."""
    best: tuple[int, int, str] | None = None
    for row in grid.rows[:30]:
        texts = [" ".join(cell.text.split()) for cell in row if own(cell)]
        score = sum(headings.knows(t) for t in texts) * 100 + sum(len(t) <= _SUBHEADING for t in texts)
        if texts and (best is None or score > best[0]):
            best = (score, row[0].row, " | ".join(texts))
    return best[1:] if best else None


def _read(grid: Grid, first: int, headings: Headings) -> Header:
    top = _spread(grid.rows[first])
    height = 1
    below: Row = ()
    for row in grid.rows[first + 1 : first + 3]:
        if not any(own(c) for c in row):
            if not any(c.merged_from and c.merged_from[0] == grid.rows[first][0].row for c in row):
                break
            height += 1
            continue
        if _is_second(grid.rows[first], row, headings):
            height += 1
            below = row
        break
    if below:
        top = _carried(top, below)
    names = {i: _name(top[i], below[i] if i < len(below) else None, headings) for i in range(len(top))}
    columns, twice = _assign(names, grid.rows[first], headings)
    shown = {i: " ".join(n.split()) for i, n in names.items() if n}
    keys = {c.column - grid.rows[first][0].column: heading_key(c.text) for c in grid.rows[first] if own(c)}
    return Header(first, height, columns, shown, twice, keys)


def _spread(row: Row) -> list[str]:
    """Headings by column; a heading that is merged over several columns stands in each."""
    number = row[0].row if row else 0
    texts: list[str] = []
    for cell in row:
        from_left = cell.merged_from is not None and cell.merged_from[0] == number
        texts.append(cell.text.strip() if cell.merged_from is None or cell.covered or from_left else "")
    return texts


def _carried(top: Sequence[str], below: Row) -> list[str]:
    """Where a file keeps no merged ranges, a heading over several columns stands in the first only."""
    carried = list(top)
    for index in range(1, len(carried)):
        if not carried[index] and index < len(below) and own(below[index]):
            carried[index] = carried[index - 1]
    return carried


def _is_second(first: Row, second: Row, headings: Headings) -> bool:
    """Is the row below a header's first row its second? Its texts stand under spans or blanks, and are short.

    The column of the item's name never is one: there the first item stands.
    """
    named = False
    for index, cell in enumerate(second):
        if not own(cell):
            continue
        above = first[index] if index < len(first) else None
        if len(cell.text) > _SUBHEADING or cell.text.strip().replace(".", "").isdigit():
            return False
        if above is not None and own(above) and not _spans(first, index):
            return False
        named = named or headings.field_of(cell.text) is not None
        named = named or (above is not None and _both(above.text, cell.text, headings) is not None)
    return named


def _spans(row: Row, index: int) -> bool:
    """Does the heading at ``index`` reach over the next column (merged, or left blank there)?"""
    if index + 1 >= len(row):
        return False
    after = row[index + 1]
    here = (row[index].row, row[index].column)
    return after.merged_from == here or (after.merged_from is None and not after.text.strip())


def _name(top: str, below: Cell | None, headings: Headings) -> str:
    """One column's heading from its one or two cells: the longest writing that is known."""
    under = below.text.strip() if below is not None and own(below) else ""
    if not under:
        return top
    if (both := _both(top, under, headings)) is not None:
        return both
    return under if headings.knows(under) else top + under


def _both(top: str, under: str, headings: Headings) -> str | None:
    """办结时限 over 法定 is 法定办结时限; 收费 over 标准 is 收费标准."""
    return next((t for t in (top + under, under + top) if headings.knows(t)), None)


def _assign(
    names: Mapping[int, str], first: Row, headings: Headings
) -> tuple[dict[int, str], tuple[int, ...]]:
    columns: dict[int, str] = {}
    twice: list[int] = []
    for index, name in names.items():
        left = columns.get(index - 1)
        second = headings.spanned.get(left) if left else None
        if second and second not in columns.values() and _continues(name, names[index - 1], first, index):
            columns[index] = second
            continue
        found = headings.field_of(name)
        if found is None:
            continue
        if found in columns.values():
            twice.append(index)
        else:
            columns[index] = found
    return columns, tuple(twice)


def _continues(name: str, left: str, first: Row, index: int) -> bool:
    """A column under the heading of the column to its left: the heading is merged, repeated or left blank."""
    return not name or (heading_key(name) == heading_key(left) and index < len(first))
