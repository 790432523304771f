"""Text of OFD files (GB/T 33190, the national fixed-layout format); pictures and forms are ignored.

A page gives the position of each piece of text but no lines; pieces at one height form a line.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from math import isfinite

from lxml import etree

from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.safety.xml_parser import parse_xml

ENTRY = "OFD.xml"
_SAME_LINE = 0.5
"""Share of a piece's height by which the next piece of the same line may be higher or lower."""


def extract_pages(members: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the text of each page; it is blank where the page is a picture. Raises :class:`ReaderError`."""
    documents = _find_paths(members, ENTRY, "DocRoot")
    places = [page for document in documents for page in _find_paths(members, document, "Page")]
    if not places:
        raise ReaderError(DAMAGED, "ofd: no page")
    return tuple("\n".join(_iter_lines(_parse_member(members, place))) for place in places)


def _find_paths(members: Mapping[str, bytes], name: str, element: str) -> list[str]:
    """Return the paths of the parts that a part refers to."""
    folder = posixpath.dirname(name)
    locations = [
        (node.get("BaseLoc") or node.text or "").strip()
        for node in _parse_member(members, name).iter(f"{{*}}{element}")
    ]
    paths = (
        place.lstrip("/") if place.startswith("/") else posixpath.join(folder, place)
        for place in locations
        if place
    )
    return [posixpath.normpath(path) for path in paths]


def _parse_member(members: Mapping[str, bytes], name: str) -> etree._Element:
    if name not in members:
        raise ReaderError(DAMAGED, f"ofd: {name[:80]} is missing")
    return parse_xml(members[name], f"ofd: {name[:80]}")


def _iter_lines(page: etree._Element) -> Iterator[str]:
    pieces = sorted(_iter_pieces(page))
    line: list[tuple[float, str]] = []
    height = line_y = 0.0
    for y, x, piece_height, text in pieces:
        if line and y - line_y > _SAME_LINE * max(height, piece_height):
            yield _join_pieces(line)
            line = []
        if not line:
            line_y = y
        height = piece_height
        line.append((x, text))
    if line:
        yield _join_pieces(line)


def _join_pieces(line: list[tuple[float, str]]) -> str:
    return "".join(text for _, text in sorted(line))


def _iter_pieces(page: etree._Element) -> Iterator[tuple[float, float, float, str]]:
    """Yield y, x, height (millimetres from the top left) and text of each piece."""
    for piece in page.iter("{*}TextObject"):
        origin_x, origin_y, _, height, *_ = [*_parse_numbers(piece.get("Boundary")), 0.0, 0.0, 0.0, 0.0]
        x = y = 0.0
        for code in piece.iter("{*}TextCode"):
            # A missing coordinate is that of the previous code.
            x = next(iter(_parse_numbers(code.get("X"))), x)
            y = next(iter(_parse_numbers(code.get("Y"))), y)
            if code.text:
                yield origin_y + y, origin_x + x, height, code.text


def _parse_numbers(text: str | None) -> list[float]:
    try:
        numbers = [float(word) for word in (text or "").split()]
    except ValueError:
        return []
    return numbers if all(map(isfinite, numbers)) else []
