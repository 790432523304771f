"""The one clock of the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Stands still until it is moved; with a ``step`` it goes on by that much at every reading."""

    def __init__(
        self, now: datetime = datetime(2020, 1, 1, tzinfo=UTC), *, step: timedelta = timedelta(0)
    ) -> None:
        self.now = now
        self._step = step

    def __call__(self) -> datetime:
        self.now += self._step
        return self.now

    def advance(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now
