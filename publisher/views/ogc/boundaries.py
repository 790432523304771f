"""Boundaries of administrative divisions, read from a GeoJSON file of the site. No such file is included.

A published map of China needs an approval number (审图号), so the site decides which boundaries to show.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from shapely import STRtree, box
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from publisher.log.model import LogError
from publisher.views.ogc.bounding_box import Box
from schemas.reference import administrative_divisions

_CODE_PROPERTIES = ("code", "adcode", "gb")
_CODE = re.compile(r"(?:156)?(\d{6})")
LARGEST = 200_000_000
"""Maximum size of the file of boundaries, in bytes."""


class Boundary(msgspec.Struct, frozen=True):
    code: str
    """Six digits of GB/T 2260."""
    name: str
    geometry: Mapping[str, Any]
    """GeoJSON, WGS 84 longitude and latitude."""
    shapely_geometry: BaseGeometry
    """The same, for computing."""

    @property
    def box(self) -> Box:
        west, south, east, north = self.shapely_geometry.bounds
        return west, south, east, north


class Boundaries(msgspec.Struct, frozen=True, dict=True):
    """All boundaries, sorted by code."""

    all: tuple[Boundary, ...]
    digest: str
    """SHA-256 of the file as it was read: the file can have been replaced since."""

    @cached_property
    def by_code(self) -> Mapping[str, Boundary]:
        return {boundary.code: boundary for boundary in self.all}

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree([boundary.shapely_geometry for boundary in self.all])

    def intersecting(self, area: Box) -> tuple[Boundary, ...]:
        """Return those that intersect a box. A box with west > east spans the 180th meridian."""
        west, south, east, north = area
        boxes = [box(west, south, east, north)]
        if west > east:
            boxes = [box(west, south, 180, north), box(-180, south, east, north)]
        indexes = {int(n) for part in boxes for n in self._tree.query(part, predicate="intersects")}
        return tuple(self.all[n] for n in sorted(indexes))

    def extent(self, division: str) -> Box | None:
        """Return the box of a division, else of its subdivisions; None if the file has neither."""
        short = administrative_divisions.shorten_code(division)
        own = self.by_code.get(administrative_divisions.pad_code(division))
        inside = [own] if own else [b for b in self.all if b.code.startswith(short)]
        if not inside:
            return None
        boxes = [boundary.box for boundary in inside]
        wests, souths, easts, norths = zip(*boxes, strict=True)
        return min(wests), min(souths), max(easts), max(norths)


def load(path: Path) -> Boundaries:
    """Load a FeatureCollection whose features have a GB/T 2260 code: as ``id`` or in the property ``code``,
    ``adcode`` or ``gb`` (the prefix 156 means China). Raises ``LogError('bad-boundaries')``."""
    try:
        if path.stat().st_size > LARGEST:
            raise _bad(path, "文件过大", "the file is too large")
        content = path.read_bytes()
        features = msgspec.json.decode(content)["features"]
        boundaries = [_boundary(feature) for feature in features]
        if not boundaries:
            raise ValueError("no features")
    except LogError:
        raise
    except (
        OSError,
        msgspec.DecodeError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        ShapelyError,
    ) as error:
        raise _bad(path, "没有可读取的 GeoJSON 要素", "it contains no readable GeoJSON features") from error
    by_code = sorted(boundaries, key=lambda boundary: boundary.code)
    return Boundaries(tuple(by_code), hashlib.sha256(content).hexdigest())


def _bad(path: Path, zh: str, en: str) -> LogError:
    return LogError(
        "bad-boundaries",
        f"行政区划边界文件 {path.name}：{zh}。",
        f"The file of boundaries {path.name}: {en}.",
    )


def _boundary(feature: Mapping[str, Any]) -> Boundary:
    properties = feature.get("properties") or {}
    for candidate in (feature.get("id"), *(properties.get(name) for name in _CODE_PROPERTIES)):
        match = _CODE.fullmatch(str(candidate))
        if match is not None:
            code = match[1]
            shapely_geometry = shape(feature["geometry"])
            if shapely_geometry.is_empty:
                raise ValueError(f"{code} is empty")
            name = properties.get("name") or administrative_divisions.name_of(code) or code
            return Boundary(code, str(name), feature["geometry"], shapely_geometry)
    raise ValueError("a feature without a division's code")
