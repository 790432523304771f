"""Records as GeoJSON features. The content of a record is copied from the log without decoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from publisher.log.predicate import Absent, And, Comparison, Or, Predicate
from publisher.log.queries.raw_records import RawRecord
from publisher.views.ogc.bounding_box import Box
from schemas.definition.catalogue import Catalogue

COORDINATES = ("longitude", "latitude")
"""The two decimal fields with the position of a record: degrees of WGS 84."""
STATE = ("part", "release", "effective_from", "effective_to", "known_from")
"""Properties of the state, in addition to the record's own fields."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def has_places(catalogue: Catalogue) -> bool:
    """Report whether records of this catalogue may have coordinates."""
    fields = [catalogue.by_name.get(name) for name in COORDINATES]
    return all(field is not None and field.type == "decimal" and not field.personal for field in fields)


def within(area: Box) -> Predicate:
    """Build the condition that a record's position is in the box, edges included, or that it has none.

    17-069r4, requirement ``/req/core/fc-bbox-response``: a box also matches features without geometry.
    """
    west, south, east, north = area
    eastward = Comparison("longitude", ">=", west), Comparison("longitude", "<=", east)
    across: Predicate = Or(eastward) if west > east else And(eastward)
    inside = And((across, Comparison("latitude", ">=", south), Comparison("latitude", "<=", north)))
    return Or((inside, *_PLACELESS))


_PLACELESS: tuple[Predicate, ...] = tuple(
    condition
    for name, most in zip(COORDINATES, (180, 90), strict=True)
    for condition in (Absent(name), Comparison(name, ">", most), Comparison(name, "<", -most))
)
"""Each of these conditions means that a record has no geometry."""


def state_names(catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(name for name in STATE if name not in catalogue.by_name)


@lru_cache(64)
def make_writer(
    catalogue: Catalogue, properties: tuple[str, ...] = (), *, geometry: bool = True
) -> Callable[[RawRecord], msgspec.Raw]:
    """Make a function that encodes a record as a feature. ``properties`` empty: all of them.

    Every feature has every property, null where the record has none: GDAL and QGIS take the columns of a
    whole collection from its first page.
    """
    own = state_names(catalogue)
    chosen = tuple(name for name in own if not properties or name in properties)
    fields = [field.name for field in catalogue.fields if not field.personal]
    personal = frozenset(catalogue.by_name).difference(fields)  # of states from before they were marked
    has_geometry = geometry and has_places(catalogue)

    @lru_cache(1024)
    def absent(present: tuple[str, ...]) -> Mapping[str, None]:
        return dict.fromkeys(name for name in fields if name not in present)

    def write(match: RawRecord) -> msgspec.Raw:
        content, state = match.content, {name: getattr(match, name) for name in chosen}
        if properties:
            cells = _decode(content)
            encoded = _encode({name: cells.get(name) for name in properties if name not in own} | state)
        else:  # members are added to a canonical JSON object, whose values are not decoded
            members = _members(content)
            if not personal.isdisjoint(members):
                members = {name: value for name, value in members.items() if name not in personal}
                content = _encode(members)
            added = {**absent(tuple(members)), **state}
            comma = b"," if added and content != b"{}" else b""
            encoded = b"%b%b%b" % (content[:-1], comma, _encode(added)[1:])
        place = _encode(_point(_decode(content))) if has_geometry else b"null"
        return msgspec.Raw(
            b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b}' % (_encode(match.id), place, encoded)
        )

    return write


def _point(content: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        longitude, latitude = (float(content[name]) for name in COORDINATES)
    except (KeyError, ValueError, TypeError):
        return None
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}
