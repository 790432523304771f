"""Search engine on a cluster: Elasticsearch 9 behind an alias, for many machines.

Everything that selects and ranks hits is shared with the embedded engine; this package contains only the
index and the calls. The server needs no plug-in, script or own analyzer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic

import anyio
import msgspec
from anyio import to_thread
from elasticsearch import AsyncElasticsearch, NotFoundError

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import (
    Document,
    EncodingProgress,
    HitChanges,
    Page,
    RejectedError,
    Request,
    SavedSearch,
    SearchError,
)
from search.elastic import saved_search, search
from search.elastic.bulk import BulkResult
from search.elastic.cluster import Cluster
from search.elastic.connection import Connection
from search.elastic.encoding import Encoding, count_encoded
from search.elastic.index_writer import IS_DOCUMENT, Writer, count_documents
from search.elastic.indices import Indices
from search.semantic.encoder import Encoder

_COUNT_SECONDS = 1.0


class ElasticsearchEngine:
    """A :class:`search.contract.SearchEngine`. It does not connect before the first call.

    ``encoder``: with it, and once its model is installed, documents are also found by meaning.
    """

    def __init__(self, connection: Connection, *, encoder: Encoder | None = None) -> None:
        self._cluster = Cluster(connection)
        self._deadline = connection.deadline
        self._indices = Indices(connection)
        self._writer = Writer(self._cluster, self._indices, encoder)
        self._encoder = encoder
        self._encoding = None if encoder is None else Encoding(self._cluster, self._indices, encoder)
        self._encoded: tuple[float, int] | None = None
        """When documents with vectors were last counted, and how many there were."""
        self._language: tuple[Analyzer, Lexicon] | None = None

    async def search(self, request: Request) -> Page:
        """Search. Raises :class:`search.contract.CursorError` and :class:`search.contract.SearchError`."""
        language, encoder = await self._load_language(), await self._ready_encoder()
        return await self._within_deadline(search.search_page, self._indices, request, *language, encoder)

    async def hit_changes(self, saved: SavedSearch) -> HitChanges:
        """List changes of hits. Raises :class:`search.contract.SearchError`."""
        return await self._cluster.run(
            saved_search.find_hit_changes, self._indices, saved, *await self._load_language()
        )

    async def index(self, documents: Iterable[Document]) -> int:
        """Write in many requests. Raises :class:`search.contract.RejectedError` for documents that the
        cluster rejects permanently, after all others are written."""
        return await to_thread.run_sync(self._write, self._writer.index, documents)

    async def erase(self, spans: Sequence[str]) -> None:
        """Copy the remaining documents into a new index and delete the old one with all its files. A
        tombstone of every span stays, so that a late write does not restore it."""
        await to_thread.run_sync(self._writer.erase, frozenset(spans))

    async def rebuild(self, documents: Iterable[Document]) -> int:
        """Rebuild, and compare counts before the swap. Concurrent writes are copied too."""
        return await to_thread.run_sync(self._write, self._writer.rebuild, documents)

    async def position(self) -> int:
        return await self._within_deadline(self._position)

    async def mark(self, sequence: int) -> None:
        await self._cluster.run(self._mark, sequence)

    async def count(self) -> int:
        return await self._within_deadline(self._count)

    async def encode(self, most: int) -> int:
        """Encode in the caller's thread pool. Raises :class:`search.contract.SearchError`."""
        encoder = await self._ready_encoder()
        if encoder is None or self._encoding is None:
            return 0
        return await to_thread.run_sync(self._encoding.encode, most, (await self._load_language())[0])

    async def encoding_progress(self) -> EncodingProgress | None:
        """Count at most once in :data:`_COUNT_SECONDS`, as every response depends on it."""
        encoder = await self._ready_encoder()
        if encoder is None:
            failure = "" if self._encoder is None else self._encoder.failure
            return EncodingProgress(0, 0, failure) if failure else None
        if self._encoded is None or monotonic() > self._encoded[0] + _COUNT_SECONDS:
            self._encoded = monotonic(), await self._within_deadline(count_encoded, self._indices.alias)
        count = self._encoded[1]
        return EncodingProgress(count, count)

    async def visit_documents(self, receive: Callable[[Sequence[Document]], None]) -> None:
        await self._cluster.run(self._visit_documents, receive)

    async def check(self) -> None:
        """Elasticsearch checks its own files: a damaged shard is not served, and search reports it."""

    async def close(self) -> None:
        await to_thread.run_sync(self._cluster.close)

    async def _within_deadline[*A, T](
        self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *arguments: *A
    ) -> T:
        """Read within the deadline of a search. Raises :class:`search.contract.SearchError` after it."""
        try:
            with anyio.fail_after(self._deadline):
                return await self._cluster.run(function, *arguments)
        except TimeoutError as error:
            raise SearchError(
                "搜索集群没有及时响应 / the search cluster did not respond in time", retry_after=10
            ) from error

    def _write(self, write: Callable[[Iterable[Document]], BulkResult], documents: Iterable[Document]) -> int:
        result = write(documents)
        if result.rejected:
            raise RejectedError(result.rejected)
        return result.accepted

    async def _position(self, client: AsyncElasticsearch) -> int:
        name = await self._indices.current(client)
        return 0 if name is None else await self._indices.position(client, name)

    async def _ready_encoder(self) -> Encoder | None:
        """Return the encoder if a model is installed that works. The first call loads it."""
        is_ready = self._encoder is not None and await to_thread.run_sync(self._encoder.is_ready)
        return self._encoder if is_ready else None

    async def _load_language(self) -> tuple[Analyzer, Lexicon]:
        if self._language is None:
            self._language = await to_thread.run_sync(thesaurus.load_language)
        return self._language

    async def _mark(self, client: AsyncElasticsearch, sequence: int) -> None:
        await self._indices.store_mark(client, await self._indices.current_or_create(client), sequence)

    async def _visit_documents(
        self, client: AsyncElasticsearch, receive: Callable[[Sequence[Document]], None]
    ) -> None:
        name = await self._indices.current(client)
        if name is not None:
            async for hits in self._indices.iterate_hits(client, name, IS_DOCUMENT):
                receive([msgspec.convert(hit["_source"]["document"], Document) for hit in hits])

    async def _count(self, client: AsyncElasticsearch) -> int:
        try:
            return await count_documents(client, self._indices.alias, IS_DOCUMENT)
        except NotFoundError:
            return 0
