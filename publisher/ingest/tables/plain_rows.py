"""From the lines of a table to entries: merged cells, 同上, split rows, rows that share a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from publisher.ingest.findings import tables
from publisher.ingest.formats.grid import Cell
from publisher.ingest.parsed_file import LeftOut
from publisher.ingest.tables.raw_record import Entry, Line, Note, Piece, reference
from publisher.ingest.tables.segmentation import Table
from schemas.cells.values import is_ditto
from schemas.definition.catalogue import Catalogue, Field
from schemas.normalise import heading_key

_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)\s*")
_ENDED = "。；;：:！？!?"
_STARTS = re.compile(
    r"\s*(?:【|第[一二三四五六七八九十百千零\d]+条|[一二三四五六七八九十]+、|\d+[.．、]|[（(][\d一二三四五六七八九十]+[）)])"
)
_COUNT = re.compile(r"[（(]\s*(?:共\s*)?\d+\s*项\s*[）)]")
_NUMBERED = re.compile(r"\s*(?:[（(]?[一二三四五六七八九十百]+[）)]?\s*[、.．]?|\d+\s*[、.．])\s*")


@dataclass(slots=True)
class Assembled:
    entries: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def joined(above: str, below: str) -> str:
    """Two halves of a text that a page break parted: a new line only where a sentence had ended."""
    above, below = above.rstrip(), below.strip()
    if not above or not below:
        return above or below
    return f"{above}\n{below}" if above[-1] in _ENDED or _STARTS.match(below) else above + below


@lru_cache(maxsize=4096)
def _is_ditto(text: str) -> bool:
    """Short cells repeat (行政处罚, 地州市级): remembering them saves a third of the time of this module."""
    return is_ditto(text)


class Pieces:
    """Reads a line's texts, with 同上 resolved against the row above."""

    def __init__(self, table: Table, catalogue: Catalogue, notes: list[Note]) -> None:
        present = set(table.header.columns.values())
        self._spanned = [
            (f.name, f.spanned_by) for f in catalogue.fields if f.name in present and f.spanned_by
        ]
        self._shared = [
            (f.name, f.spanned_by, _leading(catalogue.by_name[f.spanned_by]))
            for f in catalogue.fields
            if f.spanned_by in present and f.name not in present
        ]
        self._notes = notes
        self.above: dict[str, Piece] = {}

    def of(self, line: Line) -> dict[str, Piece]:
        pieces: dict[str, Piece] = {}
        for name, cell in line.filled.items():
            self._add(pieces, name, cell, "merged", line.row)
        hidden = ""
        for name, cell in line.own.items():
            self._add(pieces, name, cell, "own", line.row)
            if cell.covered:
                hidden = hidden or cell.text
        for name, spanned_by in self._spanned:
            first, second = line.own.get(spanned_by), line.own.get(name)
            if first and second and first.text == second.text:
                pieces.pop(name, None)
        for name, spanned_by, leading in self._shared:
            _part(pieces, name, spanned_by, leading)
        if hidden:
            self._notes.append(Note(tables.COVERED_TEXT, line.row, found=hidden))
        return pieces

    def _add(self, pieces: dict[str, Piece], name: str, cell: Cell, via: str, row: int) -> None:
        text = cell.text
        if len(text) <= 12:
            if _is_ditto(text):
                source = self.above.get(name)
                if source is None:
                    self._notes.append(Note(tables.DITTO_WITHOUT_SOURCE, row, name, text))
                    pieces.pop(name, None)
                else:
                    pieces[name] = Piece(source.text, text, reference(cell), "above")
                return
            if text[0] == "#" and _ERROR.fullmatch(text):
                self._notes.append(Note(tables.FORMULA_ERROR, row, name, text))
                pieces.pop(name, None)
                return
        pieces[name] = Piece(text, text, reference(cell), "merged" if via == "merged" else "own")


_LONGEST_WORD = 12


def _leading(field: Field) -> re.Pattern[str]:
    """A word of the field's vocabulary at the start of a sentence: 地州市级。负责本级…"""
    words = sorted((w for t in field.vocabulary for w in (t.value, *t.aliases)), key=len, reverse=True)
    return re.compile(rf"\s*({'|'.join(map(re.escape, words))})\s*[。，,；;：:、]\s*" if words else r"(?!)")


def _part(pieces: dict[str, Piece], name: str, spanned_by: str, leading: re.Pattern[str]) -> None:
    """One column for two fields (实施层级及权限): a level is a word, a sentence is its scope."""
    first = pieces.get(spanned_by)
    if first is None or len(first.text) <= _LONGEST_WORD:
        return
    word = leading.match(first.text)
    rest = first.text[word.end() :] if word else first.text
    pieces[name] = Piece(rest, first.found, first.cell, first.via)
    if word:
        pieces[spanned_by] = Piece(word[1], first.found, first.cell, first.via)
    else:
        del pieces[spanned_by]


def marks_of(catalogue: Catalogue) -> frozenset[str]:
    """Fields that make a row without a name a record of its own: 子项, 行使主体, 层级, a code."""
    names = {n for alternative in catalogue.identity for n in alternative}
    return frozenset(names - {catalogue.title_field, catalogue.type_field})


def assemble(table: Table, catalogue: Catalogue) -> Assembled:
    """Entries of a table whose rows do not nest."""
    done = Assembled()
    pieces = Pieces(table, catalogue, done.notes)
    title, marks = catalogue.title_field, marks_of(catalogue)
    titled = title in table.header.columns.values()
    groups = _Groups(table, catalogue)
    item: Entry | None = None
    for line in table.lines:
        own_marks = frozenset(line.own.keys() & marks)
        named = title in line.own or not titled
        if item is not None and not named and not own_marks:
            extend(done.entries[-1], line, pieces)
            continue
        entry = Entry([line.row], pieces.of(line), own_marks)
        if named or item is None:
            item = entry
        else:
            _inherit(entry, item, catalogue)
        groups.fill(entry, line)
        done.entries.append(entry)
        pieces.above = entry.pieces
    return done


def extend(entry: Entry, line: Line, pieces: Pieces) -> None:
    """Join a row that a page break cut off to the record that it belongs to."""
    entry.rows.append(line.row)
    own = Line(line.row, line.index, line.own, {}, line.other)
    for name, piece in pieces.of(own).items():
        first = entry.pieces.get(name)
        if first is None or not first.found:
            entry.pieces[name] = piece
        else:
            text, found = joined(first.text, piece.text), f"{first.found}\n{piece.found}"
            entry.pieces[name] = Piece(text, found, first.cell, first.via)


def _inherit(entry: Entry, item: Entry, catalogue: Catalogue) -> None:
    """The name comes from the item. Its other texts only where the item stands above its parts.

    An item whose own row already names a part (its own 子项, say) is the first of the parts: a sibling.
    """
    above = not (item.marks & entry.marks)
    for f in catalogue.fields:
        source = item.pieces.get(f.name)
        if (
            source
            and f.name not in entry.pieces
            and (f.name == catalogue.title_field or (f.inherit and above))
        ):
            entry.pieces[f.name] = Piece(source.text, "", source.cell, "parent")


class _Groups:
    """A row such as 一、行政许可（11项） gives its type to the rows below that have none."""

    def __init__(self, table: Table, catalogue: Catalogue) -> None:
        self._field = catalogue.by_name.get(catalogue.type_field or "")
        self._cells: list[tuple[int, Piece]] = []
        if self._field is None or not self._field.inherit:
            return
        words = {heading_key(w): t.value for t in self._field.vocabulary for w in (t.value, *t.aliases)}
        for index, cell in table.groups.items():
            value = words.get(heading_key(_NUMBERED.sub("", _COUNT.sub("", cell.text), count=1)))
            self._cells.append((index, Piece(value or "", cell.text, reference(cell), "group")))

    def fill(self, entry: Entry, line: Line) -> None:
        if not self._cells or self._field is None or self._field.name in entry.pieces:
            return
        above = [piece for index, piece in self._cells if index < line.index]
        if above and above[-1].text:
            entry.pieces[self._field.name] = above[-1]
