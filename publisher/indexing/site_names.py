"""Names of the site's records, cached in memory by each serving process."""

from __future__ import annotations

import logging
import threading
import time
from datetime import date

import anyio
import msgspec
from anyio import to_thread

from publisher.failure_lines import log_failure
from publisher.log.log import Log
from search.chinese import pinyin, thesaurus
from search.query.name_index import Name, Names

type LogState = tuple[int, date]
"""Site-wide sequence of the newest release, and the day. Names are current while both stay the same."""

AT_ONCE = 2_000
"""Most names that are read within a request: less than 0.1 s."""
_POLL = 1.0
"""Seconds between two checks of the log."""
_LONGEST_REST = 0.01
"""Seconds between two pieces of reading."""
_LONGEST_PAUSE = 60.0
"""Seconds between two checks while the log is away."""

logger = logging.getLogger(__name__)


class NamesSnapshot(msgspec.Struct, frozen=True):
    state: LogState
    release: int
    """Site-wide number of the last release that these names include."""
    names: Names


class SiteNames:
    """Reads the names on first use, and again after the log has changed.

    Up to ``at_once`` names are read within the request. Larger lists are read in the background by
    :meth:`update_until_cancelled`; until then the outdated names are used, unless something was erased.
    """

    def __init__(self, log: Log, *, at_once: int = AT_ONCE) -> None:
        self._log, self._at_once = log, at_once
        self._reading = threading.Lock()
        self._turn = anyio.Lock()
        self._waiting = 0
        self._worked_since = 0.0
        self._cached: NamesSnapshot | None = None

    async def __call__(self) -> Names:
        return (await self.current()).names

    async def current(self) -> NamesSnapshot:
        snapshot = await to_thread.run_sync(self._find_usable)
        if snapshot is not None:
            return snapshot
        async with self._turn:  # one request waits in a thread; of many, none would be left for other work
            return await to_thread.run_sync(self._await_current)

    def _find_usable(self) -> NamesSnapshot | None:
        """Return current names, or outdated ones that may still be used; None if they have to be read."""
        cached = self._cached
        is_current = cached is not None and cached.state == self._log.queries.validator()
        return cached if is_current else self.outdated()

    def _await_current(self) -> NamesSnapshot:
        self._waiting += 1
        try:
            return self._read_current()
        finally:
            self._waiting -= 1

    def _rest(self) -> None:
        """Leave the interpreter to readers for two thirds of the time, unless one of them waits for names."""
        worked = time.monotonic() - self._worked_since
        if not self._waiting:
            time.sleep(min(2 * worked, _LONGEST_REST))
        self._worked_since = time.monotonic()

    async def update_until_cancelled(self) -> None:
        """Update the names from the log until cancelled; after a failure, after growing pauses."""
        pause = _POLL
        while True:
            try:
                await to_thread.run_sync(self._read_current)
                pause = _POLL
            except Exception as error:  # noqa: BLE001 - the task must not end silently
                log_failure(logger, "the names of the site are behind", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            await anyio.sleep(pause)

    def outdated(self) -> NamesSnapshot | None:
        """Return outdated names that may still be used; None if current names are needed."""
        cached = self._cached
        if (
            cached is None
            or len(cached.names) <= self._at_once
            or cached.state == self._log.queries.validator()
        ):
            return None
        return None if self._log.queries.erased_since(cached.release) else cached

    def _read_current(self) -> NamesSnapshot:
        """Return current names. Concurrent calls wait for one reading and share its result."""
        with self._reading:
            cached = self._cached
            if cached is None or cached.state != self._log.queries.validator():
                cached = self._cached = self._read_names()
            return cached

    def _read_names(self) -> NamesSnapshot:
        analyzer, words = thesaurus.load_language()
        with self._log.snapshot():
            state, release = self._log.queries.validator(), self._log.queries.last_release_sequence()
            entries = (Name(text, kind, count) for text, kind, count in self._log.queries.names())
            names = Names(entries, analyzer, words, pinyin.load_pinyin(analyzer), self._rest)
            return NamesSnapshot(state, release, names)
