"""The clock of the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Clock that does not advance by itself; with a ``step`` each reading advances it by that much."""

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
