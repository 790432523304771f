"""Cut a sheet into tables: titles above, header, rows, notes below; every row with text is accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from publisher.ingest.findings import tables as table_findings
from publisher.ingest.findings.kind import Kind, shorten
from publisher.ingest.formats.grid import Cell, Grid
from publisher.ingest.parsed_file import LeftOut, Reason
from publisher.ingest.tables import header_row
from publisher.ingest.tables.header_row import Header, Headings, own
from publisher.ingest.tables.raw_record import Line, Note, line

_NOTE = re.compile(
    r"\s*(备\s*注|注|说\s*明|附\s*注|附\s*件|填表说明|单位|数据来源|资料来源|来源)\s*\d*\s*(?:[：:.、]|$)"
)
_SIGNED = re.compile(
    r"((?:填表|填报|制表|录入|经办|联系|审核|复核|负责)人(?:员|签字)?|联系(?:电话|方式)|电话|手机)\s*[：:]\s*[^\s，,；;]*"
)
_TOTAL = re.compile(r"\s*(?:合\s*计|总\s*计|小\s*计|共\s*计)\s*[：:]?.{0,12}|\s*共\s*\d+\s*项\s*")
_PAGE = re.compile(r"\s*(?:第\s*\d+\s*页.{0,12}|[-－—–]\s*\d+\s*[-－—–])\s*")
_POINT = re.compile(r"\s*(?:\d+[.．、]|[（(]\d+[）)])")
_SERIAL = re.compile(r"[\s\d.,，、\-－第号()（）]+")
_GROUP = re.compile(r"\s*(?:[一二三四五六七八九十百]+(?:[、.．\s]|$)|[（(][一二三四五六七八九十百]+[）)])")
_LONGEST_GROUP = 40


@dataclass(slots=True)
class Table:
    header: Header
    lines: list[Line] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    groups: dict[int, Cell] = field(default_factory=dict)
    """Row index → cell of a row that heads the rows below it (一、行政许可)."""


@dataclass(slots=True)
class Sheet:
    grid: Grid
    tables: list[Table] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: int = 0

    def leave(self, row: int, reason: Reason, text: str) -> None:
        self.left_out.append(LeftOut(self.grid.name, row, reason, public(text)))


def public(text: str) -> str:
    """One line for the report, without the names of those who filled the form in."""
    return shorten(_SIGNED.sub(lambda m: f"{m.group(1)}：…", text))


class _Cutter:
    """Walks down a grid once."""

    def __init__(self, grid: Grid, headings: Headings, personal: frozenset[str]) -> None:
        self.sheet = Sheet(grid)
        self._headings = headings
        self._personal = personal
        self._table: Table | None = None
        self._noted = False
        """Was the row above a note, whose points may follow?"""
        self._banners: list[tuple[int, str]] = []
        """Rows of one text since the last line: titles, if a header follows."""

    def cut(self) -> Sheet:
        grid = self.sheet.grid
        index = 0
        while index < len(grid.rows):
            row = grid.rows[index]
            if self._table is None or self._may_be_header(row):
                if self._table is not None and self._table.header.repeats_in(row):
                    index = self._repeated(index)
                    continue
                if header_row.is_header(row, self._headings):
                    index = self._start(index)
                    continue
            self._take(index)
            index += 1
        self._flush("note" if self._table else "title")
        return self.sheet

    def _may_be_header(self, row: header_row.Row) -> bool:
        """Cheap, as it is asked of every row: two cells that are short and named like a column."""
        hits = 0
        for cell in row:
            if len(cell.text) <= 12 and cell.text and "".join(cell.text.split()) in self._headings.written:
                hits += 1
        return hits >= 2

    def _start(self, index: int) -> int:
        found = header_row.find(self.sheet.grid, index, self._headings)
        if found is None:  # is_header said yes for this very row
            return index + 1
        titles = [text for _, text in self._banners]
        self._flush("title")
        self._table = Table(found, titles=titles)
        self.sheet.tables.append(self._table)
        for row in self.sheet.grid.rows[found.first : found.end]:
            self._count(row, "header")
        return found.end

    def _repeated(self, index: int) -> int:
        if self._table is None:
            return index + 1
        self._flush("title")
        rows = self.sheet.grid.rows[index : index + self._table.header.rows]
        for row in rows:
            self._count(row, "repeated-header")
        return index + len(rows)

    def _count(self, row: header_row.Row, reason: Reason) -> None:
        texts = [cell.text for cell in row if own(cell)]
        if texts:
            self.sheet.rows += 1
            self.sheet.leave(row[0].row, reason, " | ".join(texts))

    def _take(self, index: int) -> None:
        row = self.sheet.grid.rows[index]
        if self._table is None:
            texts = list(dict.fromkeys(c.text for c in row if own(c)))
            if texts:
                self.sheet.rows += 1
                self._banners.append((row[0].row, " ".join(texts)))
            return
        found = line(self.sheet.grid.rows, index, self._table.header, self._personal)
        if found is None:
            return
        self.sheet.rows += 1
        reason = self._reason(found)
        if reason is None:
            self._flush("group")
            self._noted = False
            self._table.lines.append(found)
        elif reason == "banner":
            self._banner(found)
        else:
            self.sheet.leave(found.row, reason, " | ".join(dict.fromkeys(found.texts)))

    def _reason(self, found: Line) -> Reason | Literal["banner"] | None:
        """Why a row of a table's body is no data; None where it is."""
        if not 1 <= len(found.own) + len(found.other) <= 4:
            return None
        texts = list(dict.fromkeys(found.texts))
        if texts and _TOTAL.fullmatch(texts[0]) and self._headings.catalogue.title_field not in found.own:
            return "total"
        if texts and all(_SIGNED.match(t.strip()) for t in texts):
            return "note"
        if len(texts) == 1:
            return self._reason_of_one(found, texts[0])
        return None if found.own else self._stray(found, table_findings.STRAY_TEXT)

    def _reason_of_one(self, found: Line, text: str) -> Reason | Literal["banner"] | None:
        if _NOTE.match(text):
            self._noted = True
            return "note"
        if _PAGE.fullmatch(text):
            return "note"
        if self._noted and not found.own and _POINT.match(text):
            return "note"
        if _TOTAL.fullmatch(text):
            return "total"
        if self._headings.catalogue.nesting == "numbered" and _GROUP.match(text):
            return None
        if found.wide:
            return "banner"
        if found.own:
            return None
        if _SERIAL.fullmatch(text):
            return self._stray(found, table_findings.NUMBER_ONLY_ROW)
        return "banner" if _GROUP.match(text) else self._stray(found, table_findings.STRAY_TEXT)

    def _stray(self, found: Line, kind: Kind) -> Reason:
        self.sheet.notes.append(Note(kind, found.row, found=public(" | ".join(found.texts))))
        return "unreadable"

    def _banner(self, found: Line) -> None:
        """A title, if a header follows; else it heads the rows below, or is a note where none follow."""
        text = found.texts[0]
        self._banners.append((found.row, text))
        if self._table is not None and len(text) <= _LONGEST_GROUP and "。" not in text:
            self._table.groups[found.index] = (*found.other, *found.own.values())[0]

    def _flush(self, reason: Reason) -> None:
        """Say what the waiting rows of one text were, now that it is known what follows them."""
        groups = self._table.groups if self._table else {}
        heads = {cell.row: index for index, cell in groups.items()}
        for row, text in self._banners:
            if reason == "group" and row in heads:
                self.sheet.leave(row, "group", text)
                continue
            if row in heads:
                del groups[heads[row]]
            self.sheet.leave(row, "note" if reason == "group" or _NOTE.match(text) else reason, text)
        self._banners.clear()


def cut(grid: Grid, headings: Headings, personal: frozenset[str]) -> Sheet:
    """Titles and groups keep the text they show; ``personal`` fields are left out of everything."""
    return _Cutter(grid, headings, personal).cut()
