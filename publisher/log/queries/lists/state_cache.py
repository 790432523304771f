"""Results of queries about the state of a dataset, kept in memory while that state is the same."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Column, Connection, select, union

from publisher.log.database import tables as t
from publisher.log.queries.point_in_time import Clocks

_MOST = 512
_memory_only: ContextVar[bool] = ContextVar("memory_only", default=False)


class NotInMemoryError(Exception):
    """The result has to be read first, which may take long."""


@contextmanager
def memory_only() -> Iterator[None]:
    """Raise :class:`NotInMemoryError` in the block where a result may take long to read."""
    token = _memory_only.set(True)
    try:
        yield
    finally:
        _memory_only.reset(token)


def require_patience() -> None:
    """Raise :class:`NotInMemoryError` for a caller that takes only what is in memory."""
    if _memory_only.get():
        raise NotInMemoryError


class StateCache:
    """Cache of the results that were used most recently.

    No result becomes stale, because its key contains the number of the dataset's validator, which grows with
    each release and each change of details or parts. A result that two threads miss at once is computed
    twice.
    """

    def __init__(self) -> None:
        self._results: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def find[T](self, key: Hashable, compute: Callable[[], T]) -> T:
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                result: T = self._results[key]
                return result
        require_patience()
        result = compute()
        with self._lock:
            self._results[key] = result
            while len(self._results) > _MOST:
                self._results.popitem(last=False)
        return result

    def state(self, conn: Connection, dataset: int, sequence: int, clocks: Clocks) -> Hashable:
        """Return a key that is equal for all days and instants between which nothing begins or ends.

        ``sequence``: of the dataset's validator.
        """
        days, instants = self.find((dataset, sequence), lambda: _boundaries(conn, dataset))
        return dataset, sequence, bisect_right(days, clocks.day), bisect_right(instants, clocks.instant)


def _boundaries(conn: Connection, dataset: int) -> tuple[Sequence[int], Sequence[int]]:
    """Read the days and the instants at which spans of a dataset begin or end, in order."""
    s = t.span.c

    def values(*columns: Column[Any]) -> list[int]:
        query = union(*(select(column).where(s.dataset == dataset) for column in columns))
        return sorted(conn.scalars(query))

    return values(s.effective_from, s.effective_to), values(s.known_from, s.known_to)
