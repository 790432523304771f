"""The provider that pygeoapi calls, created for each request from the parameters that our routes have parsed.

The features bypass pygeoapi, which would decode, encode and escape them. They stay in the
:class:`ItemSource`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError

from publisher.views.ogc.item_source import ItemSource, Window


class LogProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    """``provider_def["data"]`` is a :class:`ItemSource`."""

    def __init__(self, provider_def: Mapping[str, Any]) -> None:
        super().__init__(provider_def)
        self._source: ItemSource = provider_def["data"]

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
        items = self._source.items = self._source.query(window)
        return {
            "type": "FeatureCollection",
            "features": [],
            "numberMatched": items.matched,
            "numberReturned": len(items.features),
        }

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:
        item = self._source.get(identifier)
        if item is None:
            raise ProviderItemNotFoundError(user_msg=f"identifier not found: {identifier[:100]}")
        self._source.item = item
        return {"type": "Feature", "id": identifier, "properties": {}}
