"""The header of a table, of one to three rows, and the meaning of its columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.tables.choice_columns import Choice, find_choice
from publisher.ingest.tables.heading_text import LONGEST, is_identifier, parse_unit
from publisher.ingest.tables.headings import LONGEST_HEADING, ColumnMeaning, Headings
from schemas.normalise import heading_key

type Row = Sequence[Cell]

_LONGEST_SUBHEADING = 16
_MOST_ROWS = 3
"""Rows of a header: groups, headings, and names of columns in a program."""


class Header(msgspec.Struct, frozen=True):
    """A header and its columns, counted from 0 as in ``Grid.rows[i]``."""

    first: int
    """Index of its first row in ``Grid.rows``."""
    rows: int
    columns: Mapping[int, str]
    """Column → field, including personal fields. Several columns may belong to one field."""
    headings: Mapping[int, str]
    """Column → heading as written, for every column with a heading."""
    twins: tuple[int, ...] = ()
    """Columns whose field already belongs to an earlier column."""
    name_columns: tuple[int, ...] = ()
    """Columns under one heading of names: an item is to the right of the one that it is part of."""
    units: Mapping[int, str] = msgspec.field(default_factory=dict)
    """Column → unit of its bare numbers, where the heading names one."""
    companions: Mapping[int, Sequence[ColumnMeaning]] = msgspec.field(default_factory=dict)
    """Columns with the unit or a note of another column (法定办结时限单位)."""
    ignored: frozenset[int] = frozenset()
    """Columns with a known heading that belong to no field, such as a running 序号."""
    leading: frozenset[int] = frozenset()
    """Columns that identify a row: running numbers, names and codes. A merge in them joins rows."""
    keys: Mapping[int, str] = msgspec.field(default_factory=dict)
    """Column → key of its heading, to recognise the header on a later page."""
    choices: Mapping[int, Choice] = msgspec.field(default_factory=dict)
    """Column → the word of its field that a tick in it chooses."""

    @property
    def end(self) -> int:
        return self.first + self.rows

    def repeats_in(self, row: Row) -> bool:
        """Test whether a row repeats this header, as on a later page."""
        same = 0
        for column, key in self.keys.items():
            text = row[column].text if column < len(row) else ""
            if text and len(text) <= LONGEST and heading_key(text) == key:
                same += 1
        return same >= 2 and same * 3 >= len(self.keys) * 2


def has_own_text(cell: Cell) -> bool:
    """Test whether the cell has text of its own, not only that of a merged range."""
    return cell.merged_from is None and bool(cell.text) and not cell.text.isspace()


def find_header(grid: Grid, start: int, headings: Headings) -> Header | None:
    """Find the first header at or after row index ``start``, or None."""
    for index in range(start, len(grid.rows)):
        header = read_header(grid, index, headings)
        if header is not None:
            return header
    return None


def read_header(grid: Grid, first: int, headings: Headings) -> Header | None:
    """Read the header that begins with row index ``first``; None where that row begins none."""
    row = grid.rows[first]
    texts = [cell.text for cell in row if has_own_text(cell)]
    if len(set(texts)) < 2 or max(map(len, texts)) > LONGEST:
        return None
    if _are_header_texts(_without_shared_prefix(texts, headings), headings):
        return _create_header(grid, first, headings)
    header = _create_header(grid, first, headings)
    if header.rows == 1 or not _are_header_texts(
        _without_shared_prefix(header.headings.values(), headings), headings
    ):
        return None
    # A title row above the header adds nothing to it; a row of groups does.
    lower = [cell.text for row in grid.rows[first + 1 : header.end] for cell in row if has_own_text(cell)]
    alone = sum(headings.knows(t) for t in _without_shared_prefix(lower, headings))
    return header if len(header.columns) + len(header.ignored) > alone else None


def _are_header_texts(texts: Sequence[str], headings: Headings) -> bool:
    """Test for the texts of a header: half of them known, or three with the item's name among them."""
    column_names = [t for t in texts if headings.knows(t)]
    if len(column_names) < 2 or len(texts) < 2 or len(set(texts)) < 2:
        return False
    # 索引号： 发文字号： are labels next to their values
    if all(t.rstrip().endswith((":", "：")) for t in column_names):
        return False
    fields = {f for t in column_names if (f := headings.field_of(t))}
    catalogue = headings.catalogue
    fields |= {catalogue.by_name[f].stands_for for f in fields}
    if catalogue.title_field in fields and len(column_names) >= 3:
        return True
    leads = {catalogue.title_field, *(names[0] for names in catalogue.identity)}
    return bool(fields & leads) and len(column_names) * 2 >= len(texts)


def _without_shared_prefix(texts: Iterable[str], headings: Headings) -> list[str]:
    """Remove a prefix of three or more headings that are known without it (篇扩类别, 篇扩依据)."""
    whole = list(texts)
    starts = Counter(t[:2] for t in whole if len(t) > 2 and not headings.knows(t))
    start, count = max(starts.items(), key=lambda item: item[1], default=("", 0))
    if count < 3:
        return whole
    best: tuple[int, list[str]] = (0, whole)
    for length in range(2, 7):
        prefix = next(t for t in whole if t.startswith(start))[:length]
        shorter = [t.removeprefix(prefix) if not headings.knows(t) else t for t in whole]
        gain = sum(headings.knows(new) and new != old for old, new in zip(whole, shorter, strict=True))
        if gain > best[0]:
            best = (gain, shorter)
    return best[1] if best[0] >= 3 else whole


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


def _create_header(grid: Grid, first: int, headings: Headings) -> Header:
    row = grid.rows[first]
    levels = [_list_headings(row)]
    upper = [row]
    for lower in grid.rows[first + 1 : first + _MOST_ROWS]:
        if not any(has_own_text(c) for c in lower):
            if not any(c.merged_from and c.merged_from[0] >= row[0].row for c in lower):
                break
        elif _explains_columns(lower, levels):
            pass
        elif _qualifies_columns(upper, lower, levels) or _is_lower_row(upper, lower, headings):
            _add_level(levels, lower)
        else:
            break
        upper.append(lower)
    height = len(upper)
    while (
        height > 1
        and not any(has_own_text(c) for c in upper[height - 1])
        and not _is_covered(upper[height - 1])
    ):
        height -= 1
    names = [_compose_heading([level[i] for level in levels], headings) for i in range(len(row))]
    texts = {i: " ".join(n.split()) for i, n in enumerate(names) if n}
    short_headings = dict(zip(texts, _without_shared_prefix(texts.values(), headings), strict=True))
    columns = _Columns(headings)
    for index in range(len(names)):
        name = short_headings.get(index, "")
        columns.add(index, name, is_merged=_is_merged(upper, index), is_under=_is_right_part(upper, index))
    keys = {c.column - row[0].column: heading_key(c.text) for c in row if has_own_text(c)}
    return columns.build(first, height, texts, keys)


def _is_merged(rows: Sequence[Row], index: int) -> bool:
    """Test whether each heading of a column, if it has any, is the right part of one that spans columns."""
    cells = [row[index] for row in rows]
    return _is_right_part(rows, index) and not any(map(has_own_text, cells))


def _is_right_part(rows: Sequence[Row], index: int) -> bool:
    """Test whether a heading of a column is the right part of one that spans columns."""
    cells = (row[index] for row in rows)
    return any(c.merged_from and c.merged_from[1] < c.column for c in cells)


def _is_covered(row: Row) -> bool:
    return any(c.merged_from is not None for c in row)


def _list_headings(row: Row) -> list[str]:
    """Return headings by column; a heading that is merged over several columns is repeated in each."""
    number = row[0].row if row else 0
    texts: list[str] = []
    for cell in row:
        from_left = cell.merged_from is not None and cell.merged_from[0] == number
        texts.append(cell.text.strip() if cell.merged_from is None or from_left else "")
    return texts


def _add_level(levels: list[list[str]], lower: Row) -> None:
    """Add a row below; a heading above it that is only in the first of several columns counts for each."""
    for index in range(1, len(lower)):
        if not has_own_text(lower[index]):
            continue
        for number, level in enumerate(levels):
            above = levels[number - 1] if number else level
            if not level[index] and (not number or above[index] == above[index - 1]):
                level[index] = level[index - 1]
    levels.append(_list_headings(lower))


_EXPLANATION = re.compile(r"\s*(?:(?:非|不)?(?:必填|选填|可选|必录|必选|可填)项?|[*＊★☆]+)\s*")
_IN_BRACKETS = re.compile(r"\s*[（(【\[][^（()）【】\[\]]{1,30}[）)】\]]\s*")
_NUMBERED = re.compile(r"\s*[（(]?(\d{1,3})[）)]?\s*")


def _explains_columns(row: Row, levels: Sequence[Sequence[str]]) -> bool:
    """Test for a row that explains every column: 必填, names of columns in a program, or 1, 2, 3."""
    cells = [c for c in row if has_own_text(c)]
    texts = [c.text.strip() for c in cells]
    names = ["".join(texts) for texts in zip(*levels, strict=True)]
    headed = sum(bool(n) for n in names)
    if len(texts) < 2:
        return False
    if all(_EXPLANATION.fullmatch(t) for t in texts):
        return True
    if len(texts) < 3 or len(texts) * 3 < headed * 2:
        return False
    if all(is_identifier(t) and len(t) > 2 for t in texts):
        return not any(is_identifier(names[c.column - row[0].column]) for c in cells)
    numbers = [m for t in texts if (m := _NUMBERED.fullmatch(t))]
    return len(numbers) == len(texts) and [int(m[1]) for m in numbers] == list(range(1, len(texts) + 1))


def _qualifies_columns(upper: Sequence[Row], lower: Row, levels: Sequence[Sequence[str]]) -> bool:
    """Test for a row with a unit or a remark under each of some headings: （工作日）, 万元, （必填）."""
    cells = [c for c in lower if has_own_text(c)]
    if any(c.merged_from is not None for row in upper for c in row):
        return False
    headed = all(any(level[c.column - lower[0].column] for level in levels) for c in cells)
    texts = [c.text.strip() for c in cells]
    marks = [t for t in texts if _IN_BRACKETS.fullmatch(t) or _EXPLANATION.fullmatch(t) or parse_unit(t)]
    return headed and len(marks) == len(texts) and any(parse_unit(t.strip("（）()")) for t in texts)


def _is_lower_row(upper: Sequence[Row], lower: Row, headings: Headings) -> bool:
    """Test whether a row continues a header: short texts under spans, blanks or names of a program.

    One of them is a known heading, or a heading of the row above reaches down into the row.
    It has no text under the heading of the item's name, where the first item begins.
    """
    has_heading = any(c.merged_from is not None and c.merged_from[0] == upper[0][0].row for c in lower)
    for index, cell in enumerate(lower):
        if not has_own_text(cell):
            continue
        if cell.text.strip().replace(".", "").isdigit():
            return False
        above = next((row for row in reversed(upper) if index < len(row) and has_own_text(row[index])), None)
        text = above[index].text if above is not None else _spanning_text(upper, index)
        if len(cell.text) > (_LONGEST_SUBHEADING if not headings.knows(cell.text) else LONGEST_HEADING):
            return False
        two_names = bool(text) and is_identifier(text) != is_identifier(cell.text)
        if above is not None and not two_names and not _spans(above, index):
            return False
        has_heading = has_heading or headings.knows(cell.text)
        has_heading = has_heading or _join_headings(text, cell.text, headings) is not None
    return has_heading


def _spanning_text(upper: Sequence[Row], index: int) -> str:
    """Return the heading to the left that spans a column without one, merged or not."""
    for row in reversed(upper):
        merged_from = row[index].merged_from
        if merged_from is not None and merged_from[0] == row[0].row:
            return row[index].text
    return next((c.text for c in reversed(upper[0][:index]) if has_own_text(c)), "")


def _spans(row: Row, index: int) -> bool:
    """Test whether the heading at ``index`` spans the next column, which is merged or blank."""
    if index + 1 >= len(row):
        return False
    after = row[index + 1]
    position = (row[index].row, row[index].column)
    return after.merged_from == position or (after.merged_from is None and not after.text.strip())


def _compose_heading(texts: Sequence[str], headings: Headings) -> str:
    """Compose one column's heading from its cells, the upper first; prefer the longest known heading."""
    *tops, under = [t.strip() for t in texts if t.strip()] or [""]
    if not tops:
        return under
    for top in reversed(tops):
        if (heading := _join_headings(top, under, headings)) is not None:
            return heading
    if headings.knows(under):
        return under
    for top in reversed(tops):
        if headings.knows(f"{top}（{under}）"):
            return f"{top}（{under}）"
    return "".join(dict.fromkeys((*tops, under)))


def _join_headings(top: str, under: str, headings: Headings) -> str | None:
    """Join two cells to a known heading: 办结时限 over 法定, 收费 over 标准, 事项名称 over 编码."""
    if not top or parse_unit(under):
        return None
    if under == "名称" and headings.knows(top):
        return top
    joined = (top + under, under + top, top.removesuffix("名称") + under)
    return next((t for t in joined if headings.knows(t)), None)


class _Columns:
    """Collects the meaning of each column of a header."""

    def __init__(self, headings: Headings) -> None:
        self._headings = headings
        self._names: dict[int, str] = {}
        self._columns: dict[int, str] = {}
        self._twins: list[int] = []
        self._name_columns: list[int] = []
        self._units: dict[int, str] = {}
        self._companions: dict[int, ColumnMeaning] = {}
        self._ignored: set[int] = set()

    def add(self, index: int, name: str, *, is_merged: bool, is_under: bool) -> None:
        """Add a column. ``is_under``: it shares a heading with the column to its left, perhaps in part."""
        left_field = self._columns.get(index - 1)
        left_name, self._names[index] = self._names.get(index - 1, ""), name
        second = self._headings.spanned.get(left_field) if left_field else None
        if is_merged and left_field == self._headings.catalogue.title_field:  # 项目, then its 子项
            second = self._headings.catalogue.sub_item_field
        if second and second not in self._columns.values() and _shares_heading(name, left_name):
            self._columns[index] = second
            return
        if is_merged and self._add_name_column(index):
            return
        meaning = self._headings.meaning_of(name)
        if meaning is None:
            return
        if meaning.role == "ignored":
            self._ignored.add(index)
        elif meaning.role == "value":
            catalogue = self._headings.catalogue
            is_name = meaning.field == catalogue.title_field
            if is_under and is_name and left_field and left_field == catalogue.parent_field:
                self._columns[index - 1] = meaning.field  # 一级项目 and 项目名称 under one heading
                self._name_columns = [index - 1, index]
            elif meaning.field in self._columns.values():
                self._twins.append(index)
            self._columns[index] = meaning.field
            if meaning.unit:
                self._units[index] = meaning.unit
        else:
            self._companions[index] = meaning

    def _add_name_column(self, index: int) -> bool:
        """Add a further column under the heading of names, if the catalogue has items of items."""
        title, parent = self._headings.catalogue.title_field, self._headings.catalogue.parent_field
        if self._columns.get(index - 1) != title or parent in {None, *self._columns.values()}:
            return False
        self._columns[index] = title
        self._name_columns = [*(self._name_columns or [index - 1]), index]
        return True

    def build(self, first: int, rows: int, texts: Mapping[int, str], keys: Mapping[int, str]) -> Header:
        catalogue = self._headings.catalogue
        for index, name in self._columns.items():
            field = catalogue.by_name[name].stands_for
            if field and field not in self._columns.values():
                self._columns[index] = field
        leads = {catalogue.title_field, catalogue.number_field, *(n[0] for n in catalogue.identity)}
        fields = set(self._columns.values())
        companions = {i: (m,) for i, m in self._companions.items() if m.field in fields}
        found = ((i, find_choice(catalogue.by_name[f], self._names[i])) for i, f in self._columns.items())
        choices = {i: choice for i, choice in found if choice}
        return Header(
            first=first,
            rows=rows,
            columns=self._columns,
            headings=texts,
            twins=tuple(i for i in self._twins if i not in choices),
            choices=choices,
            name_columns=tuple(self._name_columns),
            keys=keys,
            units=self._units,
            companions=companions,
            ignored=frozenset(self._ignored),
            leading=frozenset(self._ignored | {i for i, n in self._columns.items() if n in leads}),
        )


def _shares_heading(name: str, left_name: str) -> bool:
    """Test whether a column shares the heading to its left: merged, repeated or blank."""
    return not name or heading_key(name) == heading_key(left_name)
