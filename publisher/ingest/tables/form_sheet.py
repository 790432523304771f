"""Form sheets with one item each: labels on the left, values next to them."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from publisher.ingest.findings.tables import SEVERAL_NAMES, STRAY_TEXT, UNMAPPED_COLUMN
from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.parsed_file import Reason
from publisher.ingest.tables.continuations import join_halves
from publisher.ingest.tables.header_row import Row, has_own_text
from publisher.ingest.tables.heading_text import parse_unit
from publisher.ingest.tables.headings import Headings
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote, format_reference
from publisher.ingest.tables.segmentation import SegmentedSheet, redact_names
from schemas.normalise import chinese_number

_EXAMINED_ROWS = 60
"""Number of first rows that are examined to distinguish a form from a table."""
_NUMBERING = re.compile(r"\s*(?P<number>[一二三四五六七八九十]{1,3})\s*[、.．]\s*")
_LABEL = re.compile(r"\s*[^\d，。；：:□√☑]{2,20}\s*[：:]?\s*")
_NUMBERED_LABEL = re.compile(rf"{_NUMBERING.pattern}[^，。；：:]{{2,20}}\s*[：:]?")
_LABEL_WITH_VALUE = re.compile(rf"{_NUMBERING.pattern}[^，。；：:]{{2,20}}[：:].*", re.DOTALL)
_COLON = re.compile("[：:]")
_LONGEST_TITLE = 40
_SENTENCE = re.compile("[。；：]")


def is_form(grid: Grid, headings: Headings) -> bool:
    """Test for a form: three or more rows begin with labels of different fields, unlike rows of a table."""
    labels: set[str] = set()
    for row in grid.rows[:_EXAMINED_ROWS]:
        first = next((c for c in row if has_own_text(c)), None)
        if first is not None and (name := _parse_label(first, headings)[0]):
            labels.add(name)
    return len(labels) >= 3


def _parse_label(cell: Cell, headings: Headings) -> tuple[str | None, str]:
    """Return the field that a cell names (一、事项名称：), and the value after its colon."""
    text = _NUMBERING.sub("", cell.text, count=1)
    head, rest = _COLON.split(text, maxsplit=1) if (colon := _COLON.search(text)) else (text, "")
    name = headings.field_of(head.strip())
    return (name, rest.strip()) if name and (colon or not rest) else (headings.field_of(text), "")


def _is_like_label(cell: Cell) -> bool:
    return _LABEL.fullmatch(cell.text) is not None


class _Form:
    """Reads the forms of one sheet."""

    def __init__(self, grid: Grid, headings: Headings, personal: frozenset[str]) -> None:
        self.sheet = SegmentedSheet(grid)
        self.raw_records: list[RawRecord] = []
        self.dropped: list[str] = []
        self._headings = headings
        self._personal = personal
        self._title = headings.catalogue.title_field
        self._field: str | None = None
        self._numbered = False
        """Whether the labels are numbered: 一、事项名称."""
        self._number = 0
        """Number of the last numbered label."""
        self._label_columns: set[int] = set()

    def read_rows(self) -> None:
        rows = [
            (row, cells) for row in self.sheet.grid.rows if (cells := [c for c in row if has_own_text(c)])
        ]
        for index, (row, cells) in enumerate(rows):
            self.sheet.rows += 1
            if self._add_unit(row, cells):
                continue
            if index + 1 < len(rows) and self._is_title(cells, rows[index + 1][1]):
                self._field = None
                self.sheet.leave_out(row[0].row, "title", cells[0].text)
                continue
            if any(_parse_label(c, self._headings)[0] for c in cells):
                self._read_labelled_row(row, cells)
            elif self._is_unknown(cells):
                self._leave_out_label(row, cells)
            elif self.raw_records and self._field is not None:
                self._continue_value(row, cells)
            else:
                reason: Reason = "note" if self.raw_records else "title"
                self.sheet.leave_out(row[0].row, reason, " | ".join(c.text for c in cells))

    def _is_title(self, cells: list[Cell], below: list[Cell]) -> bool:
        """Test for the title of the next form: alone above its first label, where labels stand."""
        if not self.raw_records or len(cells) != 1 or self._title not in self.raw_records[-1].pieces:
            return False
        if not any(_parse_label(c, self._headings)[0] == self._title for c in below):
            return False
        text = cells[0].text.strip()
        if any(out.reason == "title" and out.text.strip() == text for out in self.sheet.left_out):
            return True
        is_left = len(self.sheet.grid.rows[0]) > 1 and cells[0].column <= min(self._label_columns, default=0)
        return is_left and len(text) <= _LONGEST_TITLE and not _SENTENCE.search(text)

    def _add_unit(self, row: Row, cells: list[Cell]) -> bool:
        """Add the unit of a label such as 法定办结时限单位 to the bare number of its field."""
        meaning = self._headings.meaning_of(_NUMBERING.sub("", cells[0].text, count=1).strip().rstrip("：:"))
        if meaning is None or meaning.role != "unit" or len(cells) != 2 or not self.raw_records:
            return False
        record, unit = self.raw_records[-1], cells[1].text.strip()
        piece = record.pieces.get(meaning.field)
        if piece is None or not parse_unit(unit) or not piece.text.strip().isdecimal():
            return False
        record.rows.append(row[0].row)
        record.other_cells.append(format_reference(cells[1]))
        piece.text, piece.original = f"{piece.text.strip()}{unit}", f"{piece.original}{unit}"
        return True

    def _is_unknown(self, cells: Sequence[Cell]) -> bool:
        """Test for a row of labels without a field: 七、审批数量, or 监督科室 | 法规科 where labels stand."""
        if self._numbered and _NUMBERED_LABEL.fullmatch(cells[0].text):
            return True
        match = _LABEL_WITH_VALUE.fullmatch(cells[0].text) if len(cells) == 1 and self._numbered else None
        if match is not None and chinese_number(match["number"]) == self._number + 1:
            return True  # another number is that of a paragraph in the value above
        are_pairs = len(cells) % 2 == 0 and all(map(_is_like_label, cells[::2]))
        return are_pairs and cells[0].column in self._label_columns

    def _leave_out_label(self, row: Row, cells: list[Cell]) -> None:
        """End the value above at a label without a field; report what it heads."""
        self._field = None
        self._count_label(cells[0])
        text = " | ".join(c.text for c in cells)
        self.sheet.leave_out(row[0].row, "unreadable", text)
        self.sheet.notes.append(RowNote(STRAY_TEXT, row[0].row, excerpt=redact_names(text)))

    def _count_label(self, cell: Cell) -> None:
        if (match := _NUMBERING.match(cell.text)) is not None:
            self._number = chinese_number(match["number"]) or self._number

    def _read_labelled_row(self, row: Row, cells: list[Cell]) -> None:
        starts_record = any(_parse_label(c, self._headings)[0] == self._title for c in cells)
        if not self.raw_records or (starts_record and self._title in self.raw_records[-1].pieces):
            self.raw_records.append(RawRecord([row[0].row], {}))
        else:
            self.raw_records[-1].rows.append(row[0].row)
        unknown = self._find_unknown_labels(cells)
        self._note_several(cells, unknown)
        for cell in cells:
            if cell in unknown:
                continue
            name, rest = _parse_label(cell, self._headings)
            if name is None:
                self._add_text(cell, cell.text)
                continue
            self._field = name
            self._label_columns.add(cell.column)
            self._count_label(cell)
            self._numbered = self._numbered or _NUMBERING.match(cell.text) is not None
            if name in self._personal:
                self.dropped.append(_COLON.split(cell.text, maxsplit=1)[0].strip())
            if rest:
                self._add_text(cell, rest)

    def _note_several(self, cells: Sequence[Cell], unknown: Set[Cell]) -> None:
        """Report a row with several names, as of a table whose items are beside one another."""
        names = [_parse_label(cell, self._headings) for cell in cells]
        for first, (name, rest) in enumerate(names):
            if name != self._title:
                continue
            end = next((i for i in range(first + 1, len(cells)) if names[i][0]), len(cells))
            count = sum(cell not in unknown for cell in cells[first + 1 : end]) + bool(rest)
            if count > 1:
                words = {"title": self._headings.catalogue.by_name[self._title].title, "count": count}
                text = " ".join(cell.text for cell in cells[first + 1 : end])
                self.sheet.notes.append(RowNote(SEVERAL_NAMES, cells[0].row, self._title, text, words=words))

    def _find_unknown_labels(self, cells: Sequence[Cell]) -> Set[Cell]:
        """Return the cells of a row that are labels without a field, and their values; report them.

        Labels and values alternate: 行使主体 | 市民政局 | 监督科室 | 法规科.
        """
        places = [i for i, cell in enumerate(cells) if _parse_label(cell, self._headings)[0]]
        unknown: list[Cell] = []
        for first, end in zip(places, [*places[1:], len(cells)], strict=True):
            has_value = bool(_parse_label(cells[first], self._headings)[1])
            others = cells[first + (1 if has_value else 2) : end]
            if others and len(others) % 2 == 0 and all(map(_is_like_label, others[::2])):
                unknown += others
        for label, value in zip(unknown[::2], unknown[1::2], strict=True):
            words = {"catalogue": self._headings.catalogue.title, "filled": 1}
            note = RowNote(UNMAPPED_COLUMN, label.row, excerpt=redact_names(label.text), words=words)
            self.sheet.notes.append(note)
            self.raw_records[-1].unread += ((label.text.strip().rstrip("：:"), value.text),)
        return set(unknown)

    def _continue_value(self, row: Row, cells: list[Cell]) -> None:
        self.raw_records[-1].rows.append(row[0].row)
        for cell in cells:
            self._add_text(cell, cell.text, line=True)

    def _add_text(self, cell: Cell, text: str, *, line: bool = False) -> None:
        if self._field is None:
            self.sheet.notes.append(RowNote(STRAY_TEXT, cell.row, excerpt=redact_names(text)))
            return
        if self._field in self._personal:
            return
        pieces = self.raw_records[-1].pieces
        first = pieces.get(self._field)
        if first is None:
            pieces[self._field] = Piece(text, text, format_reference(cell))
            return
        text = f"{first.text}\n{text}" if line else join_halves(first.text, text)
        pieces[self._field] = Piece(text, text, first.cell)


def read_form(
    grid: Grid, headings: Headings, personal: frozenset[str]
) -> tuple[SegmentedSheet, list[RawRecord], list[str]]:
    """Return the sheet's rows, a raw record for each form, and the personal labels that were dropped."""
    form = _Form(grid, headings, personal)
    form.read_rows()
    return form.sheet, form.raw_records, form.dropped
