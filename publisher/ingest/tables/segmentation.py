"""Segmentation of a sheet into tables with titles, header, rows and notes. Every row with text is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from publisher.ingest.tables.unit_columns import add_unit_columns, find_other_units, stated_units
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

_NOTE = re.compile(
    r"\s*(备\s*注|注|说\s*明|附\s*注|附\s*件|填表说明|单位|数据来源|资料来源|来源)\s*\d*\s*(?:[：:.、]|$)"
)
_SIGNED = re.compile(
    r"((?:填表|填报|制表|录入|经办|联系|审核|复核|负责)人员?(?:\s*[（(]?签[字名章]{1,3}[）)]?)?|联系(?:电话|方式)|电话|手机)\s*[：:]\s*[^\s，,；;]*"
    r"(?:\s+[\u4e00-\u9fff](?![\u4e00-\u9fff：:]))?"
)
_SUM = (
    r"(?:本页|本表|本部门|以上|全部|全市|各部门|行政[\u4e00-\u9fff]{2}|其他行政权力|其他权力)?"
    r"\s*(?:合\s*计|总\s*计|小\s*计|共\s*计|总\s*数)"
)
_TOTAL = re.compile(
    rf"\s*{_SUM}\s*(?:[：:]?.{{0,12}}|[^。]{{0,60}}\d+\s*[大小]?项.{{0,12}})|\s*共\s*\d+\s*项\s*"
)
_TOTAL_ALONE = re.compile(rf"\s*{_SUM}\s*[：:]?\s*")
"""A name that no item has."""
_OF_TOTAL = re.compile(r"\s*其\s*中\s*[：:].*")
"""A part of a sum, if only numbers of items are beside it."""
_NO_NAME = re.compile(r"\s*(?:暂?无|没有|暂无事项|无此类?事项|[/／\-－—–]+)\s*")
_CONTINUED_NAME = re.compile(r"(?:.*[（(]\s*)?(?:续|[接续][上前][页表])\s*[）)]?\s*")
_COUNT = re.compile(
    r"\s*(?:共\s*)?[\d,，.]+\s*(?:[大小]?项|个|条|件|类|种|家|万?元)?\s*"
    r"|.{0,12}?[:：]?\s*\d+\s*项(?:[，,；;、]?.{0,12}?\d+\s*项)*\s*|[/\-—]*"
)
"""A sum or a number of items beside 合计."""
_FORM_LINE = re.compile(
    r"\s*(?:填表|填报|制表|编制|上报|报送|统计|审核)(?:日期|时间|单位|部门|科室)\s*[：:].{0,30}"
    r"|\s*(?:单位|主要|分管|部门)?(?:领导|负责人)(?:签字|签名|签章)?\s*[：:].{0,12}"
    r"|\s*(?:日期|时间|签字|盖章|单位盖章)\s*[：:].{0,20}|\s*[（(](?:盖章|公章|签字|签章)[）)]\s*"
)
"""Lines below a form that are neither data nor a name: 填表日期：2015年6月1日."""
_PAGE = re.compile(r"\s*(?:第\s*\d+\s*页.{0,12}|[-－—–]\s*\d+\s*[-－—–]|[（(]?续[上前]?表.{0,6})\s*")
_POINT = re.compile(r"\s*(?:\d+[.．、]|[（(]\d+[）)])")
_SERIAL = re.compile(r"[\s\d.,，、\-－第号()（）]+")
_GROUP = re.compile(r"\s*(?:[一二三四五六七八九十百]+(?:[、.．\s]|$)|[（(][一二三四五六七八九十百]+[）)])")
_CONTINUED = re.compile("续|接上")
"""Title of a table that goes on: 续表."""
_EXAMPLE = re.compile(r"\s*[（(【]?(?:填[写报])?[示样范举]?例(?:行|如|\s*\d)?[）)】]?\s*[:：]?\s*")
_EXAMPLE_NAME = re.compile(r"\s*(?:(?:填[写报])?[示样范]例[:：]|[（(【](?:填[写报])?[示样范]例[）)】])")
_LONGEST_GROUP = 40
_EXAMINED_ROWS = 1_000
"""Number of first rows in which the first header may have remarks and units. Below them, and of a further
header, two cells have to be headings as the catalogue writes them."""


_NUMBER_OF_ITEMS = re.compile(r"[（(]\s*(?:共计?\s*)?\d+\s*[项項][^（()）]*[）)]")
_ENDING = re.compile("(?:(?<=.)的?行政审批|的(?:行政许可|行政职权)?)?(?:类|类别|事项|项目|类事项)?$")
_HAN = "[一二三四五六七八九十百]+"
_NUMBERED = re.compile(rf"\s*(?:[（(]{_HAN}[）)]\s*[、.．]?|{_HAN}(?:\s*[、.．]|\s)|\d+\s*[、.．])\s*")
"""A number before a group's name; the first character of 一网通办 is none."""


def strip_group(text: str) -> str:
    """Strip the number and the count of items from the heading of a group: 一、行政许可（11项）."""
    return _NUMBERED.sub("", _NUMBER_OF_ITEMS.sub("", text), count=1)


def list_kinds(catalogue: Catalogue) -> Mapping[str, str]:
    """Return key of a word → kind of item (行政许可), as rows that head a group name them."""
    field = catalogue.by_name.get(catalogue.group_field or catalogue.type_field or "")
    terms = field.vocabulary if field is not None else ()
    words = ((word, term.value) for term in terms for word in (term.value, *term.aliases))
    return {heading_key(word): value for word, value in words if not word.isdecimal()}


def find_kind(text: str, kinds: Mapping[str, str]) -> str | None:
    """Return the kind of item that the heading of a group names: 二、行政处罚类（3项）, 决定取消的项目."""
    key = heading_key(strip_group(text))
    return kinds.get(key) or kinds.get(_ENDING.sub("", key.rpartition("决定")[2], count=1))


class Table(msgspec.Struct):
    """A table of a sheet: its header, its rows, and the titles above it."""

    header: Header
    lines: list[TableLine] = msgspec.field(default_factory=list)
    titles: list[str] = msgspec.field(default_factory=list)
    around: tuple[str, ...] = ()
    """Name of the sheet or caption of the table, and the lines of a document above it."""
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


def _is_sum(line: TableLine) -> bool:
    """Test for a row of 合计 with sums and numbers of items, whatever column they are in."""
    cells = sorted((*line.other, *line.own.values()), key=lambda cell: cell.column)
    return (
        len(cells) > 1
        and (_TOTAL_ALONE.fullmatch(cells[0].text) or _OF_TOTAL.fullmatch(cells[0].text)) is not None
        and all(_COUNT.fullmatch(cell.text) for cell in cells[1:])
    )


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
        self._kinds = list_kinds(headings.catalogue)
        self._after_note = False
        """Whether the row above was a note, so that numbered points may follow."""
        self._after_break = False
        """Whether a repeated header or a page number came right above."""
        self._notes: list[tuple[int, str]] = []
        """Notes since the last line, one of which may state the unit of a table below."""
        self._banners: list[tuple[int, str]] = []
        """Row number and text of each row before the first header, and later of each row with one text since
        the last line; titles if a header follows."""

    def segment(self) -> SegmentedSheet:
        grid = self.sheet.grid
        index = 0
        while index < len(grid.rows):
            row = grid.rows[index]
            if (self._table is None and index < _EXAMINED_ROWS) or self._may_be_header(row):
                repeats = self._table is not None and self._table.header.repeats_in(row)
                if repeats and not self._begins_other_table():
                    index = self._skip_repeated_header(index)
                    continue
                header = header_row.read_header(grid, index, self._headings)
                if header is not None:
                    index = self._start_table(header, repeats=repeats)
                    continue
            self._add_row(index)
            index += 1
        self._classify_banners("note" if self._table else "title")
        self._notes += [(grid.rows[-1][0].row, text) for text in grid.below]
        self._drop_notes()
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

    def _begins_other_table(self) -> bool:
        """Test for another title or another unit right above a repeated header: 二、后置审批事项（1项）."""
        titles = self._table.titles if self._table else []
        if any(text not in titles and not _CONTINUED.search(text) for _, text in self._banners):
            return True
        stated = list(stated_units(text for _, text in self._notes))
        return bool(stated) and stated != list(stated_units(titles))

    def _start_table(self, header: Header, *, repeats: bool) -> int:
        titles = [text for _, text in self._banners]
        around = () if self.sheet.tables else (*self.sheet.grid.above, self.sheet.grid.name)
        notes = (text for _, text in self._notes)
        units = [text for text in (*around, *titles, *notes) if any(stated_units([text]))]
        if repeats and not units and self._table:  # the unit above the first header is that of the sheet
            units = [text for text in self._table.titles if any(stated_units([text]))]
        titles += [text for text in units if text not in titles]
        header = add_unit_columns(header, self.sheet.grid, titles, self._headings)
        self._classify_banners("title")
        self._notes.clear()
        self._table = Table(header, titles=titles, around=(self.sheet.grid.name, *self.sheet.grid.above))
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
        self._notes.clear()
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
        self._take_continued_name(table_line)
        table_line.after_break = self._after_break or row[0].row in self.sheet.grid.annotations.page_starts
        self._after_break = False
        self.sheet.rows += 1
        reason = self._find_reason(table_line)
        if reason is None:
            self._classify_banners("group")
            self._after_note = False
            self._drop_notes()
            self._table.lines.append(table_line)
        elif reason == "banner":
            self._add_banner(table_line)
        else:
            text = " | ".join(dict.fromkeys(table_line.texts))
            self.sheet.leave_out(table_line.row, reason, text)
            self._notes += [(table_line.row, text)] if reason == "note" else []

    def _take_continued_name(self, table_line: TableLine) -> None:
        """Take （续） or 甲许可（续） out of the column of names: the row goes on with the item above."""
        title = self._headings.catalogue.title_field
        name = table_line.own.get(title)
        if name is not None and _CONTINUED_NAME.fullmatch(name.text):
            table_line.other.append(table_line.own.pop(title))
            self._after_break = True

    def _names_no_item(self, table_line: TableLine) -> bool:
        """Test for a row whose name is 无, with a number and a kind of item at most beside it."""
        catalogue = self._headings.catalogue
        name = table_line.own.get(catalogue.title_field)
        others = {catalogue.title_field, catalogue.type_field, catalogue.group_field, catalogue.number_field}
        return (
            name is not None and table_line.own.keys() <= others and _NO_NAME.fullmatch(name.text) is not None
        )

    def _drop_notes(self) -> None:
        """Drop the notes above a line, or at the end; report a unit that no row was read with."""
        for row, text in self._notes if self._table else ():
            units = find_other_units(text, self._table.header, self._headings) if self._table else []
            if units:
                note = RowNote(table_findings.UNIT_BELOW, row, excerpt=redact_names(text))
                note.words = {"unit": "、".join(units)}
                self.sheet.notes.append(note)
        self._notes.clear()

    def _find_reason(self, table_line: TableLine) -> Reason | Literal["banner"] | None:
        """Return why a row of a table's body is not data, or None where it is."""
        name = table_line.own.get(self._headings.catalogue.title_field)
        if (name is not None and _TOTAL_ALONE.fullmatch(name.text)) or _is_sum(table_line):
            return "total"
        if any(_EXAMPLE.fullmatch(cell.text) for cell in table_line.numbers) or (
            name is not None and _EXAMPLE_NAME.match(name.text)
        ):
            return self._note_stray(table_line, table_findings.EXAMPLE_ROW)
        if self._names_no_item(table_line):
            return self._note_stray(table_line, table_findings.NO_ITEM)
        if not 1 <= len(table_line.own) + len(table_line.other) <= 4 and not table_line.wide:
            return None
        texts = list(dict.fromkeys(table_line.texts))
        if texts and name is None and _TOTAL.fullmatch(texts[0]):
            return "total"
        if self._is_numbered_group(table_line):
            return "banner"
        if texts and all(_SIGNED.match(t.strip()) or _FORM_LINE.fullmatch(t) for t in texts):
            return "note"
        if len(texts) > 1 and table_line.numbers and _NOTE.match(table_line.numbers[0].text):
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
        if (
            table_line.wide
            or self._is_group_word(table_line, text)
            or self._is_title_of_next(table_line, text)
        ):
            return "banner"
        if table_line.own:
            return None
        if _SERIAL.fullmatch(text):
            return self._note_stray(table_line, table_findings.NUMBER_ONLY_ROW)
        return "banner" if _GROUP.match(text) else self._note_stray(table_line, table_findings.STRAY_TEXT)

    def _is_numbered_group(self, table_line: TableLine) -> bool:
        """Test for a kind of item in the column of names with a running number beside it: 一 | 行政许可."""
        name = table_line.own.get(self._headings.catalogue.title_field)
        is_alone = len(table_line.own) == 1 and table_line.other == table_line.numbers
        return is_alone and name is not None and find_kind(name.text, self._kinds) is not None

    def _is_group_word(self, table_line: TableLine, text: str) -> bool:
        """Test for a kind of item alone, numbered or not: （一）行政许可, which is no name of an item.

        It is in the column of names, or to the left of it.
        """
        title = self._headings.catalogue.title_field
        if find_kind(text, self._kinds) is None or not table_line.own.keys() <= {title}:
            return False
        columns = self._table.header.columns if self._table else {}
        last = next((position for position, name in columns.items() if name == title), 0)
        return all(cell.column <= last + 1 for cell in table_line.other)

    def _is_title_of_next(self, table_line: TableLine, text: str) -> bool:
        """Test for a title in one cell, with a header below it. A row of a page's end is none."""
        catalogue, own = self._headings.catalogue, table_line.own.keys()
        if any(catalogue.by_name[name].continues for name in own) or _SERIAL.fullmatch(text):
            return False
        if catalogue.title_field in own and not (_GROUP.match(text) or _NUMBER_OF_ITEMS.search(text)):
            return False
        below = self.sheet.grid.rows[table_line.index + 1 : table_line.index + 4]
        filled = (row for row in below if sum(map(has_own_text, row)) != 1)
        return any(self._may_be_header(row) for row in filled if any(map(has_own_text, row)))

    def _note_stray(self, table_line: TableLine, kind: Kind) -> Reason:
        self.sheet.notes.append(
            RowNote(kind, table_line.row, excerpt=redact_names(" | ".join(table_line.texts)))
        )
        return "unreadable"

    def _add_banner(self, table_line: TableLine) -> None:
        """Remember a row with a single text: a title if a header follows, else a group heading or a note."""
        text = " ".join(dict.fromkeys(table_line.texts))
        self._banners.append((table_line.row, text))
        if self._table is not None and len(text) <= _LONGEST_GROUP and "。" not in text:
            self._table.groups[table_line.index] = (*table_line.own.values(), *table_line.other)[0]

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
