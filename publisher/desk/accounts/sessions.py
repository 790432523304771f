"""Sessions in the store of the desk, as the backend of Litestar's server-side sessions keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from litestar.concurrency import sync_to_thread
from litestar.stores.base import Store
from sqlalchemy import delete, select, update

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, moment, utc_now

_s = t.session.c


class SessionStore(Store):
    """A key is stored as its SHA-256, so that a copy of the database opens no session."""

    def __init__(self, store: DeskStore, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._clock = store, clock

    async def set(self, key: str, value: str | bytes, expires_in: int | timedelta | None = None) -> None:
        data = value.encode() if isinstance(value, str) else value
        await sync_to_thread(self._set, key, data, _seconds(expires_in))

    async def get(self, key: str, renew_for: int | timedelta | None = None) -> bytes | None:
        return await sync_to_thread(self._get, key, renew_for)

    async def delete(self, key: str) -> None:
        await sync_to_thread(self._delete, _s.id == _digest(key))

    async def delete_all(self) -> None:
        await sync_to_thread(self._delete, None)

    async def exists(self, key: str) -> bool:
        return await self.get(key) is not None

    async def expires_in(self, key: str) -> int | None:
        return await sync_to_thread(self._expires_in, key)

    def _set(self, key: str, data: bytes, seconds: int) -> None:
        now = self._clock()
        expires_at = micros(now + timedelta(seconds=seconds))
        with self._store.write() as conn:
            conn.execute(delete(t.session).where((_s.id == _digest(key)) | (_s.expires_at <= micros(now))))
            conn.execute(t.session.insert().values(id=_digest(key), data=data, expires_at=expires_at))

    def _get(self, key: str, renew_for: int | timedelta | None) -> bytes | None:
        now = self._clock()
        is_it = (_s.id == _digest(key)) & (_s.expires_at > micros(now))
        with self._store.read() as conn:
            data = conn.scalar(select(_s.data).where(is_it))
        if data is not None and renew_for is not None:
            expires_at = micros(now + timedelta(seconds=_seconds(renew_for)))
            with self._store.write() as conn:
                conn.execute(update(t.session).where(is_it).values(expires_at=expires_at))
        return None if data is None else bytes(data)

    def _delete(self, where: object) -> None:
        with self._store.write() as conn:
            conn.execute(delete(t.session) if where is None else delete(t.session).where(where))  # type: ignore[arg-type]

    def _expires_in(self, key: str) -> int | None:
        now = self._clock()
        with self._store.read() as conn:
            until = conn.scalar(select(_s.expires_at).where(_s.id == _digest(key)))
        if until is None or until <= micros(now):
            return None
        return int((moment(until) - now).total_seconds())


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _seconds(time: int | timedelta | None) -> int:
    if time is None:
        return 24 * 3600
    return int(time.total_seconds()) if isinstance(time, timedelta) else time
