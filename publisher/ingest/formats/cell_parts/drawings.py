"""Pictures of the sheets of .xlsx files: in drawings (ECMA-376 part 1, 20.5), and in cells, as by WPS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, dirname, join, normpath

from lxml import etree

from publisher.ingest.formats.grid import Position
from publisher.ingest.formats.safety.xml_parser import parse_xml

IN_CELL = re.compile(r"=?\s*(?:_xlfn\.)?DISPIMG\(.*\)\s*", re.DOTALL)
"""Text of a cell with a picture in it, as WPS stores it."""
_ANCHORS = ("{*}twoCellAnchor", "{*}oneCellAnchor")


def find_pictures(parts: Mapping[str, bytes], sheet: str) -> dict[Position, str]:
    """Return the cells in the middle of the pictures of a sheet, with their alternative text.

    ``sheet``: path of its part. Raises :class:`ReaderError` on broken XML.
    """
    pictures: dict[Position, str] = {}
    for path in _related(parts, sheet, "/drawing"):
        for anchor in parse_xml(parts[path], path).iter(*_ANCHORS):
            position = _middle(anchor) if next(anchor.iter("{*}pic"), None) is not None else None
            if position is not None:
                names = (element.get("descr") for element in anchor.iter("{*}cNvPr"))
                pictures[position] = " ".join(filter(None, names))
    return pictures


def _related(parts: Mapping[str, bytes], path: str, kind: str) -> Iterator[str]:
    relations = join(dirname(path), "_rels", f"{basename(path)}.rels")
    if relations not in parts:
        return
    for relation in parse_xml(parts[relations], relations).iter("{*}Relationship"):
        target = relation.get("Target", "")
        if relation.get("Type", "").endswith(kind):
            whole = normpath(target.lstrip("/") if target.startswith("/") else join(dirname(path), target))
            if whole in parts:
                yield whole


def _middle(anchor: etree._Element) -> Position | None:
    first, last = anchor.find("{*}from"), anchor.find("{*}to")
    begin = _position(first)
    end = _position(last) or begin
    if begin is None or end is None:
        return None
    return (begin[0] + max(end[0], begin[0])) // 2, (begin[1] + max(end[1], begin[1])) // 2


def _position(corner: etree._Element | None) -> Position | None:
    if corner is None:
        return None
    row, column = (corner.findtext(f"{{*}}{name}") or "" for name in ("row", "col"))
    if not (row.isdecimal() and column.isdecimal()) or max(len(row), len(column)) > 7:
        return None
    return int(row) + 1, int(column) + 1
