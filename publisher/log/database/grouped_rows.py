"""Rows in the order of a key, taken key by key, so that a pass over another table finds those of each key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby


class GroupedRows[Row]:
    """Groups of rows with the same key, of which one is in memory; ``key``: row → key."""

    def __init__(self, rows: Iterable[Row], key: Callable[[Row], int]) -> None:
        """``rows``: in the order of their keys."""
        self._groups = groupby(rows, key=key)
        self._strays: list[int] = []
        self._advance()

    def _advance(self) -> None:
        self._key: int | None = None
        self._rows: Sequence[Row] = ()
        for key, group in self._groups:
            self._key, self._rows = key, list(group)
            return

    def take(self, key: int) -> Sequence[Row]:
        """Return the rows of a key, none if there are none; each key taken is higher than the one before."""
        while self._key is not None and self._key < key:
            self._strays.append(self._key)
            self._advance()
        if self._key != key:
            return ()
        rows = self._rows
        self._advance()
        return rows

    def strays(self) -> Iterator[int]:
        """Yield the keys of rows for which no :meth:`take` asked. To be called after the last one."""
        yield from self._strays
        while self._key is not None:
            yield self._key
            self._advance()
