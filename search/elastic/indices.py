"""The indices behind the alias: making one, filling it, swapping, what each says of itself."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from time import monotonic
from typing import Any

from anyio import to_thread
from elasticsearch import AsyncElasticsearch, BadRequestError, NotFoundError

from search.contract import SearchError
from search.elastic import mapping
from search.elastic.connection import Connection
from search.elastic.term_statistics import Known

REINDEX = "搜索索引需要重建，请运行 qingdan reindex / the index must be rebuilt: run qingdan reindex"
PAGE = 1_000
_KEPT = "5m"
_CHECK = 10.0


class Indices:
    """Calls of one alias, each in the client's own loop."""

    def __init__(self, connection: Connection, dictionary: tuple[str, ...]) -> None:
        self._dictionary = dictionary
        self.alias = connection.alias
        self._connection = connection
        self._checked = -_CHECK
        self.newest = 0
        """The last instant, as far as was seen, at which anything began or ceased to be known."""
        self.known = Known()
        self._generation = re.compile(rf"{re.escape(self.alias)}-(\d{{6,}})")

    async def check(self, client: AsyncElasticsearch) -> None:
        """:meth:`current`, looked at again only from time to time: another process may have rebuilt."""
        if monotonic() > self._checked + _CHECK:
            await self.current(client)
            self._checked = monotonic()

    async def current(self, client: AsyncElasticsearch, *, any_format: bool = False) -> str | None:
        """The index behind the alias; None before the first.

        Raises :class:`SearchError` for one that another version's fields or tokens made.
        """
        try:
            held = await client.indices.get_mapping(index=self.alias)
        except NotFoundError:
            return None
        (name,) = held
        made_with = held[name]["mappings"].get("_meta", {}).get("made_with")
        if not any_format and made_with != await self._made_with():
            raise SearchError(REINDEX, retry_after=60)
        return str(name)

    async def _made_with(self) -> str:
        return await to_thread.run_sync(mapping.digest, self._dictionary)

    async def current_of_any(self, client: AsyncElasticsearch) -> str | None:
        """The index behind the alias, whatever made it."""
        return await self.current(client, any_format=True)

    async def position(self, client: AsyncElasticsearch, index: str) -> int:
        """The largest version or mark that it holds."""
        meta = await self.meta(client, index)
        found = await client.search(
            index=index,
            size=0,
            aggs={"version": {"max": {"field": "version"}}},
            allow_partial_search_results=False,
        )
        return max(int(meta.get("mark", 0)), int(found["aggregations"]["version"]["value"] or 0))

    async def meta(self, client: AsyncElasticsearch, index: str) -> dict[str, Any]:
        held = await client.indices.get_mapping(index=index)
        meta: dict[str, Any] = next(iter(held.values()))["mappings"].get("_meta", {})
        return meta

    async def remember(self, client: AsyncElasticsearch, index: str, mark: int) -> None:
        """Keep the larger mark in the index's own description."""
        meta = await self.meta(client, index)
        if mark > int(meta.get("mark", 0)):
            await client.indices.put_mapping(index=index, meta=meta | {"mark": mark})

    async def ensure(self, client: AsyncElasticsearch) -> str:
        """The index behind the alias, made where there is none."""
        name = await self.current(client)
        if name is None:
            name = await self.begin(client)
            await client.indices.put_settings(index=name, settings={"refresh_interval": "1s"})
            await self.swap(client, name)
            await self.sweep(client)
        return name

    async def begin(self, client: AsyncElasticsearch) -> str:
        """An empty index beside the one in force; what a killed rebuild left is removed first."""
        await self.sweep(client)
        numbers = [int(n.rpartition("-")[2]) for n in await self._all(client)]
        name = f"{self.alias}-{max(numbers, default=0) + 1:06d}"
        made = mapping.mappings(mapping.facet_fields()) | {"_meta": {"made_with": await self._made_with()}}
        settings = mapping.settings(shards=self._connection.shards, replicas=0)
        await client.indices.create(
            index=name,
            mappings=made,
            settings=settings | {"refresh_interval": "-1"},
            wait_for_active_shards=1,
        )
        return name

    async def swap(self, client: AsyncElasticsearch, name: str) -> None:
        """Put ``name`` in force in one step; what it replaces is left to :meth:`sweep`."""
        settings = {"refresh_interval": "1s", "number_of_replicas": self._connection.replicas}
        await client.indices.put_settings(index=name, settings=settings)
        await client.indices.refresh(index=name)
        await client.indices.flush(index=name)
        old = await self._behind(client)
        actions: list[dict[str, Any]] = [{"remove": {"index": o, "alias": self.alias}} for o in old]
        actions.append({"add": {"index": name, "alias": self.alias, "is_write_index": True}})
        await client.indices.update_aliases(actions=actions)

    async def freeze(self, client: AsyncElasticsearch, index: str) -> None:
        """Refuse writes from now on; those under way are done when it returns. Who writes tries again later,
        and finds the index that replaced it."""
        await client.indices.add_block(index=index, block="write")

    async def sweep(self, client: AsyncElasticsearch) -> None:
        """Remove indices of this alias's name that do not stand behind it."""
        kept = await self._behind(client)
        for name in await self._all(client):
            if name not in kept:
                with contextlib.suppress(NotFoundError):
                    await client.indices.delete(index=name)

    async def _behind(self, client: AsyncElasticsearch) -> list[str]:
        try:
            return list(await client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return []

    async def _all(self, client: AsyncElasticsearch) -> list[str]:
        found = await client.indices.get(index=f"{self.alias}-*", features=["aliases"])
        return [name for name in found if self._generation.fullmatch(name)]

    async def admit(self, client: AsyncElasticsearch, index: str, facets: Iterable[str]) -> None:
        """Facets that the mapping may not know yet, as those of a catalogue of the site's own."""
        fields = {"facets": {"properties": mapping.facet_mappings(facets)}}
        # A name that the server refuses (a dot at its end) is told document by document.
        with contextlib.suppress(BadRequestError):
            await client.indices.put_mapping(index=index, properties=fields)

    async def everything(
        self, client: AsyncElasticsearch, index: str, query: Mapping[str, Any]
    ) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Pages of raw hits in the order of their spans, of one moment."""
        opened = await client.open_point_in_time(index=index, keep_alive=_KEPT)
        pit, after = opened["id"], None
        try:
            while True:
                answer = await client.search(
                    pit={"id": pit, "keep_alive": _KEPT},
                    query=dict(query),
                    sort=[{"span": "asc"}],
                    size=PAGE,
                    search_after=after,
                    source_includes=["document"],
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
