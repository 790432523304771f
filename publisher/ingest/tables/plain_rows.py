"""Records of a plain table: merged cells, split rows, rows that share a name."""

from __future__ import annotations

import re

from publisher.ingest.findings import tables
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
from publisher.ingest.tables.segmentation import Table, find_kind, list_kinds, redact_names, strip_group
from schemas.definition.catalogue import Catalogue

_BODY = re.compile(r".{1,20}(?:局|委员会|[改健]委|办公室|厅|署|人民政府|总队|支队|大队)")
_OTHER = re.compile(r"\s*其[他它]\s*")
"""Name of a sheet with whatever is left."""
_NUMBER = re.compile(
    r"[\s\d一二三四五六七八九十百零第之项条号类附表、.．，,\-－—（）()]*(?:新增|调整|修改|变更|[续接][上前]?[表页]?)?"
)
_HAN_WORD = re.compile("[\u4e00-\u9fff]{2}")


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
    assembled.notes += _note_unlikely_items(table, assembled, catalogue)
    return assembled


def _note_unlikely_items(table: Table, assembled: TableRecords, catalogue: Catalogue) -> list[RowNote]:
    """Report rows that were read as items and look like headings, notes, or the lower half of a name."""
    rows = {raw_record.rows[0] for raw_record in assembled.raw_records}
    lines = [line for line in table.lines if line.row in rows]
    full = sum(len(line.own) + len(line.filled) > 1 for line in lines)
    title = catalogue.title_field
    notes = []
    for line in lines:
        words = [c for c in line.numbers if not _NUMBER.fullmatch(c.text) and _HAN_WORD.search(c.text)]
        if words:
            number, place = words[0].text, format_reference(words[0])
            named = {"number": redact_names(number)}
            notes.append(RowNote(tables.NUMBER_IS_TEXT, line.row, None, named["number"], place, named))
        elif full * 2 > len(lines) and line.own.keys() == {title} and not (line.other or line.filled):
            name, named = line.own[title], {"title": catalogue.by_name[title].title}
            notes.append(RowNote(tables.NAME_ONLY, line.row, title, name.text, format_reference(name), named))
    return notes


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
    """Types, sections and bodies from rows such as 一、行政许可（11项）, for the rows below that state none.

    A title may name the type as well, and the name of the sheet or a caption where no column does.
    """

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self._field = catalogue.by_name.get(catalogue.group_field or catalogue.type_field or "")
        self._cells: list[tuple[int, Piece]] = []
        self._body = catalogue.body_field
        self._bodies = [
            (index, Piece(text, cell.text, format_reference(cell), "group"))
            for index, cell in table.groups.items()
            if _BODY.fullmatch(text := strip_group(cell.text).strip())
        ]
        if self._field is None:
            return
        kinds = list_kinds(catalogue)
        around = table.around if self._field.name not in table.header.columns.values() else ()
        named = [text for text in around if not _OTHER.fullmatch(strip_group(text))]
        for title in (*named, *table.titles):
            if value := find_kind(title, kinds):
                self._cells[:] = [(-1, Piece(value, title, "", "group"))]
        for index, cell in table.groups.items():
            is_section = catalogue.group_field is not None
            value = strip_group(cell.text) if is_section else find_kind(cell.text, kinds) or ""
            self._cells.append((index, Piece(value, cell.text, format_reference(cell), "group")))

    def fill(self, raw_record: RawRecord, line: TableLine) -> None:
        if self._field is not None:
            _fill_from_group(raw_record, line, self._field.name, self._cells)
        if self._body is not None:
            _fill_from_group(raw_record, line, self._body, self._bodies)


def _fill_from_group(
    raw_record: RawRecord, line: TableLine, name: str, cells: list[tuple[int, Piece]]
) -> None:
    above = [piece for index, piece in cells if index < line.index]
    if name not in raw_record.pieces and above and above[-1].text:
        raw_record.pieces[name] = above[-1]
