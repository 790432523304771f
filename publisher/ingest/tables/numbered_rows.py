"""Records of a numbered table: 一、 heads a group, "1." is an item, "(1)" is a sub-item of it."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from publisher.ingest.findings import tables
from publisher.ingest.formats.grid import Cell
from publisher.ingest.parsed_file import LeftOut
from publisher.ingest.tables.continuations import append_continuation, continues_record
from publisher.ingest.tables.piece_reader import PieceReader
from publisher.ingest.tables.raw_record import (
    Piece,
    RawRecord,
    RowNote,
    TableLine,
    TableRecords,
    format_reference,
)
from publisher.ingest.tables.segmentation import Table, redact_names, strip_group
from schemas.definition.catalogue import Catalogue

_MARK = re.compile(
    r"\s*(?:[（(]?(?P<han>[一二三四五六七八九十百]+)\s*[、.．）)]"
    r"|(?P<num>\d+)\s*[.．、](?!\d)"
    r"|[（(]\s*(?P<bracketed>\d+)\s*[）)]"
    r"|(?P<ring>[①-⑳]))\s*"
)
_DOTTED = re.compile(r"(?P<above>\d+(?:[.\-]\d+)*)[.\-]\d+")
"""1.2, below 1."""
_RING = re.compile("[①-⑳]")
_HAN_NUMBER = re.compile("[一二三四五六七八九十百]+")
_HAN_IN_BRACKETS = re.compile("[(][一二三四五六七八九十百]+[)]")
_ENTERPRISE = "▲"
"""Mark of a charge that enterprises pay (涉企)."""
_ENTERPRISE_FIELD = "enterprise_related"


class _Item(msgspec.Struct):
    """A line and its depth in the numbering: 1 is an item, 2 a sub-item (1), 3 a sub-item ① of that."""

    line: TableLine
    raw_record: RawRecord
    depth: int
    group: Piece | None
    has_values: bool
    number: str = ""
    """Its running number, narrow and without spaces: 1, 1.1, (1)."""
    parent: _Item | None = None
    children: int = 0

    @property
    def pieces(self) -> dict[str, Piece]:
        return self.raw_record.pieces


class Numbering(msgspec.Struct, frozen=True):
    """A number before a name: its kind, the number as printed without its dot, and the bare name."""

    kind: str
    number: str
    rest: str


def split_numbering(text: str) -> Numbering:
    """Split the number from a name.

    ``kind`` is ``han``, ``num``, ``bracketed``, ``ring`` or ``""``. Widths are folded in the number only.
    """
    match = _MARK.match(text)
    if match is None:
        return Numbering("", "", text)
    kind = match.lastgroup or ""
    number = unicodedata.normalize("NFKC", match.group(kind))
    rest = text[match.end() :]
    return (
        Numbering(kind, f"({number})" if kind == "bracketed" else number, rest)
        if rest.strip()
        else Numbering("", "", text)
    )


_HEADING, _NUMBER = 0, 1
"""Depths of （一） in the column of running numbers, and of an item."""
_DEPTH = {"num": _NUMBER, "bracketed": _NUMBER + 1, "ring": _NUMBER + 2}
"""Kind of number → depth of its item."""
_LEVEL = 100
"""Depth that a further column of names adds."""


class _NumberedTable:
    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self.assembled = TableRecords()
        self._table = table
        self._catalogue = catalogue
        self._pieces = PieceReader(table, catalogue, self.assembled.notes)
        self._group: Piece | None = None
        self._banners = [(index, cell) for index, cell in table.groups.items() if not _MARK.match(cell.text)]
        """Index and cell of each heading row that spans the table and has no number, not yet reached."""
        self._items: list[_Item] = []
        self._stack: list[_Item] = []
        structure = {catalogue.title_field, catalogue.group_field, catalogue.number_field}
        self._structure = structure | {catalogue.parent_field}

    def assemble(self) -> TableRecords:
        for line in self._table.lines:
            while self._banners and self._banners[0][0] < line.index:
                self._start_group(self._banners.pop(0)[1])
            self._add_line(line)
        for item in self._items:
            if item.children and not item.has_values:
                self._leave_out(item.line)
            else:
                self.assembled.raw_records.append(self._finish_record(item))
        return self.assembled

    def _add_line(self, line: TableLine) -> None:
        catalogue = self._catalogue
        if not line.own and line.other and len({cell.text for cell in line.other}) == 1:
            self._start_group(line.other[0])
            self._leave_out(line)
            return
        has_values = bool(line.own.keys() - self._structure)
        cell = line.own.get(catalogue.title_field)
        group = catalogue.group_field
        if group and group in line.own:
            self._start_group(line.own[group])
            if cell is None and not has_values:
                self._leave_out(line)
                return
        if cell is None and line.under_merge:
            cell = line.filled.get(catalogue.title_field)
        if cell is None:
            self._add_unnamed_line(line)
            return
        if group and not has_values and self._heads_group(line, cell):
            self._start_group(cell)
            self._leave_out(line)
            return
        self._items.append(self._create_item(line, cell, has_values=has_values))

    def _heads_group(self, line: TableLine, name: Cell) -> bool:
        """Test for 一 before the name, or in the column of running numbers."""
        kind = split_numbering(name.text).kind
        if kind or self._catalogue.group_field in line.own:
            return kind == "han"
        number = _read_number(line, self._catalogue.number_field)
        return _HAN_NUMBER.fullmatch(number) is not None

    def _add_unnamed_line(self, line: TableLine) -> None:
        """Continue the item above, or add an item without a name, which the checks report."""
        last = self._items[-1] if self._items else None
        if last is not None and continues_record(line, last.raw_record, self._catalogue):
            append_continuation(last.raw_record, line, self._pieces, self._catalogue, self.assembled.notes)
            last.has_values = True
            return
        self._items.append(self._create_item(line, None, has_values=True))

    def _start_group(self, cell: Cell) -> None:
        """Start a group with its heading row (一、外交部门). Items below are not sub-items of items above.

        A table that repeats the department in every row stays in its group.
        """
        name = strip_group(split_numbering(cell.text).rest)
        group = Piece(name, cell.text, format_reference(cell), "group")
        if self._group is None or self._group.text.strip() != group.text.strip():
            self._stack.clear()
        self._group = group

    def _leave_out(self, line: TableLine) -> None:
        texts = " | ".join(t.strip() for t in line.texts)
        self.assembled.left_out.append(LeftOut("", line.row, "group", redact_names(texts)))

    def _create_item(self, line: TableLine, title: Cell | None, *, has_values: bool) -> _Item:
        raw_record = self._pieces.create_record(line)
        pieces = raw_record.pieces
        mark = Numbering("", "", "")
        if title is not None:
            mark = self._read_name(pieces, title)
        number = _read_number(line, self._catalogue.number_field)
        for level, cell in line.upper_names:
            self._add_upper(line, level, cell)
            raw_record.other_cells.append(format_reference(cell))
        depth = line.name_level * _LEVEL + self._depth_of(mark, line, number, has_values=has_values)
        parent = self._find_parent(depth)
        if has_values:
            self._inherit(pieces, parent)
            self._pieces.above = pieces
        item = _Item(line, raw_record, depth, self._group, has_values, number, parent)
        if parent:
            parent.children += 1
        self._stack.append(item)
        return item

    def _find_parent(self, depth: int) -> _Item | None:
        """Return the item above a new one; items that are as deep as it have no further sub-items."""
        while self._stack and self._stack[-1].depth >= depth:
            self._stack.pop()
        return self._stack[-1] if self._stack else None

    def _add_upper(self, line: TableLine, level: int, title: Cell) -> None:
        """Add the item whose name is to the left of a sub-item's, unless it is known already."""
        field = self._catalogue.title_field
        name = Piece(title.text, title.text, format_reference(title))
        pieces = {field: name}
        mark = self._read_name(pieces, title)
        if any(
            i.depth // _LEVEL == level and i.pieces[field].text == name.text
            for i in self._stack
            if field in i.pieces
        ):
            return
        depth = level * _LEVEL + _DEPTH.get(mark.kind, _NUMBER)
        parent = self._find_parent(depth)
        record = RawRecord([line.row], pieces)
        self._stack.append(_Item(line, record, depth, self._group, has_values=False, parent=parent))

    def _read_name(self, pieces: dict[str, Piece], title: Cell) -> Numbering:
        """Split the number and the mark of a charge on enterprises from the name."""
        name = pieces.setdefault(self._catalogue.title_field, Piece("", title.text, format_reference(title)))
        flagged = _ENTERPRISE in name.text
        mark = split_numbering(name.text.replace(_ENTERPRISE, ""))
        name.text = mark.rest.strip()
        number = self._catalogue.number_field
        if number and number not in pieces and mark.number:
            pieces[number] = Piece(mark.number, name.original, name.cell)
        if flagged and _ENTERPRISE_FIELD in self._catalogue.by_name:
            pieces.setdefault(_ENTERPRISE_FIELD, Piece(_ENTERPRISE, name.original, name.cell))
        return mark

    def _depth_of(self, mark: Numbering, line: TableLine, number: str, *, has_values: bool) -> int:
        """Return the depth of an item by the number in its name, or else by its running number."""
        if mark.kind in _DEPTH:
            return _DEPTH[mark.kind]
        if dotted := _DOTTED.fullmatch(number):
            above = (i.depth for i in reversed(self._stack) if i.number == dotted["above"])
            return next(above, _HEADING) + 1
        if _HAN_IN_BRACKETS.fullmatch(number) and not has_values:
            return _HEADING
        if number:
            return _NUMBER + (1 if number[0] == "(" else 2 if _RING.match(number) else 0)
        title = line.own.get(self._catalogue.title_field)
        is_indented = bool(self._stack) and title is not None and title.text[:1].isspace()
        return _NUMBER + is_indented

    def _inherit(self, pieces: dict[str, Piece], parent: _Item | None) -> None:
        """Fill a sub-item's blank fields from its item where the catalogue allows it."""
        if parent is None:
            return
        for f in self._catalogue.fields:
            source = parent.pieces.get(f.name)
            if f.inherit and f.name not in self._structure and f.name not in pieces and source is not None:
                pieces[f.name] = Piece(source.text, "", source.cell, "parent")

    def _finish_record(self, item: _Item) -> RawRecord:
        catalogue, pieces = self._catalogue, item.pieces
        if not item.has_values:
            self._inherit(pieces, item.parent)
        group, parent = catalogue.group_field, catalogue.parent_field
        if group and item.group is not None:
            pieces[group] = item.group
        if parent and item.parent is not None:
            name = item.parent.pieces.get(catalogue.title_field)
            if name is not None:
                pieces.setdefault(parent, Piece(name.text, name.original, name.cell, "parent"))
            elif parent not in pieces:
                words = {"parent": item.parent.line.row}
                self.assembled.notes.append(RowNote(tables.PARENT_WITHOUT_NAME, item.line.row, words=words))
                item.raw_record.in_error = True
        return item.raw_record


def _read_number(line: TableLine, name: str | None) -> str:
    cells = [line.own[name]] if name and name in line.own else line.numbers
    text = "".join(cells[0].text.split()) if cells else ""
    return text if _RING.match(text) else unicodedata.normalize("NFKC", text).rstrip(".、")


def assemble(table: Table, catalogue: Catalogue) -> TableRecords:
    """Read the raw records of a table that nests by numbers.

    An item without values of its own is the heading of its sub-items (left out as ``group``). Without
    sub-items it is a record.
    """
    return _NumberedTable(table, catalogue).assemble()
