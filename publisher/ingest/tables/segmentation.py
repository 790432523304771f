"""Segmentation of a sheet into tables with titles, header, rows and notes. Every row with text is counted."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from publisher.ingest.findings import tables as table_findings
from publisher.ingest.findings.kind import Kind, shorten
from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.parsed_file import LeftOut, Reason
from publisher.ingest.tables import header_row
from publisher.ingest.tables.header_row import Header, has_own_text
from publisher.ingest.tables.headings import Headings
from publisher.ingest.tables.raw_record import RowNote, TableLine, read_line
from publisher.ingest.tables.unit_columns import add_unit_columns

_NOTE = re.compile(
    r"\s*(备\s*注|注|说\s*明|附\s*注|附\s*件|填表说明|单位|数据来源|资料来源|来源)\s*\d*\s*(?:[：:.、]|$)"
)
_SIGNED = re.compile(
    r"((?:填表|填报|制表|录入|经办|联系|审核|复核|负责)人(?:员|签字)?|联系(?:电话|方式)|电话|手机)\s*[：:]\s*[^\s，,；;]*"
)
_TOTAL = re.compile(r"\s*(?:合\s*计|总\s*计|小\s*计|共\s*计)\s*[：:]?.{0,12}|\s*共\s*\d+\s*项\s*")
_TOTAL_ALONE = re.compile(r"\s*[合总小共]\s*计\s*[：:]?\s*")
"""A name that no item has."""
_PAGE = re.compile(r"\s*(?:第\s*\d+\s*页.{0,12}|[-－—–]\s*\d+\s*[-－—–])\s*")
_POINT = re.compile(r"\s*(?:\d+[.．、]|[（(]\d+[）)])")
_SERIAL = re.compile(r"[\s\d.,，、\-－第号()（）]+")
_GROUP = re.compile(r"\s*(?:[一二三四五六七八九十百]+(?:[、.．\s]|$)|[（(][一二三四五六七八九十百]+[）)])")
_LONGEST_GROUP = 40
_EXAMINED_ROWS = 1_000
"""Number of first rows in which the first header may have remarks and units. Below them, and of a further
header, two cells have to be headings as the catalogue writes them."""


class Table(msgspec.Struct):
    """A table of a sheet: its header, its rows, and the titles above it."""

    header: Header
    lines: list[TableLine] = msgspec.field(default_factory=list)
    titles: list[str] = msgspec.field(default_factory=list)
    groups: dict[int, Cell] = msgspec.field(default_factory=dict)
    """Row index → cell of a row that is the heading of the rows below (一、行政许可)."""


class SegmentedSheet(msgspec.Struct):
    """A sheet in its tables. ``rows``: rows with text, counted while they are segmented."""

    grid: Grid
    tables: list[Table] = msgspec.field(default_factory=list)
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    notes: list[RowNote] = msgspec.field(default_factory=list)
    rows: int = 0

    def leave_out(self, row: int, reason: Reason, text: str) -> None:
        self.left_out.append(LeftOut(self.grid.name, row, reason, redact_names(text)))


def redact_names(text: str) -> str:
    """Return one line for the report, without the names of the people who filled in the form."""
    return shorten(_SIGNED.sub(lambda m: f"{m.group(1)}：…", text))


class _Segmenter:
    """Segments a grid in one pass."""

    def __init__(self, grid: Grid, headings: Headings, personal: frozenset[str]) -> None:
        self.sheet = SegmentedSheet(grid)
        self._headings = headings
        self._personal = personal
        self._table: Table | None = None
        self._header_texts: frozenset[str] = frozenset()
        """Cells of the table's header, as written."""
        self._after_note = False
        """Whether the row above was a note, so that numbered points may follow."""
        self._after_break = False
        """Whether a repeated header or a page number came right above."""
        self._banners: list[tuple[int, str]] = []
        """Row number and text of each row before the first header, and later of each row with one text since
        the last line; titles if a header follows."""

    def segment(self) -> SegmentedSheet:
        grid = self.sheet.grid
        index = 0
        while index < len(grid.rows):
            row = grid.rows[index]
            if (self._table is None and index < _EXAMINED_ROWS) or self._may_be_header(row):
                if self._table is not None and self._table.header.repeats_in(row):
                    index = self._skip_repeated_header(index)
                    continue
                header = header_row.read_header(grid, index, self._headings)
                if header is not None:
                    index = self._start_table(header)
                    continue
            self._add_row(index)
            index += 1
        self._classify_banners("note" if self._table else "title")
        return self.sheet

    def _may_be_header(self, row: header_row.Row) -> bool:
        """Test for two cells that are named like a column. Fast, since it runs for every row."""
        hits = 0
        titles, own = self._headings.titles_and_aliases, self._header_texts
        for cell in row:
            text = cell.text
            if not text:
                continue
            if text in own or (
                len(text) <= 12
                and (text in titles or (not text.isalnum() and "".join(text.split()) in titles))
            ):
                hits += 1
        return hits >= 2

    def _start_table(self, header: Header) -> int:
        titles = [text for _, text in self._banners]
        header = add_unit_columns(header, self.sheet.grid, titles, self._headings)
        self._classify_banners("title")
        self._table = Table(header, titles=titles)
        head = self.sheet.grid.rows[header.first]
        self._header_texts = frozenset(cell.text for cell in head if has_own_text(cell))
        self.sheet.tables.append(self._table)
        for row in self.sheet.grid.rows[header.first : header.end]:
            self._leave_row_out(row, "header")
        return header.end

    def _skip_repeated_header(self, index: int) -> int:
        if self._table is None:
            return index + 1
        self._classify_banners("title")
        rows = self.sheet.grid.rows[index : index + self._table.header.rows]
        for row in rows:
            self._leave_row_out(row, "repeated-header")
        self._after_break = True
        return index + len(rows)

    def _leave_row_out(self, row: header_row.Row, reason: Reason) -> None:
        texts = [cell.text for cell in row if has_own_text(cell)]
        if texts:
            self.sheet.rows += 1
            self.sheet.leave_out(row[0].row, reason, " | ".join(texts))

    def _add_row(self, index: int) -> None:
        row = self.sheet.grid.rows[index]
        if self._table is None:
            texts = list(dict.fromkeys(c.text for c in row if has_own_text(c)))
            if texts:
                self.sheet.rows += 1
                self._banners.append((row[0].row, " ".join(texts)))
            return
        table_line = read_line(self.sheet.grid, index, self._table.header, self._personal)
        if table_line is None:
            return
        table_line.after_break = self._after_break or row[0].row in self.sheet.grid.annotations.page_starts
        self._after_break = False
        self.sheet.rows += 1
        reason = self._find_reason(table_line)
        if reason is None:
            self._classify_banners("group")
            self._after_note = False
            self._table.lines.append(table_line)
        elif reason == "banner":
            self._add_banner(table_line)
        else:
            self.sheet.leave_out(table_line.row, reason, " | ".join(dict.fromkeys(table_line.texts)))

    def _find_reason(self, table_line: TableLine) -> Reason | Literal["banner"] | None:
        """Return why a row of a table's body is not data, or None where it is."""
        name = table_line.own.get(self._headings.catalogue.title_field)
        if name is not None and _TOTAL_ALONE.fullmatch(name.text):
            return "total"
        if not 1 <= len(table_line.own) + len(table_line.other) <= 4 and not table_line.wide:
            return None
        texts = list(dict.fromkeys(table_line.texts))
        if texts and name is None and _TOTAL.fullmatch(texts[0]):
            return "total"
        if texts and all(_SIGNED.match(t.strip()) for t in texts):
            return "note"
        if len(texts) == 1:
            return self._find_reason_of_text(table_line, texts[0])
        return None if table_line.own else self._note_stray(table_line, table_findings.STRAY_TEXT)

    def _find_reason_of_text(self, table_line: TableLine, text: str) -> Reason | Literal["banner"] | None:
        if _NOTE.match(text):
            self._after_note = True
            return "note"
        if _PAGE.fullmatch(text):
            self._after_break = True
            return "note"
        if self._after_note and not table_line.own and _POINT.match(text):
            return "note"
        if _TOTAL.fullmatch(text):
            return "total"
        if self._headings.catalogue.nesting == "numbered" and _GROUP.match(text):
            return None
        if table_line.wide:
            return "banner"
        if table_line.own:
            return None
        if _SERIAL.fullmatch(text):
            return self._note_stray(table_line, table_findings.NUMBER_ONLY_ROW)
        return "banner" if _GROUP.match(text) else self._note_stray(table_line, table_findings.STRAY_TEXT)

    def _note_stray(self, table_line: TableLine, kind: Kind) -> Reason:
        self.sheet.notes.append(
            RowNote(kind, table_line.row, excerpt=redact_names(" | ".join(table_line.texts)))
        )
        return "unreadable"

    def _add_banner(self, table_line: TableLine) -> None:
        """Remember a row with a single text: a title if a header follows, else a group heading or a note."""
        text = table_line.texts[0]
        self._banners.append((table_line.row, text))
        if self._table is not None and len(text) <= _LONGEST_GROUP and "。" not in text:
            self._table.groups[table_line.index] = (*table_line.other, *table_line.own.values())[0]

    def _classify_banners(self, reason: Reason) -> None:
        """Classify the remembered rows with a single text when the next row shows what they are."""
        groups = self._table.groups if self._table else {}
        heads = {cell.row: index for index, cell in groups.items()}
        for row, text in self._banners:
            if reason == "group" and row in heads:
                self.sheet.leave_out(row, "group", text)
                continue
            if row in heads:
                del groups[heads[row]]
            self.sheet.leave_out(row, "note" if reason == "group" or _NOTE.match(text) else reason, text)
        self._banners.clear()


def segment_sheet(grid: Grid, headings: Headings, personal: frozenset[str]) -> SegmentedSheet:
    """Segment a grid. ``personal``: fields whose texts are left out of the result and the report."""
    return _Segmenter(grid, headings, personal).segment()
