"""Followers for the worker: those to ask, to notify, to set aside and to delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, func, or_, select, update

from publisher.inbox import contact_seal
from publisher.inbox import tables as t
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.database import InboxDatabase
from publisher.inbox.follower import UNCONFIRMED_DAYS, Follower, FollowerState, Mailbox, Pace
from publisher.inbox.inbox import Inbox
from publisher.log.clocks import micros, moment, utc_now

ASIDE_DAYS = 30
"""Days after which an address that was set aside is deleted."""
UNASKED_DAYS = 7
"""Days after which a wish is deleted whose mail no server took; longer than all retries of a mail."""
_LONGEST_ERROR = 500
"""Characters of an error that are stored."""
_LONGEST_DELAY = timedelta(days=4)
"""No attempt is further off than this; where one is, it was put off while the clock was ahead."""
_decode_mailbox = msgspec.json.Decoder(Mailbox).decode
_f, _c = t.follower.c, t.choice.c


class Followers:
    """Followers of the site. Each change is one transaction."""

    def __init__(
        self, database: InboxDatabase, keys: SealKeys, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database, self._keys, self._clock = database, keys, clock

    def apply_choices(self, newest_at: Callable[[datetime], int]) -> int:
        """Apply the choices of followers; delete those who left or did not confirm in time → deleted rows.

        ``newest_at``: returns the sequence of the newest release at an instant; mails to a follower begin
        after that of his confirmation, also if no worker ran then. Who confirms has read a mail: an address
        that was set aside is active again. A deleted address is overwritten.
        """
        now = self._clock()
        with self._database.read() as conn:  # no write transaction if nothing is to be done
            if not conn.scalar(select(func.count(_c.follower))) and not self._has_overdue(conn, now):
                return 0
        with self._database.write() as conn:
            deleted = conn.execute(delete(t.follower).where(_is_ended(now))).rowcount
            confirmed = select(_c.follower, _c.chosen_at).where(_c.choice == "confirmed")
            for follower, chosen_at in conn.execute(confirmed).all():
                told = newest_at(moment(chosen_at))
                conn.execute(
                    update(t.follower)
                    .where(_f.id == follower, _f.state.in_(("new", "asked", "aside")))
                    .values(state="active", since=chosen_at, told=told, due_at=0, attempts=0, error="")
                )
            conn.execute(delete(t.choice))
        if deleted:
            self._database.erase_contacts()
        return deleted

    def forget(self) -> int:
        """Delete those who left or did not confirm in time, also where no mails are sent → their number.

        A deleted address is overwritten.
        """
        with self._database.write() as conn:
            deleted = conn.execute(delete(t.follower).where(_is_ended(self._clock()))).rowcount
        if deleted:
            self._database.erase_contacts()
        return deleted

    @staticmethod
    def _has_overdue(conn: Any, now: datetime) -> bool:
        return conn.execute(select(_f.id).where(_is_overdue(now)).limit(1)).first() is not None

    def to_ask(self, limit: int) -> Sequence[Follower]:
        """List new followers whose mail is due, oldest first."""
        return self._list(_f.state == "new", limit=limit)

    def to_notify(self, upto: Mapping[Pace, int], limit: int) -> Sequence[Follower]:
        """List followers whose mail is due: releases up to that of their pace were not announced to them."""
        behind = or_(*((_f.pace == pace) & (_f.told < sequence) for pace, sequence in upto.items()))
        return self._list(_f.state == "active", behind, limit=limit)

    def _list(self, *conditions: Any, limit: int) -> Sequence[Follower]:
        now = self._clock()
        due = or_(_f.due_at <= micros(now), _f.due_at > micros(now + _LONGEST_DELAY))
        leavers = select(_c.follower).where(_c.choice == "left")  # who left a moment ago
        query = select(t.follower).where(*conditions, due, _f.id.not_in(leavers))
        with self._database.read() as conn:
            rows = conn.execute(query.order_by(_f.received_at, _f.id).limit(limit)).mappings()
            return [_follower(row) for row in rows]

    def mailbox(self, follower: Follower) -> Mailbox:
        """Open the address of a follower. Raises ``LogError('key-unusable')``."""
        text = self._keys.open(follower.key, follower.sealed, contact_seal.FOLLOWER)
        return _decode_mailbox(text)

    def mark_asked(self, follower: str) -> None:
        self._set(follower, state="asked", since=micros(self._clock()), attempts=0, error="")

    def mark_notified(self, followers: Sequence[str], upto: int) -> None:
        """Record that followers know everything up to a release."""
        with self._database.write() as conn:
            conn.execute(
                update(t.follower)
                .where(_f.id.in_(followers))
                .values(told=upto, attempts=0, due_at=0, error="")
            )

    def mark_failed(self, follower: str, error: str, retry_after: timedelta) -> None:
        """Try again later."""
        due = micros(self._clock() + retry_after)
        self._set(follower, attempts=_f.attempts + 1, due_at=due, error=error[:_LONGEST_ERROR])

    def postpone(self, followers: Sequence[str], error: str, by: timedelta) -> None:
        """Try again later, without counting a failure."""
        values = {"due_at": micros(self._clock() + by), "error": error[:_LONGEST_ERROR]}
        with self._database.write() as conn:
            conn.execute(update(t.follower).where(_f.id.in_(followers)).values(**values))

    def set_aside(self, follower: str, error: str) -> None:
        """Send no further mail: the address does not exist, or mails failed too often."""
        self._set(follower, state="aside", since=micros(self._clock()), error=error[:_LONGEST_ERROR])

    def _set(self, follower: str, **values: Any) -> None:
        with self._database.write() as conn:
            conn.execute(update(t.follower).where(_f.id == follower).values(**values))

    def all(self) -> Sequence[Follower]:
        with self._database.read() as conn:
            rows = conn.execute(select(t.follower).order_by(_f.received_at, _f.id)).mappings()
            return [_follower(row) for row in rows]

    def counts(self) -> Mapping[FollowerState, int]:
        """Count the followers by state."""
        with self._database.read() as conn:
            rows = conn.execute(select(_f.state, func.count()).group_by(_f.state)).all()
        return {row[0]: row[1] for row in rows}

    def remove(self, follower: str) -> bool:
        """Delete a follower with its address → whether there was one."""
        with self._database.write() as conn:
            deleted = conn.execute(delete(t.follower).where(_f.id == follower)).rowcount
        if deleted:
            self._database.erase_contacts()
        return bool(deleted)

    def close(self) -> None:
        self._database.close()


@contextmanager
def open_followers(
    url: str, file: Path, keys: SealKeys, *, clock: Callable[[], datetime] = utc_now
) -> Iterator[Followers | None]:
    """Open the followers of a site; None if it has no inbox."""
    inbox = Inbox.open(url, file, keys, clock=clock)  # an older one is upgraded
    if inbox is None:
        yield None
        return
    inbox.close()
    with closing(Followers(InboxDatabase(url, file), keys, clock)) as followers:
        yield followers


def _is_ended(now: datetime) -> Any:
    return _f.id.in_(select(_c.follower).where(_c.choice == "left")) | _is_overdue(now)


def _is_overdue(now: datetime) -> Any:
    confirmed = select(_c.follower).where(_c.choice == "confirmed")  # while no worker ran
    unasked = (_f.state == "new") & (_f.received_at <= _days_before(now, UNASKED_DAYS))
    unanswered = (_f.state == "asked") & (_f.since <= _days_before(now, UNCONFIRMED_DAYS))
    aside = (_f.state == "aside") & (_f.since <= _days_before(now, ASIDE_DAYS))
    return (unasked | unanswered | aside) & _f.id.not_in(confirmed)


def _days_before(now: datetime, days: int) -> int:
    return micros(now - timedelta(days=days))


def _follower(row: RowMapping) -> Follower:
    names = ("id", "scope", "pace", "lang", "state", "told", "attempts", "error", "key")
    values = {name: row[name] for name in names}
    return Follower(**values, since=moment(row["since"] or row["received_at"]), sealed=bytes(row["sealed"]))
