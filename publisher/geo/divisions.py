"""The administrative divisions of the site's own file of boundaries, as features."""

from __future__ import annotations

from typing import Any

import msgspec

from publisher.geo import parameters
from publisher.geo.boundaries import Boundaries, Boundary
from publisher.geo.collections import DIVISION_FIELDS
from publisher.geo.exceptions import invalid
from publisher.geo.parameters import Asked
from publisher.geo.source import Items, Source, Window

KNOWN = frozenset({"limit", "offset", "bbox", "datetime", "properties", "skipGeometry", "code", "name"})


def source(boundaries: Boundaries, asked: Asked) -> Source:
    """Raises :class:`OgcError` (400). Boundaries have no time, so every ``datetime`` takes them all."""
    values = asked.values
    parameters.during(values.get("datetime"))
    box = parameters.bbox(values.get("bbox"))
    kept = boundaries.all if box is None else boundaries.meeting(box)
    for name in ("code", "name"):
        if name in values:
            kept = tuple(boundary for boundary in kept if getattr(boundary, name) == values[name])

    def query(window: Window) -> Items:
        if window.sort:
            raise invalid("sortby", "按代码排列，不能改。", "divisions come by code.")
        shown = kept[window.offset : window.offset + window.limit]
        reached = window.offset + len(shown)
        more = {"offset": str(reached)} if shown and reached < len(kept) else None
        return Items(tuple(_feature(boundary, window) for boundary in shown), len(kept), more)

    def get(identifier: str) -> msgspec.Raw | None:
        found = boundaries.by_code.get(identifier)
        return None if found is None else _feature(found, Window(0, 1))

    return Source(DIVISION_FIELDS, query, get)


def _feature(boundary: Boundary, window: Window) -> msgspec.Raw:
    properties: dict[str, Any] = {"code": boundary.code, "name": boundary.name}
    if window.properties:
        properties = {name: value for name, value in properties.items() if name in window.properties}
    feature = {
        "type": "Feature",
        "id": boundary.code,
        "geometry": boundary.geometry if window.geometry else None,
        "properties": properties,
    }
    return msgspec.Raw(msgspec.json.encode(feature))
