"""Administrative divisions from the site's file of boundaries, as features."""

from __future__ import annotations

import msgspec

from publisher.log import predicate as p
from publisher.views.ogc import parameters
from publisher.views.ogc.boundaries import Boundaries, Boundary
from publisher.views.ogc.collections import DIVISION_FIELDS
from publisher.views.ogc.cql2 import filter_parameter
from publisher.views.ogc.cql2.queryables import Queryables
from publisher.views.ogc.errors import invalid
from publisher.views.ogc.item_source import Items, ItemSource, Window
from publisher.views.ogc.parameters import Parameters

QUERYABLES = Queryables(dict.fromkeys(DIVISION_FIELDS, "text"))
ALLOWED = frozenset(
    {
        *("limit", "offset", "bbox", "datetime", "properties", "skipGeometry"),
        *("filter", "filter-lang", "filter-crs", *DIVISION_FIELDS),
    }
)


def make_source(boundaries: Boundaries, params: Parameters) -> ItemSource:
    """Make the source of a request. Boundaries have no time, so every ``datetime`` matches all of them.

    Raises :class:`OgcError` (400).
    """
    values = params.values
    parameters.during(values.get("datetime"))
    box = parameters.bbox(values.get("bbox"))
    candidates = boundaries.all if box is None else boundaries.intersecting(box)
    equalities = [p.Comparison(name, "=", values[name]) for name in DIVISION_FIELDS if name in values]
    requested = filter_parameter.parse_filter(values, QUERYABLES)
    condition = p.And((*equalities, *(() if requested is None else (requested,))))
    matches = tuple(b for b in candidates if filter_parameter.is_true(condition, _properties(b)))

    def query(window: Window) -> Items:
        if window.sort:
            raise invalid("sortby", "固定按代码排列。", "divisions are always sorted by code.")
        page = matches[window.offset : window.offset + window.limit]
        reached = window.offset + len(page)
        more = {"offset": str(reached)} if page and reached < len(matches) else None
        return Items(tuple(_feature(boundary, window) for boundary in page), len(matches), more)

    def get(identifier: str) -> msgspec.Raw | None:
        boundary = boundaries.by_code.get(identifier)
        return None if boundary is None else _feature(boundary, Window(0, 1))

    return ItemSource(DIVISION_FIELDS, query, get)


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
