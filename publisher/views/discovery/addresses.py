"""Addresses of what catalogue metadata speaks of. They are identifiers: they stay for ever."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Addresses:
    """Made from the site's base, never from a request. No blank nodes anywhere: everything has a name,
    so that two readers, or two days, compare equal without guessing."""

    base: str

    @property
    def catalog(self) -> str:
        return f"{self.base}/catalog"

    @property
    def service(self) -> str:
        return f"{self.base}/v1"

    def part(self, kind: str, name: str) -> str:
        """Something that only the catalogue speaks of: a body, a place, a series."""
        return f"{self.catalog}#{kind}-{quote(name, safe='')}"

    def dataset(self, name: str) -> str:
        return f"{self.base}/v1/datasets/{name}"

    def release(self, name: str, number: int) -> str:
        return f"{self.dataset(name)}/releases/{number}"

    def schema(self, catalogue: str) -> str:
        return f"{self.base}/v1/schemas/{catalogue}/table-schema.json"

    def pinned_schema(self, name: str, number: int) -> str:
        return f"{self.dataset(name)}/schema?release={number}"
