"""The administrative divisions of the site's own file of boundaries, as features."""

from __future__ import annotations

import msgspec

from publisher.log import predicate as p
from publisher.views.ogc import parameters
from publisher.views.ogc.boundaries import Boundaries, Boundary
from publisher.views.ogc.collections import DIVISION_FIELDS
from publisher.views.ogc.cql2 import filter_parameter
from publisher.views.ogc.cql2.queryables import Queryables
from publisher.views.ogc.errors import invalid
from publisher.views.ogc.item_source import Items, Source, Window
from publisher.views.ogc.parameters import Asked

QUERYABLES = Queryables(dict.fromkeys(DIVISION_FIELDS, "text"))
KNOWN = frozenset(
    {
        *("limit", "offset", "bbox", "datetime", "properties", "skipGeometry"),
        *("filter", "filter-lang", "filter-crs", *DIVISION_FIELDS),
    }
)


def source(boundaries: Boundaries, asked: Asked) -> Source:
    """Raises :class:`OgcError` (400). Boundaries have no time, so every ``datetime`` takes them all."""
    values = asked.values
    parameters.during(values.get("datetime"))
    box = parameters.bbox(values.get("bbox"))
    kept = boundaries.all if box is None else boundaries.meeting(box)
    asked_for = [p.Comparison(name, "=", values[name]) for name in DIVISION_FIELDS if name in values]
    filtered = filter_parameter.read(values, QUERYABLES)
    wanted = p.Every((*asked_for, *(() if filtered is None else (filtered,))))
    kept = tuple(boundary for boundary in kept if filter_parameter.holds(wanted, _properties(boundary)))

    def query(window: Window) -> Items:
        if window.sort:
            raise invalid("sortby", "固定按代码排列。", "divisions are always sorted by code.")
        shown = kept[window.offset : window.offset + window.limit]
        reached = window.offset + len(shown)
        more = {"offset": str(reached)} if shown and reached < len(kept) else None
        return Items(tuple(_feature(boundary, window) for boundary in shown), len(kept), more)

    def get(identifier: str) -> msgspec.Raw | None:
        found = boundaries.by_code.get(identifier)
        return None if found is None else _feature(found, Window(0, 1))

    return Source(DIVISION_FIELDS, query, get)


def _properties(boundary: Boundary) -> dict[str, str]:
    return {"code": boundary.code, "name": boundary.name}


def _feature(boundary: Boundary, window: Window) -> msgspec.Raw:
    properties = _properties(boundary)
    if window.properties:
        properties = {name: value for name, value in properties.items() if name in window.properties}
    feature = {
        "type": "Feature",
        "id": boundary.code,
        "geometry": boundary.geometry if window.geometry else None,
        "properties": properties,
    }
    return msgspec.Raw(msgspec.json.encode(feature))
