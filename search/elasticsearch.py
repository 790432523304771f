"""The engine on a cluster: Elasticsearch 9 behind an alias, for many machines.

Everything that decides what a hit is and which comes first is shared with the embedded engine; here are
only the index and the calls. A server needs nothing but its core: no plug-in, script or analysis of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future

import msgspec
from anyio import to_thread
from elasticsearch import AsyncElasticsearch, NotFoundError

from search import lexicon
from search.draining import drained
from search.elastic import asking, bulk, mapping
from search.elastic.bulk import BYTES, Line, Outcome
from search.elastic.cluster import Cluster
from search.elastic.connection import Connection
from search.elastic.indices import Indices
from search.engine import Document, Page, RejectedError, Request

STATED = {"exists": {"field": "effective_from"}}
"""Documents; the marks that erased ones leave say nothing but their id."""

_NONE: frozenset[str] = frozenset()

_IN_FLIGHT = 2
"""Requests that wait for the cluster while the next is made; more would only fill its queue."""


class ElasticsearchEngine:
    """A :class:`search.engine.SearchEngine`. Nothing is asked of the cluster before the first call."""

    def __init__(self, connection: Connection, *, dictionary: Iterable[str] = ()) -> None:
        self._cluster = Cluster(connection)
        self._indices = Indices(connection)
        self._dictionary = tuple(dictionary)

    async def search(self, request: Request) -> Page:
        """Raises :class:`search.engine.CursorError` and :class:`search.engine.SearchError`."""
        language = await to_thread.run_sync(lexicon.load, self._dictionary)
        return await self._cluster.run(asking.page, self._indices, request, *language)

    async def index(self, documents: Iterable[Document]) -> int:
        """Write in many requests. Raises :class:`search.engine.RejectedError`, after all else is
        written, for documents that the cluster refuses for good."""
        return await to_thread.run_sync(self._index, documents)

    async def erase(self, spans: Sequence[str]) -> None:
        """Copies what remains into a new index and removes the old one with all its files. A mark stays of
        every span, so that no write that comes late brings it back."""
        await to_thread.run_sync(self._erase, frozenset(spans))

    async def rebuild(self, documents: AsyncIterable[Document] | Iterable[Document]) -> int:
        """What others write meanwhile into the old index is carried over before the swap."""
        if not isinstance(documents, Iterable):
            documents = drained(documents)
        return await to_thread.run_sync(self._rebuild, documents)

    async def position(self) -> int:
        return await self._cluster.run(self._position)

    async def mark(self, sequence: int) -> None:
        await self._cluster.run(self._mark, sequence)

    async def count(self) -> int:
        return await self._cluster.run(self._count)

    async def close(self) -> None:
        await to_thread.run_sync(self._cluster.close)

    def _index(self, documents: Iterable[Document]) -> int:
        lines = self._lines(documents)
        first = next(lines, None)
        name = self._cluster.call(self._indices.ensure)
        if first is None:
            return 0
        return _taken(self._fill(name, first, lines))

    def _rebuild(self, documents: Iterable[Document]) -> int:
        began = self._cluster.call(self._position_of_any)
        lines = self._lines(documents)
        first = next(lines, None)
        name = self._cluster.call(self._indices.begin)
        outcome = self._fill(name, first, lines) if first else Outcome()
        self._carry(name, {"bool": {"must_not": [STATED]}})
        late = {"bool": {"filter": [STATED, {"range": {"version": {"gt": began}}}]}}
        self._carry(name, late)
        self._cluster.call(self._indices.swap, name)
        return _taken(outcome)

    def _erase(self, spans: frozenset[str]) -> None:
        old = self._cluster.call(self._indices.current)
        position = self._cluster.call(self._position)
        name = self._cluster.call(self._indices.begin)
        if old is not None:
            self._carry(name, {"match_all": {}}, without=spans)
        self._cluster.call(bulk.send, name, [mapping.erased(span, position + 1) for span in sorted(spans)])
        self._cluster.call(self._indices.remember, name, position)
        self._cluster.call(self._indices.swap, name)

    def _lines(self, documents: Iterable[Document]) -> Iterator[tuple[list[Line], set[str]]]:
        """Requests to send, with the facets that they name."""
        analyzer, _ = lexicon.load(self._dictionary)
        lines: list[Line] = []
        facets: set[str] = set()
        size = 0
        for document in documents:
            line = mapping.written(document, analyzer)
            lines.append(line)
            facets.update(document.facets)
            size += len(line[1])
            if size > BYTES:
                yield lines, facets
                lines, facets, size = [], set(), 0
        if lines:
            yield lines, facets

    def _fill(
        self,
        name: str,
        first: tuple[list[Line], set[str]],
        following: Iterator[tuple[list[Line], set[str]]],
    ) -> Outcome:
        """Send every request, :data:`_IN_FLIGHT` at once; searchable when it returns."""
        outcome = Outcome()
        known = set(mapping.facet_fields())
        sent: deque[Future[Outcome]] = deque()
        request: tuple[list[Line], set[str]] | None = first
        try:
            while request is not None:
                lines, facets = request
                if facets - known:
                    self._cluster.call(self._indices.admit, name, sorted(facets - known))
                    known |= facets
                if len(sent) >= _IN_FLIGHT:
                    outcome.add(sent.popleft().result())
                sent.append(self._cluster.start(bulk.send, name, lines))
                request = next(following, None)
            while sent:
                outcome.add(sent.popleft().result())
        finally:
            for left in sent:
                left.cancel()
        self._cluster.call(_refresh, name)
        return outcome

    def _carry(
        self, name: str, query: Mapping[str, object], *, without: frozenset[str] = frozenset()
    ) -> None:
        """Copy documents and marks of erased ones from the index in force into ``name``."""
        self._cluster.call(self._carried, name, query, without)

    async def _carried(
        self, client: AsyncElasticsearch, name: str, query: Mapping[str, object], without: frozenset[str]
    ) -> None:
        old = await self._indices.current(client, any_format=True)
        if old is None:
            return
        analyzer, _ = await to_thread.run_sync(lexicon.load, self._dictionary)
        async for hits in self._indices.everything(client, old, query):
            lines = []
            for hit in hits:
                if hit["_id"] in without:
                    continue
                kept = hit["_source"].get("document")
                if kept is None:
                    lines.append(mapping.erased(hit["_id"], hit["_version"]))
                else:
                    lines.append(mapping.written(msgspec.convert(kept, Document), analyzer))
            if lines:
                await bulk.send(client, name, lines)

    async def _position(self, client: AsyncElasticsearch) -> int:
        name = await self._indices.current(client)
        return 0 if name is None else await self._position_in(client, name)

    async def _position_of_any(self, client: AsyncElasticsearch) -> int:
        name = await self._indices.current(client, any_format=True)
        return 0 if name is None else await self._position_in(client, name)

    async def _position_in(self, client: AsyncElasticsearch, name: str) -> int:
        meta = await self._indices.meta(client, name)
        found = await client.search(index=name, size=0, aggs={"version": {"max": {"field": "version"}}})
        return max(int(meta.get("mark", 0)), int(found["aggregations"]["version"]["value"] or 0))

    async def _mark(self, client: AsyncElasticsearch, sequence: int) -> None:
        await self._indices.remember(client, await self._indices.ensure(client), sequence)

    async def _count(self, client: AsyncElasticsearch) -> int:
        try:
            found = await client.count(index=self._indices.alias, query=STATED)
        except NotFoundError:
            return 0
        return int(found["count"])


async def _refresh(client: AsyncElasticsearch, name: str) -> None:
    await client.indices.refresh(index=name)


def _taken(outcome: Outcome) -> int:
    if outcome.refused:
        raise RejectedError(outcome.refused)
    return outcome.taken
