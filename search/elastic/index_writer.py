"""Filling an index, and putting a filled one in the place of another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec
from anyio import to_thread
from elasticsearch import AsyncElasticsearch

from search.chinese import thesaurus
from search.contract import Document, SearchError
from search.elastic import bulk, mapping
from search.elastic.bulk import BYTES, Line, Outcome
from search.elastic.cluster import Cluster
from search.elastic.indices import Indices

STATED = {"exists": {"field": "effective_from"}}
"""Documents; the marks that erased ones leave say nothing but their id."""

_MARKS = {"bool": {"must_not": [STATED]}}
_NONE: frozenset[str] = frozenset()

_IN_FLIGHT = 2
"""Requests that wait for the cluster while the next is made; more would only fill its queue."""


@dataclass(frozen=True, slots=True)
class Request:
    """One bulk request, with the facets that its documents name."""

    lines: list[Line]
    facets: frozenset[str]


class Writer:
    """Called in threads that have no loop; documents are analysed there."""

    def __init__(self, cluster: Cluster, indices: Indices, dictionary: tuple[str, ...]) -> None:
        self._cluster = cluster
        self._indices = indices
        self._dictionary = dictionary

    def index(self, documents: Iterable[Document]) -> Outcome:
        """Into the index in force, made where there is none."""
        requests = self._requests(documents)
        first = next(requests, None)
        name = self._cluster.call(self._indices.ensure)
        return Outcome() if first is None else self._fill(name, first, requests)

    def rebuild(self, documents: Iterable[Document]) -> Outcome:
        """Everything anew, beside the index in force. Raises :class:`SearchError`, and leaves that one as it
        is, where the new one does not hold what was written."""
        old = self._cluster.call(self._indices.current_of_any)
        began = 0 if old is None else self._cluster.call(self._indices.position, old)
        requests = self._requests(documents)
        first = next(requests, None)
        name = self._cluster.call(self._indices.begin)
        outcome = self._fill(name, first, requests) if first else Outcome()
        self._check(name, outcome.created)
        if old is not None:
            self._carry(old, name, _MARKS)
        self._replace(old, name, began)
        return outcome

    def erase(self, spans: frozenset[str]) -> None:
        """Everything but ``spans`` into a new index, with a mark for each of them."""
        old = self._cluster.call(self._indices.current)
        position = 0 if old is None else self._cluster.call(self._indices.position, old)
        name = self._cluster.call(self._indices.begin)
        if old is not None:
            kept = self._carry(old, name, {"match_all": {}}, without=spans)
            self._check(name, kept)
        self._cluster.call(bulk.send, name, [mapping.erased(span, position + 1) for span in sorted(spans)])
        self._cluster.call(self._indices.remember, name, position)
        self._replace(old, name, position, without=spans)

    def _replace(self, old: str | None, name: str, began: int, *, without: frozenset[str] = _NONE) -> None:
        """Swap, and lose nothing that others wrote into the old index after position ``began``: it is
        carried over before readers turn to the new one, and what comes in between after they did."""
        late = {"bool": {"filter": [STATED, {"range": {"version": {"gt": began}}}]}}
        if old is not None:
            self._carry(old, name, late, without=without)
        self._cluster.call(self._indices.swap, name)
        if old is not None:
            self._cluster.call(self._indices.freeze, old)
            if self._carry(old, name, late, without=without):
                self._cluster.call(_refresh, name)
        self._cluster.call(self._indices.sweep)

    def _check(self, name: str, written: int) -> None:
        held = self._cluster.call(counted, name)
        if held != written:
            raise SearchError(
                f"新索引有{held}个文档，应为{written}个，旧索引继续使用，请再次运行 qingdan reindex / "
                f"the new index has {held} documents instead of {written}; the old one stays in use, "
                "run qingdan reindex again"
            )

    def _requests(self, documents: Iterable[Document]) -> Iterator[Request]:
        analyzer, _ = thesaurus.load(self._dictionary)
        lines: list[Line] = []
        facets: set[str] = set()
        size = 0
        for document in documents:
            line = mapping.written(document, analyzer)
            lines.append(line)
            facets.update(document.facets)
            size += len(line[1])
            if size > BYTES:
                yield Request(lines, frozenset(facets))
                lines, facets, size = [], set(), 0
        if lines:
            yield Request(lines, frozenset(facets))

    def _fill(self, name: str, first: Request, following: Iterator[Request]) -> Outcome:
        """Send every request, :data:`_IN_FLIGHT` at once; searchable when it returns."""
        outcome = Outcome()
        known = set(mapping.facet_fields())
        sent: deque[Future[Outcome]] = deque()
        request: Request | None = first
        try:
            while request is not None:
                if request.facets - known:
                    self._cluster.call(self._indices.admit, name, sorted(request.facets - known))
                    known |= request.facets
                if len(sent) >= _IN_FLIGHT:
                    outcome.add(sent.popleft().result())
                sent.append(self._cluster.start(bulk.send, name, request.lines))
                request = next(following, None)
            while sent:
                outcome.add(sent.popleft().result())
        finally:
            for left in sent:
                left.cancel()
        self._cluster.call(_refresh, name)
        return outcome

    def _carry(
        self, old: str, name: str, query: Mapping[str, object], *, without: frozenset[str] = _NONE
    ) -> int:
        """Copy documents, and marks of erased ones, of ``old`` into ``name`` → how many it had not."""
        return self._cluster.call(self._carried, old, name, query, without)

    async def _carried(
        self,
        client: AsyncElasticsearch,
        old: str,
        name: str,
        query: Mapping[str, object],
        without: frozenset[str],
    ) -> int:
        analyzer, _ = await to_thread.run_sync(thesaurus.load, self._dictionary)
        outcome = Outcome()
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
                outcome.add(await bulk.send(client, name, lines))
        await _refresh(client, name)
        return outcome.created


async def _refresh(client: AsyncElasticsearch, name: str) -> None:
    await client.indices.refresh(index=name)


async def counted(client: AsyncElasticsearch, name: str, query: Mapping[str, object] | None = None) -> int:
    """Exact: raises :class:`SearchError` where a shard does not answer."""
    found = await client.count(index=name, query=query)
    if found["_shards"]["failed"]:
        raise SearchError("部分搜索索引没有响应 / a part of the index does not answer", retry_after=10)
    return int(found["count"])
