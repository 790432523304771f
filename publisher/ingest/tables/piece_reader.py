"""Texts of a row by field: merged cells, 同上, failed formulas, twins, and units beside a number."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from publisher.ingest.findings import tables
from publisher.ingest.formats.grid import Cell, format_column
from publisher.ingest.tables.heading_text import parse_unit
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote, TableLine, format_reference
from publisher.ingest.tables.segmentation import Table
from schemas.cells.values import is_ditto
from schemas.definition.catalogue import Catalogue, Field

_ERROR = re.compile(r"#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)\s*")
_NUMERAL = r"[\d,，.．]+|[一二三四五六七八九十百千两半]+"
_BARE = re.compile(rf"\s*(?:{_NUMERAL})(?:\s*[-–—―~～至到]+\s*(?:{_NUMERAL}))?\s*")
"""A number or a range without a unit."""
_DAYS = re.compile("工作日|自然日|日历日")
_COUNTED_DAYS = re.compile(rf"{_BARE.pattern}个?[日天]\s*(?:以?内\s*)?")
"""A number of days that does not say which."""
_KIND_OF_DAYS = re.compile(rf"个?(?:{_DAYS.pattern}|工作天|日历天)")
_EXCLUDED = re.compile(r"[不未非]|除|扣|延长|\d|[一二三四五六七八九十]个?(?:工作日|自然日|日历日)")
"""Words of a note that mention days without saying which the limit counts."""
_MONEY_UNIT = re.compile("[元角分%‰]")


@lru_cache(maxsize=4096)
def _is_ditto(text: str) -> bool:
    """Test for 同上. Short cells repeat (行政处罚, 地州市级); the cache saves a third of the time here."""
    return is_ditto(text)


class Qualifier:
    """Qualifies the texts of a row by its units and notes, and reports what does not fit."""

    def __init__(self, catalogue: Catalogue, notes: list[RowNote]) -> None:
        self._fields = catalogue.by_name
        self._charge_texts = catalogue.charge_texts
        self._notes = notes
        self.default_units: dict[str, str] = {}
        """Field → unit that its heading names."""

    def add_default_unit(self, pieces: dict[str, Piece], name: str, unit: str) -> None:
        """Add the unit of the heading to a bare number, and to a number of days the kind of days."""
        pieces[name].text = _with_unit(self._fields[name], pieces[name].text, unit)

    def add_unit(self, pieces: dict[str, Piece], name: str, text: str, row: int, cell: str) -> None:
        """Add the unit of the row to a bare number, or report a unit that is unknown or another."""
        piece, unit = pieces.get(name), parse_unit(text)
        if piece is None or piece.via == "above":
            return
        title = self._fields[name].title
        if not unit:
            words = {"title": title, "unit": text}
            self._notes.append(RowNote(tables.UNIT_UNKNOWN, row, name, text, cell, words))
        elif self._states_charge(name) and not _MONEY_UNIT.search(unit):
            self._add_thing(piece, name, unit, row, text, cell)
        elif _BARE.fullmatch(piece.text) or _names_kind_of_days(self._fields[name], piece.text, unit):
            piece.text = _with_unit(self._fields[name], piece.text, unit)
            piece.original = f"{piece.original}{text}"
        elif unit.removeprefix("个") not in piece.text and text not in piece.text:
            words = {"title": title, "unit": text}
            self._notes.append(RowNote(tables.UNIT_DIFFERS, row, name, piece.text, cell, words))

    def _states_charge(self, name: str) -> bool:
        return self._fields[name].type == "amount" or name in self._charge_texts

    def _add_thing(self, piece: Piece, name: str, thing: str, row: int, text: str, cell: str) -> None:
        """Add what a sum is charged for: 80 under 收费标准（元） beside 件 is 80元/件."""
        money = self.default_units.get(name) or self._fields[name].unit or ""
        if money.endswith("元") and _BARE.fullmatch(piece.text):
            piece.text = _with_unit(self._fields[name], piece.text, f"{money}/{thing}")
            piece.original = f"{piece.original}{text}"
        elif _BARE.fullmatch(piece.text) or thing not in piece.text:
            words = {"title": self._fields[name].title, "unit": text}
            self._notes.append(RowNote(tables.UNIT_UNKNOWN, row, name, text, cell, words))

    def add_remark(self, pieces: dict[str, Piece], name: str, text: str, row: int, cell: str) -> None:
        """Add a note in a column of its own: to running text, else only to the original.

        A note that says which days a limit counts is its unit.
        """
        piece, field = pieces.get(name), self._fields[name]
        days = set(_DAYS.findall(text)) if field.type == "limit" else set()
        if piece is not None and len(days) == 1 and not _EXCLUDED.search(text):
            unit = days.pop()
            if _BARE.fullmatch(piece.text) or unit not in piece.text:
                self.add_unit(pieces, name, unit, row, cell)
            if parse_unit(text):
                return
        if piece is None:
            value = text if field.type == "string" else ""
            pieces[name] = Piece(value, text, cell)
        else:
            piece.original = f"{piece.original}（{text}）"
            if field.type == "string":
                piece.text = f"{piece.text}（{text}）"
        if field.type != "string":
            words = {"title": field.title}
            self._notes.append(RowNote(tables.NOTE_BESIDE, row, name, text, cell, words))


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
        self._header = table.header
        self._qualifier = Qualifier(catalogue, notes)
        self._qualifier.default_units = {
            table.header.columns[i]: unit
            for i, unit in table.header.units.items()
            if i in table.header.columns
        }
        self._fields = catalogue.by_name
        self._companions: dict[tuple[str, str], str] = {}
        """Unit or note of the row above by field and role, for 同上."""
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
        if line.companions or self._header.units:
            self._add_units(pieces, line)
        return pieces

    def create_record(self, line: TableLine, distinguishing: frozenset[str] = frozenset()) -> RawRecord:
        """Create the record of a line, with its cells beside the fields."""
        record = RawRecord([line.row], self.of_line(line), distinguishing)
        headings = self._header.headings
        record.unread = tuple((headings.get(c.column - 1, ""), c.text) for c in line.unread)
        self.add_other_cells(record, line)
        return record

    def add_other_cells(self, record: RawRecord, line: TableLine) -> None:
        """Add the line's running numbers, units, second columns and twins, and report twins that differ."""
        record.other_cells += [format_reference(c) for c in line.numbers]
        record.other_cells += [format_reference(c) for c in line.unchosen]
        record.other_cells += [format_reference(c) for _, c in line.companions]
        for name, cell in line.unclear:
            self._add_unclear(record, name, cell, line.row)
        for name, spanned_by in self._spanned:
            first, second = line.own.get(spanned_by), line.own.get(name)
            if first and second and first.text == second.text:
                record.other_cells.append(format_reference(second))
        for name, cell in line.twins:
            first = line.uncalculated.get(name) or line.own[name]
            if _fold(cell.text) == _fold(first.text):
                record.other_cells.append(format_reference(cell))
                continue
            words = {"title": self._fields[name].title, "column": format_column(first.column)}
            note = RowNote(tables.COLUMNS_DIFFER, line.row, name, cell.text, format_reference(cell), words)
            self._notes.append(note)

    def _add_unclear(self, record: RawRecord, name: str, cell: Cell, row: int) -> None:
        """Report a cell below the words of a field whose text chooses none of them."""
        place = format_reference(cell)
        words = {"title": self._fields[name].title}
        self._notes.append(RowNote(tables.CHOICE_UNCLEAR, row, name, cell.text, place, words))
        record.other_cells.append(place)
        record.in_error = True

    def _add_units(self, pieces: dict[str, Piece], line: TableLine) -> None:
        """Add units to bare numbers: that of the row's own column of units, else that of the heading."""
        for meaning, cell in line.companions:
            key = (meaning.field, meaning.role)
            text = self._companions.get(key, "") if _is_ditto(cell.text) else cell.text.strip()
            self._companions[key] = text
            if meaning.role == "unit":
                self._qualifier.add_unit(pieces, meaning.field, text, line.row, format_reference(cell))
            else:
                self._qualifier.add_remark(pieces, meaning.field, text, line.row, format_reference(cell))
        for position, unit in self._header.units.items():
            name = self._header.columns[position]
            first = line.own.get(name) or line.filled.get(name)
            if first is not None and first.column - 1 == position and name in pieces:
                self._qualifier.add_default_unit(pieces, name, unit)

    def _add_piece(
        self, pieces: dict[str, Piece], name: str, cell: Cell, via: Literal["own", "merged"], row: int
    ) -> None:
        text = cell.text
        if len(text) <= 12:
            if _is_ditto(text):
                source = self.above.get(name)
                if source is None:
                    self._notes.append(
                        RowNote(tables.DITTO_WITHOUT_SOURCE, row, name, text, format_reference(cell))
                    )
                    pieces.pop(name, None)
                else:
                    pieces[name] = Piece(source.text, text, format_reference(cell), "above")
                return
            if text[0] == "#" and _ERROR.fullmatch(text):
                self._notes.append(RowNote(tables.FORMULA_ERROR, row, name, text, format_reference(cell)))
                pieces.pop(name, None)
                return
        pieces[name] = Piece(text, text, format_reference(cell), via)


_LONGEST_WORD = 12


_OTHER_LEVEL = re.compile(r"(?!负责|承担|按|由|本级)[\u4e00-\u9fff]{1,3}级")


def _compile_leading_word(field: Field) -> re.Pattern[str]:
    """Compile a pattern for words of the field's vocabulary before a text: 省级、市级。分级负责."""
    words = sorted((w for t in field.vocabulary for w in (t.value, *t.aliases)), key=len, reverse=True)
    listed = "|".join(re.escape(w) for w in words if not w.isdecimal())
    word = rf"(?:{listed}|{_OTHER_LEVEL.pattern})"
    words_pattern = rf"(?P<words>(?:[国省市州县区乡]、)*+{word}(?:\s*[、，,/和及；;]\s*{word})*+)"
    return re.compile(
        rf"\s*{words_pattern}\s*(?:[。，,；;：:、\s]\s*(?P<rest>\S.*)|(?P<brackets>[（(].+[）)]))", re.DOTALL
    )


def _split_column(pieces: dict[str, Piece], name: str, spanned_by: str, leading: re.Pattern[str]) -> None:
    """Split one column for two fields (实施层级及权限): the level is a word, its scope is a sentence."""
    first = pieces.get(spanned_by)
    if first is None:
        return
    match = leading.fullmatch(first.text)
    if match:
        pieces[spanned_by] = Piece(match["words"], first.original, first.cell, first.via)
        pieces[name] = Piece(match["rest"] or match["brackets"], first.original, first.cell, first.via)
    elif len(first.text) > _LONGEST_WORD or _SCOPE.match(first.text):
        pieces[name] = Piece(first.text, first.original, first.cell, first.via)
        del pieces[spanned_by]


_SCOPE = re.compile(r"\s*(?:负责|承担|组织|指导|按照?|依|对)")
"""Beginning of a scope without a level."""


def _fold(text: str) -> str:
    return "".join(text.split())


def _names_kind_of_days(field: Field, text: str, unit: str) -> bool:
    """Test whether a text counts days without saying which, and a unit says it."""
    is_limit = field.type == "limit" and _KIND_OF_DAYS.fullmatch(unit) is not None
    return is_limit and _COUNTED_DAYS.fullmatch(text) is not None


def _with_unit(field: Field, text: str, unit: str) -> str:
    """Add a unit to a bare number; text with words, and fields that hold no quantity, stay as they are.

    15日 in a column of 自然日 is one of 15 natural days.
    """
    if _names_kind_of_days(field, text, unit):
        return f"{text.strip()}（{unit}）"
    if not _BARE.fullmatch(text) or field.vocabulary or field.format not in {"default", "text"}:
        return text
    if field.type in {"decimal", "integer"} and not (field.unit and unit.endswith(field.unit)):
        return text
    if field.type in {"limit", "amount", "decimal", "integer", "string"}:
        return f"{text.strip()}{unit}"
    return text
