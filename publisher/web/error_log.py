"""Log of failed requests: one entry for each kind of failure and a limited number of them a minute."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from publisher.failure_lines import describe_in_a_line, is_database_away

MOST = 5
"""Entries a minute of one kind: of one exception at one path, or of a database that is away."""
MOST_OF_ALL = 60
"""Entries a minute of all kinds: each of many addresses may fail for the same cause, a damaged database."""
_MINUTE = 60.0
_MOST_KINDS = 1_000

logger = logging.getLogger(__name__)


class ErrorLog:
    """Writes failures with tracebacks; if the database is away, one line, as the cause is outside."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, str], list[float]] = {}
        self._newest: deque[float] = deque(maxlen=MOST_OF_ALL)
        """When the last entries were written, of whatever kind."""
        self._omitted = 0

    def write(self, method: str, path: str, error: Exception) -> None:
        """Write a failure, unless too many were written. ``method`` and ``path`` begin the line."""
        is_away = is_database_away(error)
        kind = (type(error).__name__, "" if is_away else path[:200])
        if not self._admits(kind):
            self._omitted += 1
            return
        omitted, self._omitted = self._omitted, 0
        more = f" ({omitted} more failures were not logged)" if omitted else ""
        if is_away:
            reason = describe_in_a_line(error)
            logger.error("%s %s failed: the database is away: %s%s", method, path, reason, more)
        else:
            logger.error("%s %s failed%s", method, path, more, exc_info=error)

    def _admits(self, kind: tuple[str, str]) -> bool:
        now = self._clock()
        times = [t for t in self._entries.get(kind, ()) if now - t < _MINUTE]
        is_flood = len(self._newest) == MOST_OF_ALL and now - self._newest[0] < _MINUTE
        if len(times) >= MOST or is_flood:
            return False
        self._newest.append(now)
        if len(self._entries) >= _MOST_KINDS:
            self._entries.clear()
        self._entries[kind] = [*times, now]
        return True
