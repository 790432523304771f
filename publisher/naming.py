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
    names: Names


class SiteNames:
    """Read from the store with the first question, and anew, once for all who wait, when the log went on."""

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
        if known is None or known.state != self._store.validator():
            with self._reading:
                state = self._store.validator()
                known = self._known
                if known is None or known.state != state:
                    known = self._known = Known(state, self._read())
        return known

    def _read(self) -> Names:
        analyzer, words = lexicon.load()
        found = (Name(text, kind, count) for text, kind, count in self._store.names())
        return Names(found, analyzer, words, pinyin.load(analyzer))
