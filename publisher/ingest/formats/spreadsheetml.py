"""Sheets of SpreadsheetML 2003 files, the XML that Excel 2003 and many systems write and name ``.xls``.

Office 2003 XML Reference Schemas; the file is one XML document with the root ``Workbook``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Grid,
    Merge,
    Scalar,
    SheetAnnotations,
    build_grid,
)
from publisher.ingest.formats.safety.xml_parser import parse_xml

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
SS = f"{{{NAMESPACE}}}"
EXCEL = "{urn:schemas-microsoft-com:office:excel}"


def extract_grids(content: bytes) -> tuple[Grid, ...]:
    """Return the sheets with text. Raises :class:`ReaderError`."""
    root = parse_xml(content, "SpreadsheetML")
    grids_with_text = []
    for number, sheet in enumerate(root.iterchildren(f"{SS}Worksheet"), start=1):
        grid = _read_sheet(sheet, sheet.get(f"{SS}Name") or f"Sheet{number}")
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text)


def _read_sheet(sheet: etree._Element, name: str) -> Grid | None:
    rows: list[list[Scalar]] = []
    merges: list[Merge] = []
    hidden: set[int] = set()
    total = 0
    for number, row in _indexed(sheet.iterfind(f"{SS}Table/{SS}Row"), MAX_ROWS, name):
        texts: list[Scalar] = []
        for column, cell in _indexed(row.iterchildren(f"{SS}Cell"), 4 * MAX_COLUMNS, name):
            value = _value(cell)
            if value not in {None, ""}:
                texts.extend(None for _ in range(column - 1 - len(texts)))
                texts.append(value)
            across, down = _count(cell, "MergeAcross"), _count(cell, "MergeDown")
            if across or down:
                merges.append((number, column, number + down, column + across))
        if row.get(f"{SS}Hidden") == "1":
            hidden.add(number)
        total += len(texts)
        if total > MAX_CELLS:
            raise ReaderError(TOO_LARGE, Bilingual(f"{name}，{number}行", f"{name}: {number} rows"))
        if texts:
            rows.extend([] for _ in range(number - 1 - len(rows)))
            rows.append(texts)
    visibility = sheet.findtext(f"{EXCEL}WorksheetOptions/{EXCEL}Visible")
    return build_grid(
        name,
        rows,
        merges,
        hidden=visibility not in {None, "SheetVisible"},
        annotations=SheetAnnotations(hidden_rows=frozenset(hidden), page_starts=_page_starts(sheet)),
    )


def _page_starts(sheet: etree._Element) -> frozenset[int]:
    """Return the rows below the breaks of pages, which are stated by the number of rows above."""
    rows = (
        e.text or "" for e in sheet.iterfind(f"{EXCEL}PageBreaks/{EXCEL}RowBreaks/{EXCEL}RowBreak/{EXCEL}Row")
    )
    return frozenset(int(text) + 1 for text in rows if text.isascii() and text.isdigit() and len(text) < 8)


def _indexed(
    elements: Iterator[etree._Element], most: int, name: str
) -> Iterator[tuple[int, etree._Element]]:
    """Number rows or cells: ``ss:Index`` skips blanks, ``ss:Span`` and ``ss:MergeAcross`` take several."""
    number = 0
    for element in elements:
        index = _count(element, "Index")
        number = index if index > number else number + 1
        if number > most:
            raise ReaderError(
                TOO_LARGE, Bilingual(f"{name}，第{number}行（列）", f"{name}: row or column {number}")
            )
        yield number, element
        number += _count(element, "Span") + _count(element, "MergeAcross")


def _count(element: etree._Element, name: str) -> int:
    text = element.get(f"{SS}{name}") or "0"
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


_TIME = re.compile(r"T00:00:00(?:\.0+)?$")


def _value(cell: etree._Element) -> Scalar:
    data = cell.find(f"{SS}Data")
    if data is None:
        return None
    text = "".join(str(part) for part in data.itertext())
    match data.get(f"{SS}Type"):
        case "Number":
            try:
                return float(text)
            except ValueError:
                return text
        case "DateTime":
            return _TIME.sub("", text).removesuffix(".000").replace("T", " ")
        case "Boolean":
            return text == "1"
        case _:
            return text
