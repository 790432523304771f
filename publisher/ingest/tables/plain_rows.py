"""Records of a plain table: merged cells, split rows, rows that share a name."""

from __future__ import annotations

from publisher.ingest.tables.continuations import append_continuation, continues_record
from publisher.ingest.tables.piece_reader import PieceReader
from publisher.ingest.tables.raw_record import Piece, RawRecord, TableLine, TableRecords, format_reference
from publisher.ingest.tables.segmentation import Table, find_kind, list_kinds, strip_group
from schemas.definition.catalogue import Catalogue


def find_distinguishing_fields(catalogue: Catalogue) -> frozenset[str]:
    """Return the fields that make a row without a name a separate record: 子项, 行使主体, 层级, a code."""
    names = {n for alternative in catalogue.identity for n in alternative}
    return frozenset(names - {catalogue.title_field, catalogue.type_field})


def assemble(table: Table, catalogue: Catalogue) -> TableRecords:
    """Read the raw records of a table whose rows do not nest.

    A row without a name is an item of its own, unless a merged range or a 子项 of its own makes it a
    sub-item of the item above, or it continues the record above.
    """
    assembled = TableRecords()
    pieces = PieceReader(table, catalogue, assembled.notes)
    title, distinguishing = catalogue.title_field, find_distinguishing_fields(catalogue)
    titled = title in table.header.columns.values()
    groups = _Groups(table, catalogue)
    item: RawRecord | None = None
    for line in table.lines:
        has_title = title in line.own or not titled
        last = assembled.raw_records[-1] if assembled.raw_records else None
        if last is not None and not has_title and continues_record(line, last, catalogue):
            append_continuation(last, line, pieces, catalogue, assembled.notes)
            continue
        raw_record = pieces.create_record(line, frozenset(line.own.keys() & distinguishing))
        if not has_title and item and (line.under_merge or catalogue.sub_item_field in line.own):
            _inherit(raw_record, item, catalogue)
        else:
            item = raw_record
        groups.fill(raw_record, line)
        assembled.raw_records.append(raw_record)
        pieces.above = raw_record.pieces
    return assembled


def _inherit(raw_record: RawRecord, item: RawRecord, catalogue: Catalogue) -> None:
    """Fill in the item's name, and its other texts where the item is above its sub-items.

    An item whose own row has one of the distinguishing fields too (for example a 子项) is the first of them,
    a sibling.
    """
    above = not (item.distinguishing & raw_record.distinguishing)
    for f in catalogue.fields:
        source = item.pieces.get(f.name)
        if (
            source
            and f.name not in raw_record.pieces
            and (f.name == catalogue.title_field or (f.inherit and above))
        ):
            raw_record.pieces[f.name] = Piece(source.text, "", source.cell, "parent")


class _Groups:
    """Types or sections from rows such as 一、行政许可（11项）, for the rows below that state none."""

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self._field = catalogue.by_name.get(catalogue.group_field or catalogue.type_field or "")
        self._cells: list[tuple[int, Piece]] = []
        if self._field is None or not (catalogue.group_field or self._field.inherit):
            return
        kinds = list_kinds(catalogue)
        for title in table.titles:
            if value := find_kind(title, kinds):
                self._cells[:] = [(-1, Piece(value, title, "", "group"))]
        for index, cell in table.groups.items():
            is_section = catalogue.group_field is not None
            value = strip_group(cell.text) if is_section else find_kind(cell.text, kinds) or ""
            self._cells.append((index, Piece(value, cell.text, format_reference(cell), "group")))

    def fill(self, raw_record: RawRecord, line: TableLine) -> None:
        if not self._cells or self._field is None or self._field.name in raw_record.pieces:
            return
        above = [piece for index, piece in self._cells if index < line.index]
        if above and above[-1].text:
            raw_record.pieces[self._field.name] = above[-1]
