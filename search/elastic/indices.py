"""Indices of an alias: create, swap, sweep, and the metadata of each."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

from anyio import to_thread
from elasticsearch import AsyncElasticsearch, BadRequestError, NotFoundError

from search.contract import REBUILD, SearchError
from search.elastic import mapping
from search.elastic.connection import Connection
from search.elastic.term_statistics import FrequencyCache

PAGE = 1_000
_KEEP_ALIVE = "5m"
_CHECK_SECONDS = 10.0


class Indices:
    """Operations on the indices of one alias. They run in the client's event loop."""

    def __init__(self, connection: Connection) -> None:
        self.alias = connection.alias
        self._connection = connection
        self._checked = -_CHECK_SECONDS
        self.newest = 0
        """The last seen instant at which a document began or ceased to be known."""
        self.frequency_cache = FrequencyCache()
        self._generation = re.compile(rf"{re.escape(self.alias)}-(\d{{6,}})")

    async def check(self, client: AsyncElasticsearch) -> None:
        """Call :meth:`current` every :data:`_CHECK_SECONDS`, because another process may have rebuilt."""
        if monotonic() > self._checked + _CHECK_SECONDS:
            await self.current(client)
            self._checked = monotonic()

    async def current(self, client: AsyncElasticsearch, *, any_format: bool = False) -> str | None:
        """Return the index behind the alias; None before the first.

        Raises :class:`SearchError` for an index built with fields or tokens of another version.
        """
        try:
            mappings = await client.indices.get_mapping(index=self.alias)
        except NotFoundError:
            return None
        (name,) = mappings
        made_with = mappings[name]["mappings"].get("_meta", {}).get("made_with")
        if not any_format and made_with != await self._made_with():
            raise SearchError(REBUILD, retry_after=60)
        return str(name)

    async def _made_with(self) -> str:
        return await to_thread.run_sync(mapping.compute_digest)

    async def current_of_any(self, client: AsyncElasticsearch) -> str | None:
        """Return the index behind the alias, of any version."""
        return await self.current(client, any_format=True)

    async def position(self, client: AsyncElasticsearch, index: str) -> int:
        """Return the largest version or mark of an index."""
        meta = await self.read_metadata(client, index)
        response = await client.search(
            index=index,
            size=0,
            aggs={"version": {"max": {"field": "version"}}},
            allow_partial_search_results=False,
        )
        return max(int(meta.get("mark", 0)), int(response["aggregations"]["version"]["value"] or 0))

    async def read_metadata(self, client: AsyncElasticsearch, index: str) -> dict[str, Any]:
        mappings = await client.indices.get_mapping(index=index)
        meta: dict[str, Any] = next(iter(mappings.values()))["mappings"].get("_meta", {})
        return meta

    async def store_mark(self, client: AsyncElasticsearch, index: str, mark: int) -> None:
        """Store the mark in the index's metadata if it is larger."""
        meta = await self.read_metadata(client, index)
        if mark > int(meta.get("mark", 0)):
            await client.indices.put_mapping(index=index, meta=meta | {"mark": mark})

    async def current_or_create(self, client: AsyncElasticsearch) -> str:
        """Return the index behind the alias, and create one if there is none."""
        name = await self.current(client)
        if name is None:
            name = await self.create(client)
            await client.indices.put_settings(index=name, settings={"refresh_interval": "1s"})
            await self.swap(client, name)
            await self.sweep(client)
        return name

    async def create(self, client: AsyncElasticsearch) -> str:
        """Create an empty index next to the current one. Remains of a killed rebuild are deleted first."""
        await self.sweep(client)
        numbers = [int(n.rpartition("-")[2]) for n in await self._all_indices(client)]
        name = f"{self.alias}-{max(numbers, default=0) + 1:06d}"
        mappings = mapping.build_mappings(mapping.list_facet_fields()) | {
            "_meta": {"made_with": await self._made_with()}
        }
        settings = mapping.build_settings(shards=self._connection.shards, replicas=0)
        await client.indices.create(
            index=name,
            mappings=mappings,
            settings=settings | {"refresh_interval": "-1"},
            wait_for_active_shards=1,
        )
        return name

    async def swap(self, client: AsyncElasticsearch, name: str) -> None:
        """Point the alias to ``name`` atomically. :meth:`sweep` deletes the replaced index."""
        settings = {"refresh_interval": "1s", "number_of_replicas": self._connection.replicas}
        await client.indices.put_settings(index=name, settings=settings)
        await client.indices.refresh(index=name)
        await client.indices.flush(index=name)
        old = await self._indices_behind_alias(client)
        actions: list[dict[str, Any]] = [{"remove": {"index": o, "alias": self.alias}} for o in old]
        actions.append({"add": {"index": name, "alias": self.alias, "is_write_index": True}})
        await client.indices.update_aliases(actions=actions)

    async def freeze(self, client: AsyncElasticsearch, index: str) -> None:
        """Block writes. Writes in progress are complete on return; blocked writers retry and reach the
        replacing index."""
        await client.indices.add_block(index=index, block="write")

    async def sweep(self, client: AsyncElasticsearch) -> None:
        """Delete indices named after this alias that are not behind it."""
        current = await self._indices_behind_alias(client)
        for name in await self._all_indices(client):
            if name not in current:
                with contextlib.suppress(NotFoundError):
                    await client.indices.delete(index=name)

    async def _indices_behind_alias(self, client: AsyncElasticsearch) -> list[str]:
        try:
            return list(await client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return []

    async def _all_indices(self, client: AsyncElasticsearch) -> list[str]:
        indices = await client.indices.get(index=f"{self.alias}-*", features=["aliases"])
        return [name for name in indices if self._generation.fullmatch(name)]

    async def add_facets(self, client: AsyncElasticsearch, index: str, facets: Iterable[str]) -> None:
        """Add facets that the mapping may lack, such as those of the site's own catalogues."""
        fields = {"facets": {"properties": mapping.build_facet_mappings(facets)}}
        # A name that the server rejects (a dot at its end) is reported for each document.
        with contextlib.suppress(BadRequestError):
            await client.indices.put_mapping(index=index, properties=fields)

    async def iterate_hits(
        self,
        client: AsyncElasticsearch,
        index: str,
        query: Mapping[str, Any],
        parts: Sequence[str] = ("document",),
    ) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Yield pages of raw hits of one point in time, in the order of their spans, with parts of their
        sources."""
        opened = await client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)
        pit, after = opened["id"], None
        try:
            while True:
                answer = await client.search(
                    pit={"id": pit, "keep_alive": _KEEP_ALIVE},
                    query=dict(query),
                    sort=[{"span": "asc"}],
                    size=PAGE,
                    search_after=after,
                    source_includes=list(parts),
                    version=True,
                    track_total_hits=False,
                )
                pit, hits = answer["pit_id"], answer["hits"]["hits"]
                if not hits:
                    return
                yield hits
                after = hits[-1]["sort"]
        finally:
            await client.close_point_in_time(id=pit)
