"""Answers to requests with an ``Idempotency-Key``, so that a repeated request is answered as the first was.

After draft-ietf-httpapi-idempotency-key-header-07. A request that was interrupted left no answer and is
carried out again: a publication that happened is refused then, since its submission is published.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, select

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, utc_now
from publisher.log.model import LogError

LIFETIME = timedelta(hours=24)
MOST_ANSWERS = 1000
"""Answers of a caller; older ones go first."""

_c = t.answer.c


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it was sent."""

    status: int
    media_type: str
    body: bytes


class StoredAnswers:
    """``caller``: an account, or one of its tokens."""

    def __init__(self, store: DeskStore, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._running: set[tuple[str, str]] = set()

    @contextmanager
    def only_one(self, caller: str, key: str) -> Iterator[None]:
        """Exclude another request with the same key. Raises ``LogError('idempotency-key-in-use')``."""
        with self._lock:
            if (caller, key) in self._running:
                raise LogError(
                    "idempotency-key-in-use",
                    "有同一 Idempotency-Key 的请求正在处理，请稍后重试。",
                    "A request with this Idempotency-Key is running; try again later.",
                )
            self._running.add((caller, key))
        try:
            yield
        finally:
            with self._lock:
                self._running.discard((caller, key))

    def find(self, caller: str, key: str, request: str) -> StoredAnswer | None:
        """Return the answer of an earlier request with this key. ``request``: digest of what is sent.

        Raises ``LogError('idempotency-key-reused')`` if something else was sent with it.
        """
        is_it = (_c.caller == caller) & (_c.key == key) & (_c.made_at > self._oldest())
        with self._store.read() as conn:
            row = conn.execute(select(t.answer).where(is_it)).first()
        if row is None:
            return None
        if row.request != request:
            raise LogError(
                "idempotency-key-reused",
                "这个 Idempotency-Key 已用于另一请求。每个新的请求请用新的值。",
                "This Idempotency-Key was used for another request. Use a new one for each new request.",
            )
        return StoredAnswer(row.status, row.media_type, zlib.decompress(row.body))

    def keep(self, caller: str, key: str, request: str, answer: StoredAnswer) -> None:
        """Keep an answer for 24 hours."""
        own = {"caller": caller, "key": key, "request": request, "made_at": micros(self._clock())}
        sent = {"status": answer.status, "media_type": answer.media_type, "body": zlib.compress(answer.body)}
        with self._store.write() as conn:
            conn.execute(delete(t.answer).where(_c.made_at <= self._oldest()))
            conn.execute(delete(t.answer).where(_c.caller == caller, _c.key == key))
            newest = select(_c.made_at).where(_c.caller == caller).order_by(_c.made_at.desc())
            limit = conn.scalar(newest.offset(MOST_ANSWERS - 1).limit(1))
            if limit is not None:
                conn.execute(delete(t.answer).where(_c.caller == caller, _c.made_at <= limit))
            conn.execute(t.answer.insert().values(**own, **sent))

    def _oldest(self) -> int:
        return micros(self._clock() - LIFETIME)
