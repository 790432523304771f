"""A provider of pygeoapi's kind with its features in memory: what :mod:`benchmarks.ogc` compares with."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError


@cache
def features() -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    found = json.loads(Path(os.environ["BENCH_ITEMS"]).read_text(encoding="utf-8"))
    return found, {feature["id"]: feature for feature in found}


class MemoryProvider(BaseProvider):
    @property
    def fields(self) -> dict[str, dict[str, str]]:
        return {name: {"type": "string"} for name in ("name", "power_type", "remark")}

    def query(self, offset: int = 0, limit: int = 10, **_: Any) -> dict[str, Any]:
        every, _by_id = features()
        shown = [dict(feature) for feature in every[offset : offset + limit]]
        return {
            "type": "FeatureCollection",
            "features": shown,
            "numberMatched": len(every),
            "numberReturned": len(shown),
        }

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:
        found = features()[1].get(identifier)
        if found is None:
            raise ProviderItemNotFoundError(identifier)
        return dict(found)
