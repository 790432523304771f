"""Providers for pygeoapi over the log: it checks the request, they answer it, and nothing is copied twice.

A provider is made for each request, with what our routes have read of it already as its ``data``. The
features themselves go past pygeoapi (which would read, write and escape them) through ``found``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError

type Order = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Which of the items that were asked for: pygeoapi's reading of the standard's parameters."""

    offset: int
    limit: int
    sort: Order = ()
    properties: Sequence[str] = ()
    geometry: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    features: Sequence[msgspec.Raw]
    matched: int
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Source:
    """What one request is answered from; ``found`` is filled by the provider."""

    fields: Mapping[str, Mapping[str, Any]]
    query: Callable[[Window], Items]
    get: Callable[[str], msgspec.Raw | None]
    time_field: str | None = None
    found: Items | None = None
    window: Window | None = None
    item: msgspec.Raw | None = None


class LogProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """``provider_def["data"]`` is a :class:`Source`."""

    def __init__(self, provider_def: Mapping[str, Any]) -> None:
        super().__init__(provider_def)
        self._source: Source = provider_def["data"]

    @property
    def fields(self) -> Mapping[str, Mapping[str, Any]]:
        return self._source.fields

    def query(
        self,
        *,
        offset: int,
        limit: int,
        sortby: Sequence[Mapping[str, str]],
        select_properties: Sequence[str],
        skip_geometry: bool,
        **_: Any,
    ) -> dict[str, Any]:
        window = Window(
            offset,
            limit,
            tuple((by["property"], by["order"] == "-") for by in sortby),
            tuple(select_properties),
            not skip_geometry,
        )
        found = self._source.query(window)
        self._source.window, self._source.found = window, found
        return {
            "type": "FeatureCollection",
            "features": [],
            "numberMatched": found.matched,
            "numberReturned": len(found.features),
        }

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:
        item = self._source.get(identifier)
        if item is None:
            raise ProviderItemNotFoundError(f"identifier not found: {identifier[:100]}")
        self._source.item = item
        return {"type": "Feature", "id": identifier, "properties": {}}
