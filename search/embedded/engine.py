"""Search engine in process: a tantivy index in a folder, shared by all processes of one machine.

The folder contains generations of the index, and the file ``current`` with the name of the current one. A
rebuild writes a new generation and replaces ``current``. Readers check ``current`` and the index's
``meta.json`` before every search and reload after a change. A writer holds ``writer.lock`` during one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path

from anyio import to_thread

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import (
    CursorError,
    DamagedIndexError,
    Document,
    EncodingProgress,
    HitChanges,
    Page,
    Request,
    SavedSearch,
)
from search.embedded import saved_search, search
from search.embedded.encoding import Encoding
from search.embedded.index_folder import BATCH, Generations
from search.embedded.similar import QueryVectors
from search.semantic.encoder import Encoder


@contextmanager
def _report_panics() -> Iterator[None]:
    """Report damaged files over which tantivy panics, which is not an ``Exception``."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedIndexError(str(error)) from error


@contextmanager
def _report_damage() -> Iterator[None]:
    """Report damaged files where every ``ValueError``, which tantivy raises too, comes from the index."""
    with _report_panics():
        try:
            yield
        except CursorError:
            raise
        except ValueError as error:
            raise DamagedIndexError(str(error)) from error


class EmbeddedEngine:
    """A :class:`search.contract.SearchEngine` on a folder.

    ``encoder``: with it, and once its model is installed, documents are also found by meaning.
    """

    def __init__(self, folder: Path, *, encoder: Encoder | None = None) -> None:
        self._folder = Generations(folder)
        self._encoder = encoder
        self._encoding = None if encoder is None else Encoding(self._folder, encoder)
        self._loading = threading.Lock()
        self._language: tuple[Analyzer, Lexicon] | None = None

    async def search(self, request: Request) -> Page:
        return await to_thread.run_sync(self._search, request)

    async def hit_changes(self, saved: SavedSearch) -> HitChanges:
        return await to_thread.run_sync(self._hit_changes, saved)

    async def index(self, documents: Iterable[Document]) -> int:
        """Write in one commit, which takes at least 50 ms, so large batches are faster. ``documents`` is
        iterated in a thread."""
        return await to_thread.run_sync(self._index, documents)

    async def erase(self, spans: Sequence[str]) -> None:
        """Copy the remaining documents into a new generation and delete the old one with all its files."""
        await to_thread.run_sync(self._erase, frozenset(spans))

    async def rebuild(self, documents: Iterable[Document]) -> int:
        """Rebuild. Meanwhile writers of other processes wait, and searches use the old generation."""
        return await to_thread.run_sync(self._rebuild, documents)

    async def position(self) -> int:
        return await to_thread.run_sync(self._position)

    async def mark(self, sequence: int) -> None:
        await to_thread.run_sync(self._folder.mark, sequence)

    async def count(self) -> int:
        return await to_thread.run_sync(self._count)

    async def encode(self, most: int) -> int:
        """Encode in the caller's thread pool. Raises :class:`search.contract.SearchError`."""
        return await to_thread.run_sync(self._encode, most)

    async def encoding_progress(self) -> EncodingProgress | None:
        return await to_thread.run_sync(self._encoding_progress)

    async def visit_documents(self, receive: Callable[[Sequence[Document]], None]) -> None:
        await to_thread.run_sync(self._visit_documents, receive)

    async def check(self) -> None:
        await to_thread.run_sync(self._folder.check)

    async def close(self) -> None:
        self._folder.close()

    def _search(self, request: Request) -> Page:
        with _report_damage():
            reader, vectors = self._folder.reader(), self._vectors()
            return search.search_page(reader, vectors, request, *self._load_language())

    def _vectors(self) -> QueryVectors | None:
        """Return the vectors and the model for queries; None if no model is installed that works."""
        if self._encoder is None or not self._encoder.is_ready():
            return None
        vectors = self._folder.vectors()
        return None if vectors is None else QueryVectors(vectors, self._encoder)

    def _encode(self, most: int) -> int:
        if self._encoding is None or not self._encoder or not self._encoder.is_ready():
            return 0
        with _report_damage():
            return self._encoding.encode(most, self._analyzer)

    def _encoding_progress(self) -> EncodingProgress | None:
        if self._encoder is None or not (self._encoder.is_ready() or self._encoder.failure):
            return None
        vectors = self._folder.vectors()
        documents, writes = (0, 0) if vectors is None else (len(vectors), vectors.writes)
        return EncodingProgress(documents, writes, self._encoder.failure)

    def _hit_changes(self, saved: SavedSearch) -> HitChanges:
        with _report_damage():
            return saved_search.find_hit_changes(self._folder.reader(), saved, *self._load_language())

    def _visit_documents(self, receive: Callable[[Sequence[Document]], None]) -> None:
        with _report_damage():
            reader = self._folder.reader()
            for batch in batched(() if reader is None else reader.iterate_documents(), BATCH):
                receive(batch)

    def _position(self) -> int:
        with _report_damage():
            return self._folder.position()

    def _count(self) -> int:
        with _report_damage():
            reader = self._folder.reader()
            return reader.documents if reader else 0

    def _index(self, documents: Iterable[Document]) -> int:
        with _report_panics():
            return self._folder.add(documents)

    def _rebuild(self, documents: Iterable[Document]) -> int:
        with _report_panics(), self._folder.replace_generation() as writer:
            return writer.write(documents)

    def _erase(self, spans: frozenset[str]) -> None:
        with _report_damage():
            self._folder.erase(spans)

    @property
    def _analyzer(self) -> Analyzer:
        return self._load_language()[0]

    def _load_language(self) -> tuple[Analyzer, Lexicon]:
        """Load the analyzer on first use. It takes 0.2 s, which commands without search save."""
        with self._loading:
            if self._language is None:
                self._language = thesaurus.load_language()
            return self._language
