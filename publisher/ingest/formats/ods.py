"""Sheets of ods files, parsed by lxml.

calamine is not used, because it does not report merged ranges of ods and expands every repeat: 300 bytes
that repeat one cell over a sheet would fill all memory.

OpenDocument 1.3 part 3, chapter 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from publisher.ingest.findings.files import DAMAGED, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Grid, Merge, Scalar, build_grid
from publisher.ingest.formats.safety.xml_parser import parse_xml

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
NUMBERS = frozenset({"float", "percentage", "currency"})


def read_grids(content: bytes) -> tuple[Grid, ...]:
    """Return the sheets with text from ``content.xml``. Raises :class:`ReaderError`."""
    root = parse_xml(content, "content.xml")
    hidden_styles = {
        style.get(f"{STYLE}name")
        for style in root.iter(f"{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}table-properties")
        if properties.get(f"{TABLE}display") == "false"
    }
    grids_with_text = []
    for table in root.iterfind(f"{OFFICE}body/{OFFICE}spreadsheet/{TABLE}table"):
        name = table.get(f"{TABLE}name") or ""
        sheet = _Sheet(name)
        sheet.read_table(table)
        hidden = table.get(f"{TABLE}style-name") in hidden_styles
        hidden_rows = frozenset(sheet.hidden_rows)
        grid = build_grid(name, sheet.rows, sheet.merges, hidden=hidden, hidden_rows=hidden_rows)
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text)


@dataclass(slots=True)
class _Sheet:
    name: str
    rows: list[list[Scalar]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    cells: int = 0

    def read_table(self, table: etree._Element) -> None:
        blank = 0  # added only before a row with text: a sheet may end in a million blank rows
        for row in _iter_rows(table):
            repeat = _read_repeat(row, "number-rows-repeated")
            texts = self._read_row(row, len(self.rows) + blank + 1)
            if not any(value not in {None, ""} for value in texts):
                blank += repeat
                continue
            self._count_cells((blank + repeat) * max(1, len(texts)), len(self.rows) + blank + repeat)
            self.rows.extend([] for _ in range(blank))
            if row.get(f"{TABLE}visibility") in {"collapse", "filter"}:
                self.hidden_rows.update(range(len(self.rows) + 1, len(self.rows) + repeat + 1))
            self.rows.extend(list(texts) for _ in range(repeat))
            blank = 0

    def _read_row(self, row: etree._Element, number: int) -> list[Scalar]:
        texts: list[Scalar] = []
        column = 1
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            repeat = _read_repeat(cell, "number-columns-repeated")
            value = _read_value(cell)
            if value not in {None, ""}:
                self._count_cells(repeat, 1)
                if (last := column + repeat - 1) > 4 * MAX_COLUMNS:
                    raise ReaderError(
                        TOO_LARGE, Bilingual(f"{self.name}，{last}列", f"{self.name}: {last} columns")
                    )
                texts.extend(None for _ in range(column - 1 - len(texts)))
                texts.extend(value for _ in range(repeat))
            down = _read_repeat(cell, "number-rows-spanned")
            across = _read_repeat(cell, "number-columns-spanned")
            if (down, across) != (1, 1):
                self.merges.append((number, column, number + down - 1, column + across - 1))
            column += repeat
        return texts

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


def _read_repeat(element: etree._Element, name: str) -> int:
    text = element.get(f"{TABLE}{name}") or "1"
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise ReaderError(DAMAGED, f"content.xml: {name}")
    return int(text)


def _read_value(cell: etree._Element) -> Scalar:
    kind = cell.get(f"{OFFICE}value-type")
    if kind in NUMBERS:
        try:
            return float(cell.get(f"{OFFICE}value") or "")
        except ValueError:
            return _read_text(cell)
    if kind == "date":
        return (
            (cell.get(f"{OFFICE}date-value") or _read_text(cell)).removesuffix("T00:00:00").replace("T", " ")
        )
    if kind == "boolean":
        return cell.get(f"{OFFICE}boolean-value") == "true"
    return _read_text(cell)


def _read_text(cell: etree._Element) -> str:
    """Return the paragraphs of a cell, one per line, without comments (``office:annotation``)."""
    return "\n".join("".join(_iter_runs(p)) for p in cell.iterchildren(f"{TEXT}p"))


def _iter_runs(paragraph: etree._Element) -> Iterator[str]:
    walker = etree.iterwalk(paragraph, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            if node.tag == f"{OFFICE}annotation":
                walker.skip_subtree()
            elif node.tag == f"{TEXT}s":
                count = node.get(f"{TEXT}c") or "1"
                yield " " * min(int(count), 100) if count.isascii() and count.isdigit() else " "
            elif node.tag in {f"{TEXT}line-break", f"{TEXT}tab"}:
                yield "\n" if node.tag == f"{TEXT}line-break" else "\t"
            elif node.text:
                yield node.text
        elif node is not paragraph and node.tail:
            yield node.tail
