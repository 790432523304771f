"""Sheets of ods files, parsed by lxml. A cell of an ods file contains the text that the program showed.

calamine is not used, because it does not report merged ranges of ods and expands every repeat: 300 bytes
that repeat one cell over a sheet would fill all memory.

OpenDocument 1.3 part 3, chapter 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

import msgspec
from lxml import etree

from publisher.ingest.findings.files import DAMAGED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.cell_styles.ods_styles import STYLE, raised_styles, struck_styles
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Grid,
    Merge,
    Position,
    Scalar,
    SheetAnnotations,
    build_grid,
)
from publisher.ingest.formats.number_formats.shown_text import ShownText, restore_number
from publisher.ingest.formats.number_formats.superscript import RaisedText
from publisher.ingest.formats.safety.xml_parser import parse_xml
from schemas.cells.spoilt_codes import lost_digits

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
NUMBERS = frozenset({"float", "percentage", "currency"})


def extract_grids(content: bytes, styles: bytes = b"") -> tuple[Grid, ...]:
    """Return the sheets with text from ``content.xml``, with the common ``styles.xml``.

    Raises :class:`ReaderError`.
    """
    root = parse_xml(content, "content.xml")
    roots = [*([parse_xml(styles, "styles.xml")] if styles else []), root]
    struck, raised = struck_styles(roots), raised_styles(roots)
    hidden_styles = {
        style.get(f"{STYLE}name")
        for style in root.iter(f"{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}table-properties")
        if properties.get(f"{TABLE}display") == "false"
    }
    breaking_styles = frozenset(
        style.get(f"{STYLE}name") or ""
        for style in root.iter(f"{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}table-row-properties")
        if properties.get(f"{FO}break-before") == "page"
    )
    grids_with_text = []
    for table in root.iterfind(f"{OFFICE}body/{OFFICE}spreadsheet/{TABLE}table"):
        name = table.get(f"{TABLE}name") or ""
        sheet = _Sheet(name, struck, raised, breaking_styles)
        sheet.read_table(table)
        hidden = table.get(f"{TABLE}style-name") in hidden_styles
        grid = build_grid(name, sheet.rows, sheet.merges, hidden=hidden, annotations=sheet.annotations())
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text)


class _RowAnnotations(msgspec.Struct):
    """Annotations of the cells of a row, by column; the row may be repeated."""

    shown: dict[int, ShownText] = msgspec.field(default_factory=dict)
    struck: dict[int, str] = msgspec.field(default_factory=dict)

    def add_cell(self, cell: etree._Element, columns: range, struck: str | None) -> None:
        shown = _shown_text(cell)
        for column in columns:
            if shown is not None:
                self.shown[column] = shown
            if struck is not None:
                self.struck[column] = struck


class _Sheet(msgspec.Struct):
    name: str
    struck_styles: frozenset[str]
    raised_styles: frozenset[str]
    breaking_styles: frozenset[str]
    """Styles of rows above which a page ends."""
    rows: list[list[Scalar]] = msgspec.field(default_factory=list)
    merges: list[Merge] = msgspec.field(default_factory=list)
    hidden_rows: set[int] = msgspec.field(default_factory=set)
    page_starts: set[int] = msgspec.field(default_factory=set)
    hidden_columns: set[int] = msgspec.field(default_factory=set)
    struck_columns: set[int] = msgspec.field(default_factory=set)
    """Columns whose cells are struck through unless they have a style of their own."""
    shown: dict[Position, ShownText] = msgspec.field(default_factory=dict)
    struck: dict[Position, str] = msgspec.field(default_factory=dict)
    cells: int = 0

    def annotations(self) -> SheetAnnotations:
        return SheetAnnotations(
            hidden_rows=frozenset(self.hidden_rows),
            page_starts=frozenset(self.page_starts),
            hidden_columns=frozenset(self.hidden_columns),
            shown=self.shown,
            struck=self.struck,
        )

    def read_table(self, table: etree._Element) -> None:
        self._read_columns(table)
        blank = 0  # blank rows are added only before a row with text: a sheet may end in a million
        for row in _iter_rows(table):
            repeat = _parse_count(row, "number-rows-repeated")
            annotations = _RowAnnotations()
            texts = self._extract_row(row, len(self.rows) + blank + 1, annotations)
            if not any(value not in {None, ""} for value in texts):
                blank += repeat
                continue
            self._count_cells((blank + repeat) * max(1, len(texts)), len(self.rows) + blank + repeat)
            self.rows.extend([] for _ in range(blank))
            if row.get(f"{TABLE}style-name") in self.breaking_styles:
                self.page_starts.add(len(self.rows) + 1)
            if row.get(f"{TABLE}visibility") in {"collapse", "filter"}:
                self.hidden_rows.update(range(len(self.rows) + 1, len(self.rows) + repeat + 1))
            for number in range(len(self.rows) + 1, len(self.rows) + repeat + 1):
                self.shown |= {(number, column): shown for column, shown in annotations.shown.items()}
                self.struck |= {(number, column): text for column, text in annotations.struck.items()}
            self.rows.extend(list(texts) for _ in range(repeat))
            blank = 0

    def _read_columns(self, table: etree._Element) -> None:
        column = 1
        for element in table.iter(f"{TABLE}table-column"):
            last = min(column + _parse_count(element, "number-columns-repeated") - 1, MAX_COLUMNS)
            if element.get(f"{TABLE}visibility") in {"collapse", "filter"}:
                self.hidden_columns.update(range(column, last + 1))
            if element.get(f"{TABLE}default-cell-style-name") in self.struck_styles:
                self.struck_columns.update(range(column, last + 1))
            column = last + 1

    def _extract_row(self, row: etree._Element, number: int, annotations: _RowAnnotations) -> list[Scalar]:
        row_style = row.get(f"{TABLE}default-cell-style-name")
        texts: list[Scalar] = []
        column = 1
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            repeat = _parse_count(cell, "number-columns-repeated")
            value = _extract_value(cell, self.raised_styles)
            if value not in {None, ""}:
                self._count_cells(repeat, 1)
                if (last := column + repeat - 1) > 4 * MAX_COLUMNS:
                    raise ReaderError(
                        TOO_LARGE, Bilingual(f"{self.name}，{last}列", f"{self.name}: {last} columns")
                    )
                texts.extend(None for _ in range(column - 1 - len(texts)))
                texts.extend(value for _ in range(repeat))
                annotations.add_cell(
                    cell, range(column, column + repeat), self._struck_text(cell, row_style, column)
                )
            down = _parse_count(cell, "number-rows-spanned")
            across = _parse_count(cell, "number-columns-spanned")
            if (down, across) != (1, 1):
                self.merges.append((number, column, number + down - 1, column + across - 1))
            column += repeat
        return texts

    def _struck_text(self, cell: etree._Element, row_style: str | None, column: int) -> str | None:
        """Return the struck part of a cell's text, ``""`` for all of it; None where nothing is struck."""
        style = cell.get(f"{TABLE}style-name") or row_style
        if style in self.struck_styles or (style is None and column in self.struck_columns):
            return ""
        if not self.struck_styles:
            return None
        spans = (s for s in cell.iter(f"{TEXT}span") if s.get(f"{TEXT}style-name") in self.struck_styles)
        return "".join("".join(_iter_runs(span)) for span in spans).strip() or None

    def _count_cells(self, cells: int, rows: int) -> None:
        self.cells += cells
        if self.cells > MAX_CELLS or rows > MAX_ROWS:
            raise ReaderError(TOO_LARGE, Bilingual(f"{self.name}，{rows}行", f"{self.name}: {rows} rows"))


def _iter_rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the table's own rows, also in header and group elements, but not in nested tables."""
    walker = etree.iterwalk(table, events=("start",), tag=(f"{TABLE}table-row", f"{TABLE}table"))
    for _, element in walker:
        if element.tag == f"{TABLE}table-row":
            walker.skip_subtree()
            yield element
        elif element is not table:
            walker.skip_subtree()


def _parse_count(element: etree._Element, name: str) -> int:
    """Parse how often a cell, row or column is repeated, or how many a cell spans."""
    text = element.get(f"{TABLE}{name}") or "1"
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise ReaderError(DAMAGED, f"content.xml: {name}")
    return int(text)


def _extract_value(cell: etree._Element, raised_styles: Set[str]) -> Scalar:
    """Return the text that the program showed, or the value where the file contains no such text."""
    kind = cell.get(f"{OFFICE}value-type")
    text = _extract_text(cell, raised_styles)
    if text or kind is None or cell.find(f"{TEXT}p") is not None:
        return text
    if kind in NUMBERS:
        try:
            return float(cell.get(f"{OFFICE}value") or "")
        except ValueError:
            return text
    if kind == "date":
        return _iso_date(cell)
    if kind == "time":
        return _iso_time(cell)
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true"
    return cell.get(f"{OFFICE}string-value") or ""


def _shown_text(cell: etree._Element) -> ShownText | None:
    """Return the shown text of a number or date with its exact value; None for a text."""
    kind, text = cell.get(f"{OFFICE}value-type"), _extract_text(cell).strip()
    if kind in NUMBERS and cell.find(f"{TEXT}p") is not None:
        value = cell.get(f"{OFFICE}value") or ""
        if text == value and text.isdecimal() and not lost_digits(text):
            return None  # a file may contain more digits than a program keeps
        try:
            shown = restore_number(text, float(value))
        except (ValueError, ArithmeticError):
            return None
        return shown if shown.text != shown.exact or shown.kind == "long" else None
    if kind == "date":
        return ShownText(text or _iso_date(cell), _iso_date(cell), "date")
    return ShownText(text or _iso_time(cell), _iso_time(cell), "date") if kind == "time" else None


def _iso_date(cell: etree._Element) -> str:
    return (cell.get(f"{OFFICE}date-value") or "").removesuffix("T00:00:00").replace("T", " ")


_DURATION = re.compile(r"P(?:\d+D)?T(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


def _iso_time(cell: etree._Element) -> str:
    duration = cell.get(f"{OFFICE}time-value") or ""
    match = _DURATION.fullmatch(duration)
    return ":".join(match.groups()) if match else duration


def _extract_text(cell: etree._Element, raised_styles: Set[str] = frozenset()) -> str:
    """Return the paragraphs of a cell, one per line, without comments (``office:annotation``)."""
    return "\n".join("".join(_iter_runs(p, raised_styles)) for p in cell.iterchildren(f"{TEXT}p"))


def _iter_runs(paragraph: etree._Element, raised_styles: Set[str] = frozenset()) -> Iterator[str]:
    walker = etree.iterwalk(paragraph, events=("start", "end"))
    raised = RaisedText()
    for event, node in walker:
        if event == "start":
            if node.get(f"{TEXT}style-name") in raised_styles:
                raised.begin(node)
            if node.tag == f"{OFFICE}annotation":
                walker.skip_subtree()
            elif node.tag == f"{TEXT}s":
                count = node.get(f"{TEXT}c") or "1"
                yield " " * min(int(count), 100) if count.isascii() and count.isdigit() else " "
            elif node.tag in {f"{TEXT}line-break", f"{TEXT}tab"}:
                yield "\n" if node.tag == f"{TEXT}line-break" else "\t"
            elif node.text:
                yield raised.show(node.text)
        elif node is not paragraph:
            raised.end(node)
            if node.tail:
                yield raised.show(node.tail)
