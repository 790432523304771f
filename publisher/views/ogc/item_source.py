"""Window, source and result types of requests for items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec


class Window(msgspec.Struct, frozen=True):
    """Range, order and properties of the requested items."""

    offset: int
    limit: int
    sort: tuple[tuple[str, bool], ...] = ()
    """(property, descending)."""
    properties: Sequence[str] = ()
    """Empty: all."""
    geometry: bool = True


class Items(msgspec.Struct, frozen=True):
    features: Sequence[msgspec.Raw]
    matched: int
    more: Mapping[str, str] | None = None
    """Parameters of the request for the next page; None on the last page."""


class ItemSource(msgspec.Struct):
    """Source of one request's items. ``items`` and ``item``: what pygeoapi's provider returned last."""

    fields: Mapping[str, Mapping[str, Any]]
    query: Callable[[Window], Items]
    get: Callable[[str], msgspec.Raw | None]
    numeric: frozenset[str] = frozenset()
    """Fields that contain numbers. In JSON, a decimal is a text."""
    items: Items | None = None
    item: msgspec.Raw | None = None
