"""The engine in process: tantivy in a folder, shared by every process of the site on one machine.

The folder holds generations of the index and ``current``, a file that names the one in force. A rebuild
writes a new generation beside and renames ``current``; readers look at ``current`` and at the index's own
``meta.json`` before every search and load what is new. Whoever writes holds ``writer.lock``, for one call.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable, Iterable, Sequence
from pathlib import Path

from anyio import to_thread

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Document, Followed, Page, Request, Touches
from search.embedded import saved_search, search
from search.embedded.async_documents import drained
from search.embedded.index_folder import Folder


class EmbeddedEngine:
    """A :class:`search.contract.SearchEngine` over a folder. ``dictionary``: further words to keep whole."""

    def __init__(self, folder: Path, *, dictionary: Iterable[str] = ()) -> None:
        self._folder = Folder(folder)
        self._dictionary = tuple(dictionary)
        self._loading = threading.Lock()
        self._language: tuple[Analyzer, Lexicon] | None = None

    async def search(self, request: Request) -> Page:
        return await to_thread.run_sync(self._search, request)

    async def touched(self, followed: Followed) -> Touches:
        return await to_thread.run_sync(self._touched, followed)

    async def index(self, documents: Iterable[Document]) -> int:
        """One commit, of 50 ms and more: the larger the batch the better. It is read in a thread."""
        return await to_thread.run_sync(self._index, documents)

    async def erase(self, spans: Sequence[str]) -> None:
        """Copies what remains into a new generation and removes the old one with all its files."""
        await to_thread.run_sync(self._erase, frozenset(spans))

    async def rebuild(self, documents: AsyncIterable[Document] | Iterable[Document]) -> int:
        """Writers of other processes wait meanwhile; searches are answered from the old generation."""
        if not isinstance(documents, Iterable):
            documents = drained(documents)
        return await to_thread.run_sync(self._rebuild, documents)

    async def position(self) -> int:
        return await to_thread.run_sync(self._folder.position)

    async def mark(self, sequence: int) -> None:
        await to_thread.run_sync(self._folder.mark, sequence)

    async def count(self) -> int:
        reader = await to_thread.run_sync(self._folder.reader)
        return reader.documents if reader else 0

    async def close(self) -> None:
        self._folder.close()

    def _search(self, request: Request) -> Page:
        return search.page(self._folder.reader(), request, *self._loaded())

    def _touched(self, followed: Followed) -> Touches:
        return saved_search.touched(self._folder.reader(), followed, *self._loaded())

    def _index(self, documents: Iterable[Document]) -> int:
        return self._folder.add(documents, self._analyzer)

    def _rebuild(self, documents: Iterable[Document]) -> int:
        with self._folder.replacing() as writing:
            return writing.write(documents, self._analyzer)

    def _erase(self, spans: frozenset[str]) -> None:
        self._folder.drop(spans, self._analyzer)

    @property
    def _analyzer(self) -> Analyzer:
        return self._loaded()[0]

    def _loaded(self) -> tuple[Analyzer, Lexicon]:
        """Analysis is loaded with the first document or search: 0.2 s that other commands need not pay."""
        with self._loading:
            if self._language is None:
                self._language = thesaurus.load(self._dictionary)
            return self._language
