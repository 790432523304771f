"""pygeoapi provider with features in memory, the baseline of :mod:`benchmarks.ogc`."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError


@cache
def features() -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    loaded = json.loads(Path(os.environ["BENCH_ITEMS"]).read_text(encoding="utf-8"))
    return loaded, {feature["id"]: feature for feature in loaded}


class MemoryProvider(BaseProvider):  # type: ignore[misc]  # pygeoapi has no types
    @property
    def fields(self) -> dict[str, dict[str, str]]:
        return {name: {"type": "string"} for name in ("name", "power_type", "remark")}

    def query(self, offset: int = 0, limit: int = 10, **_: Any) -> dict[str, Any]:
        every, _by_id = features()
        page = [dict(feature) for feature in every[offset : offset + limit]]
        return {
            "type": "FeatureCollection",
            "features": page,
            "numberMatched": len(every),
            "numberReturned": len(page),
        }

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:
        feature = features()[1].get(identifier)
        if feature is None:
            raise ProviderItemNotFoundError(identifier)
        return dict(feature)
