"""OFD (GB/T 33190, the national format for fixed pages) → the text of its pages; pictures and forms are left.

A page says where each piece of text stands and not which line it belongs to: pieces at one height are one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from math import isfinite

from lxml import etree

from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.xlsx_annotations import safe_parser

ENTRY = "OFD.xml"
_SAME_LINE = 0.5
"""Share of a piece's height by which the next one may stand higher or lower."""


def pages(members: Mapping[str, bytes]) -> tuple[str, ...]:
    """Text page by page, blank where a page is a picture. Raises :class:`ReaderError`."""
    documents = _places(members, ENTRY, "DocRoot")
    places = [page for document in documents for page in _places(members, document, "Page")]
    if not places:
        raise ReaderError(DAMAGED, "ofd: no page")
    return tuple("\n".join(_lines(_xml(members, place))) for place in places)


def _places(members: Mapping[str, bytes], name: str, element: str) -> list[str]:
    """Parts that a part names, by their paths in the file."""
    folder = posixpath.dirname(name)
    said = [
        (one.get("BaseLoc") or one.text or "").strip() for one in _xml(members, name).iter(f"{{*}}{element}")
    ]
    paths = (
        place.lstrip("/") if place.startswith("/") else posixpath.join(folder, place)
        for place in said
        if place
    )
    return [posixpath.normpath(path) for path in paths]


def _xml(members: Mapping[str, bytes], name: str) -> etree._Element:
    try:
        return etree.fromstring(members[name], safe_parser())
    except (KeyError, etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(DAMAGED, f"ofd: {name[:80]}: {problem}") from problem


def _lines(page: etree._Element) -> Iterator[str]:
    pieces = sorted(_pieces(page))
    line: list[tuple[float, str]] = []
    height = at = 0.0
    for y, x, tall, text in pieces:
        if line and y - at > _SAME_LINE * max(height, tall):
            yield _joined(line)
            line = []
        if not line:
            at = y
        height = tall
        line.append((x, text))
    if line:
        yield _joined(line)


def _joined(line: list[tuple[float, str]]) -> str:
    return "".join(text for _, text in sorted(line))


def _pieces(page: etree._Element) -> Iterator[tuple[float, float, float, str]]:
    """Where it stands on the page and in the line, its height (in millimetres, from above left), its text."""
    for piece in page.iter("{*}TextObject"):
        left, top, _, height, *_ = [*_numbers(piece.get("Boundary")), 0.0, 0.0, 0.0, 0.0]
        x = y = 0.0
        for code in piece.iter("{*}TextCode"):
            x = next(iter(_numbers(code.get("X"))), x)  # one that is not told is that of the code before
            y = next(iter(_numbers(code.get("Y"))), y)
            if code.text:
                yield top + y, left + x, height, code.text


def _numbers(text: str | None) -> list[float]:
    try:
        found = [float(one) for one in (text or "").split()]
    except ValueError:
        return []
    return found if all(map(isfinite, found)) else []
