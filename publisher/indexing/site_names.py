"""The names of the site, kept in memory by each process that answers readers."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import date

import anyio
from anyio import to_thread

from publisher.log.log import Log
from search.chinese import pinyin, thesaurus
from search.query.name_index import Name, Names

type State = tuple[int, date]
"""The newest release and the day: names stay while both do."""

AT_ONCE = 2_000
"""Names that are read while who asks waits: less than 0.1 s."""
_POLL = 1.0
"""Seconds between two looks at the log."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    state: State
    release: int
    """The last, site-wide, that these names know of."""
    names: Names


class SiteNames:
    """Read from the log with the first question, and anew when the log went on.

    Few are read by who asks. Of more than ``at_once`` reading takes long, so it is left to :meth:`follow`,
    and those of before answer meanwhile; but not once something was erased: no erased name is told.
    """

    def __init__(self, log: Log, *, at_once: int = AT_ONCE) -> None:
        self._log, self._at_once = log, at_once
        self._reading = threading.Lock()
        self._known: Known | None = None

    async def __call__(self) -> Names:
        return (await self.known()).names

    async def known(self) -> Known:
        return await to_thread.run_sync(lambda: self.before() or self._now())

    async def follow(self) -> None:
        """Keep the names in step with the log, until cancelled."""
        while True:
            try:
                await to_thread.run_sync(self._now)
            except Exception:  # a follower that dies quietly would leave the names behind
                logger.warning("the names of the site are behind", exc_info=True)
            await anyio.sleep(_POLL)

    def before(self) -> Known | None:
        """Names of an earlier state that answer still; None where an answer is of those of now."""
        known = self._known
        if known is None or len(known.names) <= self._at_once or known.state == self._log.queries.validator():
            return None
        return None if self._log.queries.erased_since(known.release) else known

    def _now(self) -> Known:
        """Whoever waited for another's reading takes what that found."""
        with self._reading:
            known = self._known
            if known is None or known.state != self._log.queries.validator():
                known = self._known = self._read()
            return known

    def _read(self) -> Known:
        analyzer, words = thesaurus.load()
        with self._log.snapshot():
            state, release = self._log.queries.validator(), self._log.queries.newest_release()
            found = (Name(text, kind, count) for text, kind, count in self._log.queries.names())
            return Known(state, release, Names(found, analyzer, words, pinyin.load(analyzer)))
