"""Annotations of .xlsx files, read from their XML: errors, formulas, hidden rows and columns, styles."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from posixpath import join, normpath

from lxml import etree
from msgspec import structs

from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.cell_parts.drawings import find_pictures
from publisher.ingest.formats.cell_styles.workbook_styles import StyledCells, WorkbookStyles
from publisher.ingest.formats.cell_styles.xlsx_styles import parse_number, read_styles, scan_sheet
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import MAX_COLUMNS, Position, SheetAnnotations, parse_reference
from publisher.ingest.formats.safety.xml_parser import parse_xml

RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATIONSHIP = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
SIGNS = (b'"e"', b"'e'", b"hidden", b"<f", b'ht="0"')
"""Signs of errors, hidden rows and formulas. Most sheets contain none of them and need not be parsed."""
HEAD = 4096
"""Bytes of a sheet that contain the name of its root element, with the prefix if it has one."""
_TRUE = frozenset({"1", "true"})


def read_annotations(parts: Mapping[str, bytes]) -> Mapping[int, SheetAnnotations]:
    """Return the annotations by index in ``xl/workbook.xml``. Raises :class:`ReaderError` on broken XML."""
    by_sheet = {}
    styles = _read_styles(parts)
    for index, path in enumerate(_iter_sheet_paths(parts)):
        content = parts.get(path, b"")
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # calamine reads a UTF-16 sheet as empty
            raise ReaderError(DAMAGED, f"{path}: UTF-16")
        cells = StyledCells(styles)
        scan_sheet(content, cells)
        annotations = _read_sheet(content, path) if _has_signs(content) else SheetAnnotations()
        annotations = structs.replace(
            annotations, page_starts=_page_starts(content), pictures=find_pictures(parts, path)
        )
        by_sheet[index] = cells.annotate(annotations, _hidden_columns(content))
    return by_sheet


def _has_signs(content: bytes) -> bool:
    """Test a sheet for :data:`SIGNS`, for formulas with a prefix, and for rows that are hidden by default."""
    if any(sign in content for sign in SIGNS):
        return True
    if b"zeroHeight" in content[: max(content.find(b"sheetData"), 0)]:
        return True
    return b":worksheet" in content[:HEAD] and b":f" in content


def _read_styles(parts: Mapping[str, bytes]) -> WorkbookStyles:
    """Read the styles of a workbook, which may have none."""
    path = _part_path(parts, "/styles") or "xl/styles.xml"
    if path not in parts:
        return WorkbookStyles()
    properties = _parse(parts, "xl/workbook.xml").find("{*}workbookPr")
    epoch_1904 = properties is not None and properties.get("date1904") in _TRUE
    strings_path = _part_path(parts, "/sharedStrings") or "xl/sharedStrings.xml"
    strings = parts.get(strings_path, b"")
    rich = b"strike" in strings or b"superscript" in strings
    return read_styles(
        _parse(parts, path), _parse(parts, strings_path) if rich else None, epoch_1904=epoch_1904
    )


def _part_path(parts: Mapping[str, bytes], kind: str) -> str | None:
    for relation in _parse(parts, "xl/_rels/workbook.xml.rels").iter("{*}Relationship"):
        if relation.get("Type", "").endswith(kind):
            return _resolve(relation.get("Target", ""))
    return None


def _resolve(target: str) -> str:
    """Return the path of a part to which the workbook refers."""
    return normpath(target.lstrip("/") if target.startswith("/") else join("xl", target))


_COLUMN = re.compile(rb"<(?:\w+:)?col\s([^<>]*)>")


def _hidden_columns(content: bytes) -> frozenset[int]:
    """Return the numbers of hidden columns, also of those without width."""
    columns: set[int] = set()
    for attributes in _COLUMN.findall(content, 0, max(content.find(b"sheetData"), 0)):
        values = {name.decode(): text.decode() for name, text in _ATTRIBUTE.findall(attributes)}
        if values.get("hidden") in _TRUE or values.get("width", "1").strip("0.") == "":
            last = min(parse_number(values.get("max")), MAX_COLUMNS)
            columns.update(range(parse_number(values.get("min"), 1), last + 1))
    return frozenset(columns)


_BREAK = re.compile(rb"<(?:\w+:)?brk\s([^<>]*)>")


def _page_starts(content: bytes) -> frozenset[int]:
    """Return the rows below the breaks of pages, which follow the cells (ECMA-376 part 1, 18.3.1.74)."""
    start = content.find(b"rowBreaks")
    end = content.find(b"rowBreaks", start + 1)
    attributes = (dict(_ATTRIBUTE.findall(text)) for text in _BREAK.findall(content, start, end))
    return (
        frozenset(parse_number(a.get(b"id", b"").decode()) + 1 for a in attributes)
        if start > 0
        else frozenset()
    )


_ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*["']([^"']*)["']""")


def _iter_sheet_paths(parts: Mapping[str, bytes]) -> Iterator[str]:
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _parse(parts, "xl/_rels/workbook.xml.rels").iter("{*}Relationship")
    }
    for sheet in _parse(parts, "xl/workbook.xml").iter("{*}sheet"):
        target = targets.get(sheet.get(RELATIONSHIP) or sheet.get(STRICT_RELATIONSHIP)) or ""
        yield _resolve(target)


def _parse(parts: Mapping[str, bytes], path: str) -> etree._Element:
    if path not in parts:
        raise ReaderError(DAMAGED, f"{path} is missing")
    return parse_xml(parts[path], path)


def _read_sheet(content: bytes, path: str) -> SheetAnnotations:
    hidden: set[int] = set()
    errors: dict[Position, str] = {}
    uncalculated: dict[Position, str] = {}
    row = 0
    all_hidden = _ALL_ROWS_HIDDEN.search(content) is not None
    try:
        events = etree.iterparse(
            io.BytesIO(content),
            events=("start", "end"),
            tag=("{*}row", "{*}c"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
        )
        for event, element in events:
            is_row = etree.QName(element).localname == "row"
            if event == "start":
                if is_row:
                    row = parse_number(element.get("r"), row + 1)
                    if _hides_row(element, all_hidden=all_hidden):
                        hidden.add(row)
            elif is_row:
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            else:
                _mark_cell(element, errors, uncalculated)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(DAMAGED, f"{path}: {problem}") from problem
    return SheetAnnotations(hidden_rows=frozenset(hidden), errors=errors, uncalculated=uncalculated)


_ALL_ROWS_HIDDEN = re.compile(rb"""<(?:\w+:)?sheetFormatPr\s[^<>]*zeroHeight\s*=\s*["'](?:1|true)["']""")


def _hides_row(row: etree._Element, *, all_hidden: bool) -> bool:
    """Test for a row that is hidden, has no height, or has no height of its own where rows are hidden."""
    height = row.get("ht")
    if row.get("hidden") in _TRUE or (height is not None and not height.strip("0.")):
        return True
    return all_hidden and height is None and row.get("hidden") is None


def _mark_cell(cell: etree._Element, errors: dict[Position, str], uncalculated: dict[Position, str]) -> None:
    position = parse_reference(cell.get("r") or "")
    if position is None:
        return
    value = cell.findtext("{*}v") or ""
    formula = cell.find("{*}f")
    if cell.get("t") == "e":
        errors[position] = value or "#REF!"
    elif formula is not None and not value and cell.get("t") != "str" and cell.find("{*}is") is None:
        uncalculated[position] = f"={formula.text or ''}"
