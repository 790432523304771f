"""The header of a table and its mapping of columns to fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from publisher.ingest.formats.grid import Cell, Grid
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

type Row = Sequence[Cell]

_LONGEST_HEADING = 40
"""Characters of a heading; a longer cell is data or a title."""
_LONGEST_SUBHEADING = 16


@dataclass(frozen=True, slots=True)
class Headings:
    """Every known name of a catalogue's columns."""

    catalogue: Catalogue
    fields: Mapping[str, str]
    """Key of a heading (:func:`schemas.normalise.heading_key`) → field name."""
    ignored: frozenset[str]
    spanned: Mapping[str, str]
    """Field → the field in a second column under the same heading."""
    titles_and_aliases: frozenset[str]
    """The headings as the catalogue writes them, for a fast first test."""

    @classmethod
    def from_catalogue(cls, catalogue: Catalogue) -> Headings:
        fields: dict[str, str] = {}
        for f in catalogue.fields:
            for text in (f.title, *f.aliases, f.name):
                fields.setdefault(heading_key(text), f.name)
        return cls(
            catalogue=catalogue,
            fields=fields,
            ignored=frozenset(heading_key(t) for t in catalogue.ignored),
            titles_and_aliases=frozenset(
                t for f in catalogue.fields for t in (f.title, *f.aliases, *catalogue.ignored)
            ),
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
    """A header and its columns, counted from 0 as in ``Grid.rows[i]``."""

    first: int
    """Index of its first row in ``Grid.rows``."""
    rows: int
    columns: Mapping[int, str]
    """Column → field, including personal fields."""
    headings: Mapping[int, str]
    """Column → heading as written, for every column with a heading."""
    twice: tuple[int, ...] = ()
    """Columns whose field already belongs to an earlier column."""
    keys: Mapping[int, str] = field(default_factory=dict)
    """Column → key of its heading, to recognise the header on a later page."""

    @property
    def end(self) -> int:
        return self.first + self.rows

    def repeats_in(self, row: Row) -> bool:
        """Test whether a row repeats this header, as on a later page."""
        same = 0
        for column, key in self.keys.items():
            text = row[column].text if column < len(row) else ""
            if text and len(text) <= _LONGEST_HEADING and heading_key(text) == key:
                same += 1
        return same >= 2 and same * 3 >= len(self.keys) * 2


def has_own_text(cell: Cell) -> bool:
    """Test whether the cell has text of its own, not only that of a merged range."""
    return cell.merged_from is None and bool(cell.text) and not cell.text.isspace()


def find_header(grid: Grid, start: int, headings: Headings) -> Header | None:
    """Find the first header at or after row index ``start``, or None."""
    for index in range(start, len(grid.rows)):
        if is_header(grid.rows[index], headings):
            return _read_header(grid, index, headings)
    return None


def is_header(row: Row, headings: Headings) -> bool:
    """Test for a header: half of its texts, at least two, are headings; one of them identifies a record."""
    texts = [cell.text for cell in row if has_own_text(cell)]
    if len(texts) < 2 or len(set(texts)) < 2:
        return False
    matches = [t for t in texts if headings.knows(t)]
    if len(matches) < 2 or len(matches) * 2 < len(texts):
        return False
    if all(t.rstrip().endswith((":", "：")) for t in matches):  # 索引号： is a label next to its value
        return False
    fields = {f for t in matches if (f := headings.field_of(t))}
    catalogue = headings.catalogue
    leads = {catalogue.title_field, *(names[0] for names in catalogue.identity)}
    return bool(fields & leads) and (len(fields) >= 2 or len(matches) >= 2)


def find_similar_row(grid: Grid, headings: Headings) -> tuple[int, str] | None:
    """Return the number (1-based) and text of the row most similar to a header, for a file without one."""
    best: tuple[int, int, str] | None = None
    for row in grid.rows[:30]:
        texts = [" ".join(cell.text.split()) for cell in row if has_own_text(cell)]
        score = sum(headings.knows(t) for t in texts) * 100 + sum(
            len(t) <= _LONGEST_SUBHEADING for t in texts
        )
        if texts and (best is None or score > best[0]):
            best = (score, row[0].row, " | ".join(texts))
    return best[1:] if best else None


def _read_header(grid: Grid, first: int, headings: Headings) -> Header:
    top = _list_headings(grid.rows[first])
    height = 1
    below: Row = ()
    for row in grid.rows[first + 1 : first + 3]:
        if not any(has_own_text(c) for c in row):
            if not any(c.merged_from and c.merged_from[0] == grid.rows[first][0].row for c in row):
                break
            height += 1
            continue
        if _is_second_row(grid.rows[first], row, headings):
            height += 1
            below = row
        break
    if below:
        top = _repeat_headings(top, below)
    names = {
        i: _compose_heading(top[i], below[i] if i < len(below) else None, headings) for i in range(len(top))
    }
    columns, twice = _assign_columns(names, grid.rows[first], headings)
    texts = {i: " ".join(n.split()) for i, n in names.items() if n}
    keys = {
        c.column - grid.rows[first][0].column: heading_key(c.text)
        for c in grid.rows[first]
        if has_own_text(c)
    }
    return Header(first, height, columns, texts, twice, keys)


def _list_headings(row: Row) -> list[str]:
    """Return headings by column; a heading that is merged over several columns is repeated in each."""
    number = row[0].row if row else 0
    texts: list[str] = []
    for cell in row:
        from_left = cell.merged_from is not None and cell.merged_from[0] == number
        texts.append(cell.text.strip() if cell.merged_from is None or from_left else "")
    return texts


def _repeat_headings(top: Sequence[str], below: Row) -> list[str]:
    """Repeat a heading over several columns that is only in the first, as in files without merged ranges."""
    headings_by_column = list(top)
    for index in range(1, len(headings_by_column)):
        if not headings_by_column[index] and index < len(below) and has_own_text(below[index]):
            headings_by_column[index] = headings_by_column[index - 1]
    return headings_by_column


def _is_second_row(first: Row, second: Row, headings: Headings) -> bool:
    """Test whether the row below a header's first row is its second: short texts under spans or blanks.

    It has no text under the heading of the item's name, where the first item begins.
    """
    has_heading = False
    for index, cell in enumerate(second):
        if not has_own_text(cell):
            continue
        above = first[index] if index < len(first) else None
        if len(cell.text) > _LONGEST_SUBHEADING or cell.text.strip().replace(".", "").isdigit():
            return False
        if above is not None and has_own_text(above) and not _spans(first, index):
            return False
        has_heading = has_heading or headings.field_of(cell.text) is not None
        has_heading = has_heading or (
            above is not None and _join_headings(above.text, cell.text, headings) is not None
        )
    return has_heading


def _spans(row: Row, index: int) -> bool:
    """Test whether the heading at ``index`` spans the next column, which is merged or blank."""
    if index + 1 >= len(row):
        return False
    after = row[index + 1]
    position = (row[index].row, row[index].column)
    return after.merged_from == position or (after.merged_from is None and not after.text.strip())


def _compose_heading(top: str, below: Cell | None, headings: Headings) -> str:
    """Compose one column's heading from its one or two cells; prefer the longest known heading."""
    under = below.text.strip() if below is not None and has_own_text(below) else ""
    if not under:
        return top
    if (heading := _join_headings(top, under, headings)) is not None:
        return heading
    return under if headings.knows(under) else top + under


def _join_headings(top: str, under: str, headings: Headings) -> str | None:
    """Join two cells to a known heading: 办结时限 over 法定 is 法定办结时限; 收费 over 标准 is 收费标准."""
    return next((t for t in (top + under, under + top) if headings.knows(t)), None)


def _assign_columns(
    names: Mapping[int, str], first: Row, headings: Headings
) -> tuple[dict[int, str], tuple[int, ...]]:
    columns: dict[int, str] = {}
    twice: list[int] = []
    for index, name in names.items():
        left_field = columns.get(index - 1)
        second = headings.spanned.get(left_field) if left_field else None
        if (
            second
            and second not in columns.values()
            and _shares_heading(name, names[index - 1], first, index)
        ):
            columns[index] = second
            continue
        field_name = headings.field_of(name)
        if field_name is None:
            continue
        if field_name in columns.values():
            twice.append(index)
        else:
            columns[index] = field_name
    return columns, tuple(twice)


def _shares_heading(name: str, left_name: str, first: Row, index: int) -> bool:
    """Test whether a column shares the heading to its left: merged, repeated or blank."""
    return not name or (heading_key(name) == heading_key(left_name) and index < len(first))
