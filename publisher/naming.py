"""The names of the site, kept in memory by each process that answers readers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date

from anyio import to_thread

from publisher.store.store import Store
from search import lexicon, pinyin
from search.names import Name, Names

type State = tuple[int, date]
"""The newest release and the day: names stay while both do."""


@dataclass(frozen=True, slots=True)
class Known:
    state: State
    erasure: int
    """The last that these names know of."""
    names: Names


class SiteNames:
    """Read from the store with the first question, and anew when the log went on: by one that asks, while
    others are answered from the names of before. Only after an erasure they wait: no erased name is told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reading = threading.Lock()
        self._known: Known | None = None

    async def __call__(self) -> Names:
        return (await self.known()).names

    async def known(self) -> Known:
        return await to_thread.run_sync(self._fresh)

    def _fresh(self) -> Known:
        known = self._known
        if known is not None and known.state == self._store.validator():
            return known
        waits = known is None or known.erasure != self._store.last_erasure()
        if not self._reading.acquire(blocking=waits) and known is not None:
            return known
        try:
            state, erasure = self._store.validator(), self._store.last_erasure()
            known = self._known
            if known is None or known.state != state:
                known = self._known = Known(state, erasure, self._read())
            return known
        finally:
            self._reading.release()

    def _read(self) -> Names:
        analyzer, words = lexicon.load()
        found = (Name(text, kind, count) for text, kind, count in self._store.names())
        return Names(found, analyzer, words, pinyin.load(analyzer))
