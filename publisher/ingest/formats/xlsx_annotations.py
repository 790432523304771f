"""Cell marks of .xlsx files, read from their XML: errors, formulas without a result, hidden rows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from posixpath import join, normpath

from lxml import etree

from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import Position, SheetAnnotations
from publisher.ingest.formats.safety.xml_parser import parse_xml

RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT_RELATIONSHIP = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
SIGNS = (b'"e"', b"'e'", b"hidden", b"<f", b":f")
"""Signs of errors, hidden rows and formulas. Most sheets contain none of them and need not be parsed."""


def read_annotations(parts: Mapping[str, bytes]) -> Mapping[int, SheetAnnotations]:
    """Return the marks by index in ``xl/workbook.xml``. Raises :class:`ReaderError` on broken XML."""
    marks_by_sheet = {}
    for index, path in enumerate(_iter_sheet_paths(parts)):
        content = parts.get(path, b"")
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # calamine reads a UTF-16 sheet as empty
            raise ReaderError(DAMAGED, f"{path}: UTF-16")
        if any(sign in content for sign in SIGNS):
            marks_by_sheet[index] = _read_sheet(content, path)
    return marks_by_sheet


def _iter_sheet_paths(parts: Mapping[str, bytes]) -> Iterator[str]:
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _parse(parts, "xl/_rels/workbook.xml.rels").iter("{*}Relationship")
    }
    for sheet in _parse(parts, "xl/workbook.xml").iter("{*}sheet"):
        target = targets.get(sheet.get(RELATIONSHIP) or sheet.get(STRICT_RELATIONSHIP)) or ""
        yield normpath(target.lstrip("/") if target.startswith("/") else join("xl", target))


def _parse(parts: Mapping[str, bytes], path: str) -> etree._Element:
    if path not in parts:
        raise ReaderError(DAMAGED, f"{path} is missing")
    return parse_xml(parts[path], path)


def _read_sheet(content: bytes, path: str) -> SheetAnnotations:
    hidden: set[int] = set()
    errors: dict[Position, str] = {}
    uncalculated: dict[Position, str] = {}
    row = 0
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
                    row = _parse_number(element.get("r"), row + 1)
                    if element.get("hidden") in {"1", "true"}:
                        hidden.add(row)
            elif is_row:
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            else:
                _mark_cell(element, errors, uncalculated)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(DAMAGED, f"{path}: {problem}") from problem
    return SheetAnnotations(frozenset(hidden), errors, uncalculated)


def _mark_cell(cell: etree._Element, errors: dict[Position, str], uncalculated: dict[Position, str]) -> None:
    match = REFERENCE.fullmatch(cell.get("r") or "")
    if match is None:
        return
    value = cell.findtext("{*}v") or ""
    formula = cell.find("{*}f")
    position = (int(match[2]), _parse_column(match[1]))
    if cell.get("t") == "e":
        errors[position] = value or "#REF!"
    elif formula is not None and not value and cell.get("t") != "str" and cell.find("{*}is") is None:
        uncalculated[position] = f"={formula.text or ''}"


def _parse_number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else otherwise


def _parse_column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
