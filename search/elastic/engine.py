"""The engine on a cluster: Elasticsearch 9 behind an alias, for many machines.

Everything that decides what a hit is and which comes first is shared with the embedded engine; here are
only the index and the calls. A server needs nothing but its core: no plug-in, script or analysis of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Sequence

from anyio import to_thread
from elasticsearch import AsyncElasticsearch, NotFoundError

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Document, Followed, Page, RejectedError, Request, Touches
from search.elastic import saved_search, search
from search.elastic.bulk import Outcome
from search.elastic.cluster import Cluster
from search.elastic.connection import Connection
from search.elastic.index_writer import STATED, Writer, counted
from search.elastic.indices import Indices
from search.embedded.async_documents import drained


class ElasticsearchEngine:
    """A :class:`search.contract.SearchEngine`. Nothing is asked of the cluster before the first call."""

    def __init__(self, connection: Connection, *, dictionary: Iterable[str] = ()) -> None:
        self._cluster = Cluster(connection)
        self._dictionary = tuple(dictionary)
        self._indices = Indices(connection, self._dictionary)
        self._writer = Writer(self._cluster, self._indices, self._dictionary)
        self._language: tuple[Analyzer, Lexicon] | None = None

    async def search(self, request: Request) -> Page:
        """Raises :class:`search.contract.CursorError` and :class:`search.contract.SearchError`."""
        return await self._cluster.run(search.page, self._indices, request, *await self._words())

    async def touched(self, followed: Followed) -> Touches:
        """Raises :class:`search.contract.SearchError`."""
        return await self._cluster.run(saved_search.touched, self._indices, followed, *await self._words())

    async def index(self, documents: Iterable[Document]) -> int:
        """Write in many requests. Raises :class:`search.contract.RejectedError`, after all else is
        written, for documents that the cluster refuses for good."""
        return await to_thread.run_sync(self._written, self._writer.index, documents)

    async def erase(self, spans: Sequence[str]) -> None:
        """Copies what remains into a new index and removes the old one with all its files. A mark stays of
        every span, so that no write that comes late brings it back."""
        await to_thread.run_sync(self._writer.erase, frozenset(spans))

    async def rebuild(self, documents: AsyncIterable[Document] | Iterable[Document]) -> int:
        """Counts are compared before the swap. What others write meanwhile is carried over."""
        if not isinstance(documents, Iterable):
            documents = drained(documents)
        return await to_thread.run_sync(self._written, self._writer.rebuild, documents)

    async def position(self) -> int:
        return await self._cluster.run(self._position)

    async def mark(self, sequence: int) -> None:
        await self._cluster.run(self._mark, sequence)

    async def count(self) -> int:
        return await self._cluster.run(self._count)

    async def close(self) -> None:
        await to_thread.run_sync(self._cluster.close)

    def _written(self, write: Callable[[Iterable[Document]], Outcome], documents: Iterable[Document]) -> int:
        outcome = write(documents)
        if outcome.refused:
            raise RejectedError(outcome.refused)
        return outcome.taken

    async def _position(self, client: AsyncElasticsearch) -> int:
        name = await self._indices.current(client)
        return 0 if name is None else await self._indices.position(client, name)

    async def _words(self) -> tuple[Analyzer, Lexicon]:
        if self._language is None:
            self._language = await to_thread.run_sync(thesaurus.load, self._dictionary)
        return self._language

    async def _mark(self, client: AsyncElasticsearch, sequence: int) -> None:
        await self._indices.remember(client, await self._indices.ensure(client), sequence)

    async def _count(self, client: AsyncElasticsearch) -> int:
        try:
            return await counted(client, self._indices.alias, STATED)
        except NotFoundError:
            return 0
