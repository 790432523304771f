"""Writes to an index, and replacement of one index by another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from itertools import batched

import msgspec
from anyio import to_thread
from elasticsearch import AsyncElasticsearch

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.contract import REBUILD, Document, RejectedError, SearchError
from search.elastic import bulk, mapping, stored_vectors
from search.elastic.bulk import REQUEST_BYTES, BulkResult, Line
from search.elastic.cluster import Cluster
from search.elastic.indices import Indices
from search.elastic.stored_vectors import StoredVectors
from search.semantic.encoder import Encoder
from search.semantic.passages import list_passages

IS_DOCUMENT = {"exists": {"field": "effective_from"}}
"""Query for documents. Tombstones of erased documents have only ``span`` and ``version``."""

_IS_TOMBSTONE = {"bool": {"must_not": [IS_DOCUMENT]}}
_NONE: frozenset[str] = frozenset()

_BATCH = 500
"""Documents whose vectors are looked up together."""

_IN_FLIGHT = 2
"""Requests in flight while the next one is prepared. More would only fill the cluster's queue."""


class _StoredSource(msgspec.Struct, frozen=True):
    """The stored source of a document; empty for a tombstone."""

    document: Document | None = None
    encoded: StoredVectors | None = None


class BulkRequest(msgspec.Struct, frozen=True):
    """One bulk request, with the facets of its documents."""

    lines: list[Line]
    facets: frozenset[str]


class Writer:
    """Writes documents. Runs in threads without an event loop, where documents are analysed."""

    def __init__(self, cluster: Cluster, indices: Indices, encoder: Encoder | None) -> None:
        self._cluster = cluster
        self._indices = indices
        self._encoder = encoder

    def index(self, documents: Iterable[Document]) -> BulkResult:
        """Write into the current index, and create one if there is none."""
        requests = self._requests(documents)
        first = next(requests, None)
        name = self._cluster.call(self._indices.current_or_create)
        return BulkResult() if first is None else self._fill(name, first, requests)

    def rebuild(self, documents: Iterable[Document]) -> BulkResult:
        """Build a new index next to the current one and swap them. Raises :class:`SearchError`, and keeps the
        current one, if the new one does not contain all written documents."""
        old = self._cluster.call(self._indices.current_of_any)
        began = 0 if old is None else self._cluster.call(self._indices.position, old)
        requests = self._requests(documents)
        first = next(requests, None)
        name = self._cluster.call(self._indices.create)
        result = self._fill(name, first, requests) if first else BulkResult()
        self._check(name, result.created)
        if old is not None:
            self._copy(old, name, _IS_TOMBSTONE)
        self._replace(old, name, began)
        return result

    def erase(self, spans: frozenset[str]) -> None:
        """Copy everything except ``spans`` into a new index, with a tombstone for each of them."""
        old = self._cluster.call(self._indices.current)
        position = 0 if old is None else self._cluster.call(self._indices.position, old)
        name = self._cluster.call(self._indices.create)
        if old is not None:
            count = self._copy(old, name, {"match_all": {}}, without=spans)
            self._check(name, count)
        self._cluster.call(
            bulk.send_requests,
            name,
            [mapping.write_tombstone_lines(span, position + 1) for span in sorted(spans)],
        )
        self._cluster.call(self._indices.store_mark, name, position)
        self._replace(old, name, position, without=spans)

    def _replace(self, old: str | None, name: str, began: int, *, without: frozenset[str] = _NONE) -> None:
        """Swap the indices without losing concurrent writes to the old one after position ``began``: copy
        them before the swap, and those made meanwhile after it."""
        late_writes = {"bool": {"filter": [IS_DOCUMENT, {"range": {"version": {"gt": began}}}]}}
        if old is not None:
            self._copy(old, name, late_writes, without=without)
        self._cluster.call(self._indices.swap, name)
        if old is not None:
            self._cluster.call(self._indices.freeze, old)
            if self._copy(old, name, late_writes, without=without):
                self._cluster.call(refresh, name)
        self._cluster.call(self._indices.sweep)

    def _check(self, name: str, expected: int) -> None:
        count = self._cluster.call(count_documents, name)
        if count != expected:
            raise SearchError(
                f"新索引有{count}个文档，应为{expected}个，旧索引继续使用，请再次运行 qingdan reindex / "
                f"the new index has {count} documents instead of {expected}; the old one stays in use, "
                "run qingdan reindex again"
            )

    def _requests(self, documents: Iterable[Document]) -> Iterator[BulkRequest]:
        analyzer, _ = thesaurus.load_language()
        lines: list[Line] = []
        facets: set[str] = set()
        size = 0
        for batch in batched(documents, _BATCH):
            vectors = self._find_vectors(batch, analyzer)
            for document in batch:
                line = mapping.write_document_lines(document, analyzer, vectors.get(document.span))
                lines.append(line)
                facets.update(document.facets)
                size += len(line[1])
                if size > REQUEST_BYTES:
                    yield BulkRequest(lines, frozenset(facets))
                    lines, facets, size = [], set(), 0
        if lines:
            yield BulkRequest(lines, frozenset(facets))

    def _find_vectors(self, documents: Sequence[Document], analyzer: Analyzer) -> Mapping[str, StoredVectors]:
        """Return the vectors of texts that the index contains already, by span: a release that ends a span
        does not change its texts."""
        if self._encoder is None or not self._encoder.is_installed:
            return {}
        names = {one.span: stored_vectors.name_texts(list_passages(one, analyzer)) for one in documents}
        by_name = self._cluster.call(stored_vectors.find_stored, self._indices.alias, set(names.values()))
        return {span: by_name[name] for span, name in names.items() if name in by_name}

    def _fill(self, name: str, first: BulkRequest, following: Iterator[BulkRequest]) -> BulkResult:
        """Send every request, :data:`_IN_FLIGHT` at a time. Documents are searchable on return."""
        result = BulkResult()
        admitted = set(mapping.list_facet_fields())
        sent: deque[Future[BulkResult]] = deque()
        request: BulkRequest | None = first
        try:
            while request is not None:
                if request.facets - admitted:
                    self._cluster.call(self._indices.add_facets, name, sorted(request.facets - admitted))
                    admitted |= request.facets
                if len(sent) >= _IN_FLIGHT:
                    result.add(sent.popleft().result())
                sent.append(self._cluster.start(bulk.send_requests, name, request.lines))
                request = next(following, None)
            while sent:
                result.add(sent.popleft().result())
        finally:
            for future in sent:
                future.cancel()
        self._cluster.call(refresh, name)
        return result

    def _copy(
        self, old: str, name: str, query: Mapping[str, object], *, without: frozenset[str] = _NONE
    ) -> int:
        """Copy documents and tombstones from ``old`` to ``name``. Return how many were new there.

        Raises :class:`SearchError` if the cluster rejects one, which it had accepted before.
        """
        return self._cluster.call(self._copy_documents, old, name, query, without)

    async def _copy_documents(
        self,
        client: AsyncElasticsearch,
        old: str,
        name: str,
        query: Mapping[str, object],
        without: frozenset[str],
    ) -> int:
        analyzer, _ = await to_thread.run_sync(thesaurus.load_language)
        result, admitted = BulkResult(), set(mapping.list_facet_fields())
        async for hits in self._indices.iterate_hits(client, old, query, ["document", "encoded"]):
            lines, facets = [], set[str]()
            for hit in hits:
                if hit["_id"] in without:
                    continue
                source = msgspec.convert(hit["_source"], _StoredSource)
                if source.document is None:
                    lines.append(mapping.write_tombstone_lines(hit["_id"], hit["_version"]))
                else:
                    lines.append(mapping.write_document_lines(source.document, analyzer, source.encoded))
                    facets.update(source.document.facets)
            if facets - admitted:
                await self._indices.add_facets(client, name, sorted(facets - admitted))
                admitted |= facets
            if lines:
                result.add(await bulk.send_requests(client, name, lines))
        if result.rejected:
            raise SearchError(f"{REBUILD}: {RejectedError(result.rejected)}", retry_after=60)
        await refresh(client, name)
        return result.created


async def refresh(client: AsyncElasticsearch, name: str) -> None:
    await client.indices.refresh(index=name)


async def count_documents(
    client: AsyncElasticsearch, name: str, query: Mapping[str, object] | None = None
) -> int:
    """Count documents exactly. Raises :class:`SearchError` if a shard does not respond."""
    response = await client.count(index=name, query=query)
    if response["_shards"]["failed"]:
        raise SearchError("部分搜索索引没有响应 / a part of the index does not answer", retry_after=10)
    return int(response["count"])
