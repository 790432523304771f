"""Followers as the public side has them: it takes wishes and choices, and can read no address."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from publisher.inbox import contact_seal
from publisher.inbox import tables as t
from publisher.inbox.database import InboxDatabase, newest_key
from publisher.inbox.follower import Choice, Following, Mailbox, Pace, Wish
from publisher.log.clocks import micros, utc_now

ADDRESS_DAILY = 3
"""Wishes for one address a day, so that nobody fills the mailbox of another."""
MOST_WAITING = 1_000
"""Wishes that wait for confirmation."""
MOST = 100_000
_f, _c = t.follower.c, t.choice.c


class TooManyError(Exception):
    """No wish can be taken: the most that may wait do, or there are the most followers that may be."""


class PublicFollowers:
    """Thread-safe. Methods raise ``OperationalError`` while the database is away."""

    def __init__(self, database: InboxDatabase, key: bytes, clock: Callable[[], datetime] = utc_now) -> None:
        """``key``: of codes of addresses; the site's processes share it."""
        self._database, self._key, self._clock = database, key, clock

    def is_on(self) -> bool:
        """Report whether the inbox has the tables of followers and this role may use them."""
        try:
            with self._database.read() as conn:
                conn.execute(select(_f.id, _f.state).limit(1)).all()
                return (conn.scalar(select(t.version.c.number)) or 0) >= t.VERSION
        except DBAPIError:
            return False

    def submit(self, wish: Wish) -> None:
        """Store a wish, for which the worker sends a mail. Raises :class:`TooManyError`.

        More wishes for one address than a day may have are ignored: the answer may not reveal who follows.
        """
        now = self._clock()
        code = hashlib.blake2b(wish.address.lower().encode(), key=self._key, digest_size=16).hexdigest()
        token = secrets.token_urlsafe(24)
        with self._database.write() as conn:
            count = select(func.count(_f.id))
            if (conn.scalar(count.where(_f.state.in_(("new", "asked")))) or 0) >= MOST_WAITING:
                raise TooManyError
            if (conn.scalar(count) or 0) >= MOST:
                raise TooManyError
            recent = (_f.address_code == code) & (_f.received_at > micros(now - timedelta(days=1)))
            if (conn.scalar(count.where(recent)) or 0) >= ADDRESS_DAILY:
                return
            key = newest_key(conn)
            mailbox = msgspec.json.encode(Mailbox(wish.address, token)).decode()
            row = {
                "id": follower_id(token),
                "scope": wish.scope,
                "pace": wish.pace,
                "lang": wish.lang,
                "address_code": code,
                "key": key.id,
                "sealed": contact_seal.seal(mailbox, bytes(key.public), contact_seal.FOLLOWER),
                "received_at": micros(now),
            }
            conn.execute(t.follower.insert().inline(), row)

    def following(self, token: str) -> Following | None:
        """Return the subscription with a token; None if there is none, or none any more."""
        identifier = follower_id(token)
        with self._database.read() as conn:
            columns = (_f.scope, _f.pace, _f.state)
            row = conn.execute(select(*columns).where(_f.id == identifier)).one_or_none()
            choices = conn.scalars(select(_c.choice).where(_c.follower == identifier)).all()
        if row is None:
            return None
        has_left = "left" in choices
        is_active = not has_left and (row.state == "active" or "confirmed" in choices)
        return Following(row.scope, cast("Pace", row.pace), is_active=is_active, has_left=has_left)

    def choose(self, token: str, choice: Choice) -> bool:
        """Store a choice, once → whether there is such a follower."""
        identifier = follower_id(token)
        with self._database.write() as conn:
            if conn.scalar(select(_f.id).where(_f.id == identifier)) is None:
                return False
            same = (_c.follower == identifier) & (_c.choice == choice)
            if conn.scalar(select(_c.follower).where(same)) is None:
                row = {"follower": identifier, "choice": choice, "chosen_at": micros(self._clock())}
                conn.execute(t.choice.insert().inline(), row)
        return True

    def close(self) -> None:
        self._database.close()


def follower_id(token: str) -> str:
    """Compute the id of a row, from which nobody can compute the token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()[:32]
