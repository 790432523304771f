"""Records of a plain table: merged cells, 同上, split rows, rows that share a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from publisher.ingest.findings import tables
from publisher.ingest.formats.grid import Cell
from publisher.ingest.parsed_file import LeftOut
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote, TableLine, format_reference
from publisher.ingest.tables.segmentation import Table
from schemas.cells.values import is_ditto
from schemas.definition.catalogue import Catalogue, Field
from schemas.normalise import heading_key

_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)\s*")
_SENTENCE_ENDS = "。；;：:！？!?"
_ITEM_START = re.compile(
    r"\s*(?:【|第[一二三四五六七八九十百千零\d]+条|[一二三四五六七八九十]+、|\d+[.．、]|[（(][\d一二三四五六七八九十]+[）)])"
)
_COUNT = re.compile(r"[（(]\s*(?:共\s*)?\d+\s*项\s*[）)]")
_NUMBERED = re.compile(r"\s*(?:[（(]?[一二三四五六七八九十百]+[）)]?\s*[、.．]?|\d+\s*[、.．])\s*")


@dataclass(slots=True)
class TableRecords:
    """Raw records of one table, the rows left out, and notes about rows."""

    raw_records: list[RawRecord] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)


def join_halves(above: str, below: str) -> str:
    """Join two halves of a text split by a page break; with a line break only after a complete sentence."""
    above, below = above.rstrip(), below.strip()
    if not above or not below:
        return above or below
    return f"{above}\n{below}" if above[-1] in _SENTENCE_ENDS or _ITEM_START.match(below) else above + below


@lru_cache(maxsize=4096)
def _is_ditto(text: str) -> bool:
    """Test for 同上. Short cells repeat (行政处罚, 地州市级); the cache saves a third of the time here."""
    return is_ditto(text)


class PieceReader:
    """Reader of a line's texts, which resolves 同上 from the row above."""

    def __init__(self, table: Table, catalogue: Catalogue, notes: list[RowNote]) -> None:
        present = set(table.header.columns.values())
        self._spanned = [
            (f.name, f.spanned_by) for f in catalogue.fields if f.name in present and f.spanned_by
        ]
        self._shared = [
            (f.name, f.spanned_by, _compile_leading_word(catalogue.by_name[f.spanned_by]))
            for f in catalogue.fields
            if f.spanned_by in present and f.name not in present
        ]
        self._notes = notes
        self.above: dict[str, Piece] = {}

    def of_line(self, line: TableLine) -> dict[str, Piece]:
        pieces: dict[str, Piece] = {}
        for name, cell in line.filled.items():
            self._add_piece(pieces, name, cell, "merged", line.row)
        for name, cell in line.own.items():
            self._add_piece(pieces, name, cell, "own", line.row)
        for name, spanned_by in self._spanned:
            first, second = line.own.get(spanned_by), line.own.get(name)
            if first and second and first.text == second.text:
                pieces.pop(name, None)
        for name, spanned_by, leading in self._shared:
            _split_column(pieces, name, spanned_by, leading)
        return pieces

    def _add_piece(self, pieces: dict[str, Piece], name: str, cell: Cell, via: str, row: int) -> None:
        text = cell.text
        if len(text) <= 12:
            if _is_ditto(text):
                source = self.above.get(name)
                if source is None:
                    self._notes.append(RowNote(tables.DITTO_WITHOUT_SOURCE, row, name, text))
                    pieces.pop(name, None)
                else:
                    pieces[name] = Piece(source.text, text, format_reference(cell), "above")
                return
            if text[0] == "#" and _ERROR.fullmatch(text):
                self._notes.append(RowNote(tables.FORMULA_ERROR, row, name, text))
                pieces.pop(name, None)
                return
        pieces[name] = Piece(text, text, format_reference(cell), "merged" if via == "merged" else "own")


_LONGEST_WORD = 12


def _compile_leading_word(field: Field) -> re.Pattern[str]:
    """Compile a pattern for a word of the field's vocabulary at the start of a text: 地州市级。负责本级…"""
    words = sorted((w for t in field.vocabulary for w in (t.value, *t.aliases)), key=len, reverse=True)
    return re.compile(rf"\s*({'|'.join(map(re.escape, words))})\s*[。，,；;：:、]\s*" if words else r"(?!)")


def _split_column(pieces: dict[str, Piece], name: str, spanned_by: str, leading: re.Pattern[str]) -> None:
    """Split one column for two fields (实施层级及权限): the level is a word, its scope is a sentence."""
    first = pieces.get(spanned_by)
    if first is None or len(first.text) <= _LONGEST_WORD:
        return
    word = leading.match(first.text)
    rest = first.text[word.end() :] if word else first.text
    pieces[name] = Piece(rest, first.original, first.cell, first.via)
    if word:
        pieces[spanned_by] = Piece(word[1], first.original, first.cell, first.via)
    else:
        del pieces[spanned_by]


def find_distinguishing_fields(catalogue: Catalogue) -> frozenset[str]:
    """Return the fields that make a row without a name a separate record: 子项, 行使主体, 层级, a code."""
    names = {n for alternative in catalogue.identity for n in alternative}
    return frozenset(names - {catalogue.title_field, catalogue.type_field})


def assemble(table: Table, catalogue: Catalogue) -> TableRecords:
    """Read the raw records of a table whose rows do not nest."""
    assembled = TableRecords()
    pieces = PieceReader(table, catalogue, assembled.notes)
    title, marks = catalogue.title_field, find_distinguishing_fields(catalogue)
    titled = title in table.header.columns.values()
    groups = _Groups(table, catalogue)
    item: RawRecord | None = None
    for line in table.lines:
        own_marks = frozenset(line.own.keys() & marks)
        has_title = title in line.own or not titled
        if item is not None and not has_title and not own_marks:
            append_continuation(assembled.raw_records[-1], line, pieces)
            continue
        raw_record = RawRecord([line.row], pieces.of_line(line), own_marks)
        if has_title or item is None:
            item = raw_record
        else:
            _inherit(raw_record, item, catalogue)
        groups.fill(raw_record, line)
        assembled.raw_records.append(raw_record)
        pieces.above = raw_record.pieces
    return assembled


def append_continuation(raw_record: RawRecord, line: TableLine, pieces: PieceReader) -> None:
    """Append a row that a page break split off to its record."""
    raw_record.rows.append(line.row)
    own_line = TableLine(line.row, line.index, line.own, {}, line.other)
    for name, piece in pieces.of_line(own_line).items():
        first = raw_record.pieces.get(name)
        if first is None or not first.original:
            raw_record.pieces[name] = piece
        else:
            text, original = join_halves(first.text, piece.text), f"{first.original}\n{piece.original}"
            raw_record.pieces[name] = Piece(text, original, first.cell, first.via)


def _inherit(raw_record: RawRecord, item: RawRecord, catalogue: Catalogue) -> None:
    """Fill in the item's name, and its other texts where the item is above its parts.

    An item whose own row already names a part (for example its 子项) is the first part, a sibling.
    """
    above = not (item.marks & raw_record.marks)
    for f in catalogue.fields:
        source = item.pieces.get(f.name)
        if (
            source
            and f.name not in raw_record.pieces
            and (f.name == catalogue.title_field or (f.inherit and above))
        ):
            raw_record.pieces[f.name] = Piece(source.text, "", source.cell, "parent")


class _Groups:
    """Types from rows such as 一、行政许可（11项） for the rows below without a type of their own."""

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self._field = catalogue.by_name.get(catalogue.type_field or "")
        self._cells: list[tuple[int, Piece]] = []
        if self._field is None or not self._field.inherit:
            return
        words = {heading_key(w): t.value for t in self._field.vocabulary for w in (t.value, *t.aliases)}
        for index, cell in table.groups.items():
            value = words.get(heading_key(_NUMBERED.sub("", _COUNT.sub("", cell.text), count=1)))
            self._cells.append((index, Piece(value or "", cell.text, format_reference(cell), "group")))

    def fill(self, raw_record: RawRecord, line: TableLine) -> None:
        if not self._cells or self._field is None or self._field.name in raw_record.pieces:
            return
        above = [piece for index, piece in self._cells if index < line.index]
        if above and above[-1].text:
            raw_record.pieces[self._field.name] = above[-1]
