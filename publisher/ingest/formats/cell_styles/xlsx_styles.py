"""Styles of .xlsx files, and the scan of a sheet for the cells that have them.

ECMA-376 part 1, 18.8 and 18.3.1.4. The scan is a regular expression over the sheet's bytes that stops,
where it can, only at cells with a style that matters: a parser would create an object for each of a million
cells.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree

from publisher.ingest.formats.cell_styles.builtin_formats import BUILTIN_FORMATS
from publisher.ingest.formats.cell_styles.workbook_styles import StyledCells, WorkbookStyles
from publisher.ingest.formats.grid import Position, parse_reference
from publisher.ingest.formats.number_formats.superscript import raise_runs

_ATTRIBUTE = re.compile(rb"""\s([rst])\s*=\s*["']([^"']*)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*([^<]*?)\s*</")
_ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(?P<name>row|c)(?P<attributes>(?:\s[^<>]*?)?)(?P<empty>/?)>")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_CELL_WITHOUT_REFERENCE = re.compile(rb"<(?:\w+:)?c(?![^<>]*\sr\s*=)[\s/>]")
_YES = frozenset({"1", "true", "on"})


def read_styles(
    styles: etree._Element, strings: etree._Element | None, *, epoch_1904: bool
) -> WorkbookStyles:
    """Read the styles. ``strings``: the shared strings, if some of them may be struck through or raised."""
    codes = dict(BUILTIN_FORMATS)
    for number_format in styles.iterfind("{*}numFmts/{*}numFmt"):
        codes[parse_number(number_format.get("numFmtId"))] = number_format.get("formatCode") or "General"
    fonts = [_is_struck(font) for font in styles.iterfind("{*}fonts/{*}font")]
    formats: list[str] = []
    struck: set[int] = set()
    for index, style in enumerate(styles.iterfind("{*}cellXfs/{*}xf")):
        formats.append(codes.get(parse_number(style.get("numFmtId")), "General"))
        font = parse_number(style.get("fontId"))
        if font < len(fonts) and fonts[font]:
            struck.add(index)
    texts = {} if strings is None else dict(_struck_strings(strings))
    raised = {} if strings is None else dict(_raised_strings(strings))
    return WorkbookStyles(tuple(formats), frozenset(struck), texts, raised, epoch_1904)


def parse_number(text: str | None, otherwise: int = 0) -> int:
    """Parse the number of a row, column or style."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else otherwise


def _is_struck(properties: etree._Element | None) -> bool:
    strike = None if properties is None else properties.find("{*}strike")
    return strike is not None and (strike.get("val") or "1") in _YES


def struck_runs(text: etree._Element) -> str:
    """Return the runs of a rich text that are struck through."""
    return "".join(
        run.findtext("{*}t") or "" for run in text.iterfind("{*}r") if _is_struck(run.find("{*}rPr"))
    ).strip()


def _struck_strings(strings: etree._Element) -> Iterator[tuple[int, str]]:
    for index, text in enumerate(strings.iterfind("{*}si")):
        if runs := struck_runs(text):
            yield index, runs


def _raised_strings(strings: etree._Element) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each shared string with raised digits."""
    for index, text in enumerate(strings.iterfind("{*}si")):
        if text.find("{*}r/{*}rPr/{*}vertAlign") is None:
            continue
        shown, plain = raise_runs(
            (run.findtext("{*}t") or "", _is_raised(run.find("{*}rPr/{*}vertAlign")))
            for run in text.iterfind("{*}r")
        )
        if shown != plain:
            yield index, shown


def _is_raised(mark: etree._Element | None) -> bool:
    return mark is not None and mark.get("val") == "superscript"


def scan_sheet(content: bytes, cells: StyledCells) -> None:
    """Collect the cells of a sheet whose style changes what they show."""
    styles = cells.styles
    indexes = [
        index for index in range(len(styles.codes)) if styles.formats_numbers(index) or index in styles.struck
    ]
    rich = b"inlineStr" in content and (b"strike" in content or b"superscript" in content)
    strings = styles.struck_strings or styles.raised_strings
    if not (indexes or strings or rich):
        return
    if 0 in indexes or strings or rich or _CELL_WITHOUT_REFERENCE.search(content):
        matches = _every_cell(content)
    else:
        matches = _styled_cells(content, indexes)
    for position, style, kind, body in matches:
        _add_cell(cells, position, style, kind, body)


def _styled_cells(content: bytes, indexes: list[int]) -> Iterator[tuple[Position, int, bytes, bytes]]:
    numbers = b"|".join(b"%d" % index for index in indexes)
    pattern = re.compile(
        rb"<(?:\w+:)?c(?P<attributes>\s(?:[^<>]*?\s)?s\s*=\s*[\"'](?:" + numbers + rb")[\"'][^<>]*?)(?<!/)>"
    )
    for match in pattern.finditer(content):
        end = _CELL_END.search(content, match.end())
        if end is None:
            return
        attributes = dict(_ATTRIBUTE.findall(match["attributes"]))
        position = _position(attributes.get(b"r", b""))
        if position is not None:
            body = content[match.end() : end.start()]
            yield position, int(attributes[b"s"]), attributes.get(b"t", b"n"), body


def _every_cell(content: bytes) -> Iterator[tuple[Position, int, bytes, bytes]]:
    """Yield each cell with content; cells and rows without a reference follow the one before."""
    row = column = 0
    for match in _ROW_OR_CELL.finditer(content):
        attributes = dict(_ATTRIBUTE.findall(match["attributes"]))
        if match["name"] == b"row":
            number = attributes.get(b"r", b"")
            row, column = int(number) if number.isdigit() and len(number) < 8 else row + 1, 0
            continue
        row, column = _position(attributes.get(b"r", b"")) or (row, column + 1)
        if match["empty"]:
            continue
        end = _CELL_END.search(content, match.end())
        if end is None:
            return
        style, kind = attributes.get(b"s", b"0"), attributes.get(b"t", b"n")
        number_of_style = int(style) if style.isdigit() and len(style) < 8 else 0
        yield (row, column), number_of_style, kind, content[match.end() : end.start()]


def _position(reference: bytes) -> Position | None:
    return parse_reference(reference.decode("latin-1"))


def _add_cell(cells: StyledCells, position: Position, style: int, kind: bytes, body: bytes) -> None:
    value = _VALUE.search(body)
    text = value[1] if value else b""
    if kind == b"n":
        try:
            number = float(text)
        except ValueError:
            return
        cells.add_number(position, style, number)
    elif kind == b"s":
        cells.add_text(position, style, int(text) if text.isdigit() and len(text) < 10 else None)
    elif kind in {b"str", b"inlineStr"}:
        cells.add_text(position, style)
        if kind == b"inlineStr" and b"strike" in body and (runs := _struck_inline(body)):
            cells.struck.setdefault(position, runs)
        if kind == b"inlineStr" and b"superscript" in body:
            shown, plain = raise_runs(_raised_inline(body))
            if shown != plain:
                cells.raised[position] = shown


_RUN = re.compile(rb"<(?:\w+:)?r>(.*?)</(?:\w+:)?r>", re.DOTALL)
_STRIKE = re.compile(rb"""<(?:\w+:)?strike\s*(?:val\s*=\s*["'](?:1|true|on)["']\s*)?/>""")
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</")


_SUPERSCRIPT = re.compile(rb"""<(?:\w+:)?vertAlign\s+val\s*=\s*["']superscript["']""")


def _struck_inline(body: bytes) -> str:
    runs = (run[1] for run in _RUN.finditer(body) if _STRIKE.search(run[1]))
    return "".join(map(_text_of_run, runs)).strip()


def _raised_inline(body: bytes) -> Iterator[tuple[str, bool]]:
    """Yield the runs of a text in its cell, and whether each is raised."""
    for run in _RUN.finditer(body):
        yield _text_of_run(run[1]), _SUPERSCRIPT.search(run[1]) is not None


def _text_of_run(run: bytes) -> str:
    texts = b"".join(text[1] for text in _TEXT.finditer(run))
    return html.unescape(texts.decode("utf-8", "replace"))
