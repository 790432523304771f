"""Permanent addresses of the resources in catalog metadata."""

from __future__ import annotations

from urllib.parse import quote

import msgspec


class Addresses(msgspec.Struct, frozen=True):
    """Addresses built from the site's base, not from a request. There are no blank nodes, so that graphs can
    be compared by name."""

    base: str

    @property
    def catalog(self) -> str:
        return f"{self.base}/catalog"

    @property
    def service(self) -> str:
        return f"{self.base}/v1"

    def part(self, kind: str, name: str) -> str:
        """Build the address of a resource inside the data catalog: a body, a place, a series."""
        return f"{self.catalog}#{kind}-{quote(name, safe='')}"

    def dataset(self, name: str) -> str:
        return f"{self.base}/v1/datasets/{name}"

    def page(self, name: str) -> str:
        return f"{self.base}/datasets/{name}"

    def release(self, name: str, number: int) -> str:
        return f"{self.dataset(name)}/releases/{number}"

    def schema(self, catalogue: str) -> str:
        return f"{self.base}/v1/schemas/{catalogue}/table-schema.json"

    def pinned_schema(self, name: str, number: int) -> str:
        return f"{self.dataset(name)}/schema?release={number}"
