"""Sheets of SpreadsheetML 2003 files, the XML that Excel 2003 and many systems write and name ``.xls``.

Office 2003 XML Reference Schemas; the file is one XML document with the root ``Workbook``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

import msgspec
from lxml import etree

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.cell_styles.workbook_styles import StyledCells, WorkbookStyles, replaced_texts
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
from publisher.ingest.formats.number_formats.superscript import raise_runs
from publisher.ingest.formats.safety.xml_parser import parse_xml

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
SS = f"{{{NAMESPACE}}}"
_TRUE = frozenset({"1", "true"})
EXCEL = "{urn:schemas-microsoft-com:office:excel}"


def extract_grids(content: bytes) -> tuple[Grid, ...]:
    """Return the sheets with text. Raises :class:`ReaderError`."""
    root = parse_xml(content, "SpreadsheetML")
    styles = _read_styles(root)
    grids_with_text = []
    for number, sheet in enumerate(root.iterchildren(f"{SS}Worksheet"), start=1):
        grid = _read_sheet(sheet, sheet.get(f"{SS}Name") or f"Sheet{number}", *styles)
        if grid is not None:
            grids_with_text.append(grid)
    return tuple(grids_with_text)


_NAMED_FORMATS = {
    "General Number": "General", "Fixed": "0.00", "Standard": "#,##0.00", "Currency": '"¥"#,##0.00',
    "Percent": "0.00%", "Scientific": "0.00E+00",
}  # fmt: skip
"""Formats that the schema names; the other names are those of dates, which are cells of their own type."""


def _read_styles(root: etree._Element) -> tuple[WorkbookStyles, Mapping[str | None, int]]:
    """Return the styles, and their indexes by ``ss:ID``."""
    elements = {style.get(f"{SS}ID"): style for style in root.iterfind(f"{SS}Styles/{SS}Style")}
    pairs = [(style, elements.get(style.get(f"{SS}Parent"))) for style in elements.values()]
    codes = (_property(pair, "NumberFormat", "Format") for pair in pairs)
    struck = (i for i, pair in enumerate(pairs) if _property(pair, "Font", "StrikeThrough") in _TRUE)
    styles = WorkbookStyles(tuple(_NAMED_FORMATS.get(code, code) for code in codes), frozenset(struck))
    return styles, {name: index for index, name in enumerate(elements)}


def _property(styles: Iterable[etree._Element | None], element: str, attribute: str) -> str:
    """Return a property of the first style that has it, of a style and its parent; ``""`` without one."""
    nodes = (style.find(f"{SS}{element}") for style in styles if style is not None)
    texts = (node.get(f"{SS}{attribute}") for node in nodes if node is not None)
    return next(filter(None, texts), "")


def _read_sheet(
    sheet: etree._Element, name: str, styles: WorkbookStyles, indexes: Mapping[str | None, int]
) -> Grid | None:
    styled = StyledCells(styles)
    rows: list[list[Scalar]] = []
    merges: list[Merge] = []
    columns = _read_columns(sheet)
    hidden: set[int] = set()
    total = 0
    for number, row in _indexed(sheet.iterfind(f"{SS}Table/{SS}Row"), MAX_ROWS, name):
        texts: list[Scalar] = []
        for column, cell in _indexed(row.iterchildren(f"{SS}Cell"), 4 * MAX_COLUMNS, name):
            value = _value(cell)
            style = cell.get(f"{SS}StyleID") or row.get(f"{SS}StyleID") or columns.styles.get(column)
            if value not in {None, ""}:
                if style in indexes:
                    _add_styled(styled, (number, column), indexes[style], value)
                if struck := _struck_text(cell):
                    styled.struck.setdefault((number, column), struck)
                texts.extend(None for _ in range(column - 1 - len(texts)))
                texts.append(value)
            across, down = _count(cell, "MergeAcross"), _count(cell, "MergeDown")
            if across or down:
                merges.append((number, column, number + down, column + across))
        if _is_hidden(row, "Height"):
            hidden.add(number)
        total += len(texts)
        if total > MAX_CELLS:
            raise ReaderError(TOO_LARGE, Bilingual(f"{name}，{number}行", f"{name}: {number} rows"))
        if texts:
            rows.extend([] for _ in range(number - 1 - len(rows)))
            rows.append(texts)
    visibility = sheet.findtext(f"{EXCEL}WorksheetOptions/{EXCEL}Visible")
    annotations = SheetAnnotations(hidden_rows=frozenset(hidden), page_starts=_page_starts(sheet))
    annotations = styled.annotate(annotations, columns.hidden)
    return build_grid(
        name,
        rows,
        merges,
        hidden=visibility not in {None, "SheetVisible"},
        annotations=annotations,
        replaced=replaced_texts(rows, annotations),
    )


class _Columns(msgspec.Struct, frozen=True):
    hidden: frozenset[int]
    styles: Mapping[int, str]
    """Number of a column → the style of its cells without one of their own."""


def _read_columns(sheet: etree._Element) -> _Columns:
    hidden: set[int] = set()
    styles: dict[int, str] = {}
    number = 0
    for element in sheet.iterfind(f"{SS}Table/{SS}Column"):
        first = max(_count(element, "Index"), number + 1)
        number = first + _count(element, "Span")
        covered = range(first, min(number, MAX_COLUMNS) + 1)
        if _is_hidden(element, "Width"):
            hidden.update(covered)
        if style := element.get(f"{SS}StyleID"):
            styles.update(dict.fromkeys(covered, style))
    return _Columns(frozenset(hidden), styles)


def _is_hidden(element: etree._Element, size: str) -> bool:
    """Test for a row or column that is hidden or has no height or width."""
    length = element.get(f"{SS}{size}")
    return element.get(f"{SS}Hidden") in _TRUE or (length is not None and not length.strip("0."))


def _add_styled(styled: StyledCells, position: Position, style: int, value: Scalar) -> None:
    if isinstance(value, float):
        styled.add_number(position, style, value)
    else:
        styled.add_text(position, style)


def _struck_text(cell: etree._Element) -> str:
    data = cell.find(f"{SS}Data")
    runs = _iter_runs(data) if data is not None and len(data) else ()
    return "".join(text for text, marks in runs if "S" in marks).strip()


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


def _iter_runs(data: etree._Element) -> Iterator[tuple[str, set[str]]]:
    """Yield the runs of a text, and the names of the elements around each: ``Font``, ``S``, ``Sup``."""
    for event, node in etree.iterwalk(data, events=("start", "end")):
        text = node.text if event == "start" else node.tail if node is not data else ""
        if text:
            inner = node if event == "start" else node.getparent()
            around = (inner, *inner.iterancestors()) if inner is not data else ()
            yield text, {etree.QName(one).localname for one in takewhile(lambda one: one is not data, around)}


_TIME = re.compile(r"T00:00:00(?:\.0+)?$")


def _value(cell: etree._Element) -> Scalar:
    data = cell.find(f"{SS}Data")
    if data is None:
        return None
    text, _ = raise_runs((part, "Sup" in marks) for part, marks in _iter_runs(data))
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
