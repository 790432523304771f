"""Interruption of reads whose caller has gone, across threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[Interruption | None] = ContextVar("interruption", default=None)


class InterruptedReadError(Exception):
    """The caller of a read has gone."""


class Interruption:
    """A signal to the reads of one piece of work, given by another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._cancel: Callable[[], object] | None = None

    @property
    def is_given(self) -> bool:
        return self._event.is_set()

    def interrupt(self) -> None:
        """End the running statement, and refuse further ones."""
        with self._lock:
            self._event.set()
            if self._cancel is not None:
                self._cancel()

    @contextmanager
    def cancelling(self, cancel: Callable[[], object]) -> Iterator[None]:
        """Call ``cancel`` if the signal comes meanwhile. Raises ``InterruptedReadError`` after the signal."""
        with self._lock:
            if self.is_given:
                raise InterruptedReadError
            self._cancel = cancel
        try:
            yield
        finally:
            with self._lock:
                self._cancel = None


@contextmanager
def interruptible(interruption: Interruption) -> Iterator[None]:
    """Let ``interruption`` end the reads of this context, in every thread that copies it."""
    token = _current.set(interruption)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Interruption | None:
    return _current.get()


def is_interrupted() -> bool:
    """Report whether the caller of this thread's work has gone."""
    interruption = _current.get()
    return interruption is not None and interruption.is_given
