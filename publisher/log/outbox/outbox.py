"""Outbox: items written with each release, which the process that holds the worker's lock takes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.session import Session

NEVER = micros(datetime(9999, 1, 1, tzinfo=UTC))
"""``due_at`` of items that were set aside: they are never due and do not block others."""
_LONGEST = 2_000
_FIRST = select(func.min(t.outbox.c.sequence)).scalar_subquery()
_LAST_COMPLETED = PreparedStatement(
    select(func.coalesce(_FIRST - 1, t.site.c.outbox_sequence, 0).label("last")).select_from(t.site)
)


class OutboxItem(msgspec.Struct, frozen=True):
    sequence: int
    kind: Literal["span", "erase", "release"]
    key: str
    dataset: str
    due_at: datetime
    attempts: int = 0
    error: str = ""


class PublishedRelease(msgspec.Struct, frozen=True):
    sequence: int
    """Site-wide."""
    dataset: str
    number: int
    published_at: datetime


class Outbox:
    """``log.outbox``: list items, mark them done, failed or set aside."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def items(self, *, limit: int = 1000, due_by: datetime | None = None) -> tuple[OutboxItem, ...]:
        """List items that are due, in order."""
        with self._session.read() as conn:
            return _items(conn, limit=limit, due_by=due_by or self._session.clock())

    def items_aside(self, *, after: int = 0, limit: int) -> tuple[OutboxItem, ...]:
        """List items after a sequence that were set aside, oldest first."""
        with self._session.read() as conn:
            return _items(conn, limit=limit, due_by=moment(NEVER), due_from=NEVER, after=after)

    def mark_done(self, sequences: Sequence[int]) -> None:
        """Delete the items with these sequences."""
        with self._session.write() as conn:
            conn.execute(delete(t.outbox).where(among(conn, t.outbox.c.sequence, sequences)))

    def set_aside(self, refused: Mapping[int, str]) -> None:
        """Set items aside. ``refused``: sequence → reason. They stay readable and are never due again."""
        o = t.outbox.c
        with self._session.write() as conn:
            for sequence, error in refused.items():
                conn.execute(
                    update(t.outbox)
                    .where(o.sequence == sequence)
                    .values(attempts=o.attempts + 1, error=storable(error)[:_LONGEST], due_at=NEVER)
                )

    def mark_failed(self, sequence: int, error: str) -> None:
        """Count a failed attempt; the item stays due."""
        o = t.outbox.c
        with self._session.write() as conn:
            conn.execute(
                update(t.outbox)
                .where(o.sequence == sequence)
                .values(attempts=o.attempts + 1, error=storable(error)[:_LONGEST])
            )

    def due_count(self) -> int:
        """Count due items."""
        due = t.outbox.c.due_at <= micros(self._session.clock())
        with self._session.read() as conn:
            return int(conn.scalar(select(func.count()).where(due)) or 0)

    def aside_count(self) -> int:
        """Count items that were set aside."""
        with self._session.read() as conn:
            return int(conn.scalar(select(func.count()).where(t.outbox.c.due_at == NEVER)) or 0)

    def position(self) -> int:
        """Return the sequence up to which all due items are done."""
        o = t.outbox.c
        due = o.due_at <= micros(self._session.clock())
        with self._session.read() as conn:
            first = conn.scalar(select(func.min(o.sequence)).where(due))
            if first is not None:
                return int(first) - 1
            return int(conn.scalar(select(t.site.c.outbox_sequence)) or 0)

    def last_written(self) -> int:
        """Return the sequence of the last item that was ever written."""
        with self._session.read() as conn:
            return int(conn.scalar(select(t.site.c.outbox_sequence)) or 0)

    def last_completed(self) -> int:
        """Return the sequence up to which every item, due or not, is done: an index must have come so far."""
        with self._session.read() as conn:
            row = _LAST_COMPLETED.first(conn, {})
            return int(row.last) if row is not None else 0

    def releases(self, after: int = 0) -> tuple[PublishedRelease, ...]:
        """List the releases after a sequence, in order."""
        r = t.release.c
        with self._session.read() as conn:
            rows = conn.execute(
                select(r.sequence, t.dataset.c.name, r.number, r.published_at)
                .join_from(t.release, t.dataset, t.dataset.c.key == r.dataset)
                .where(r.sequence > after)
                .order_by(r.sequence)
            ).all()
        return tuple(PublishedRelease(row[0], row[1], row[2], moment(row[3])) for row in rows)

    def first_release_to_index(self) -> int | None:
        """Return the sequence of the first release that is not indexed yet; None: all are."""
        o, r = t.outbox.c, t.release.c
        waits = (
            select(func.min(r.sequence))
            .join_from(
                t.release,
                t.outbox,
                (o.dataset == r.dataset) & (o.key == r.number.cast(t.CodePointText)) & (o.kind == "release"),
            )
            .where(o.due_at <= r.published_at)  # not the item that waits for a later day of effect
        )
        with self._session.read() as conn:
            first: int | None = conn.scalar(waits)
        return first

    def mail_lock(self) -> AbstractContextManager[bool]:
        """Try without waiting to take the lock for sending mails. → whether this process holds it."""
        return self._session.database.lock("mailing")

    def lock(self) -> AbstractContextManager[bool]:
        """Try without waiting to take the worker's lock. → whether this process holds it."""
        return self._session.database.lock("worker")


def _items(
    conn: Connection, *, limit: int, due_by: datetime, due_from: int = 0, after: int = 0
) -> tuple[OutboxItem, ...]:
    o = t.outbox.c
    rows = conn.execute(
        select(t.outbox, t.dataset.c.name)
        .join(t.dataset, t.dataset.c.key == o.dataset)
        .where(o.due_at >= due_from, o.due_at <= micros(due_by), o.sequence > after)
        .order_by(o.sequence)
        .limit(limit)
    ).all()
    return tuple(
        OutboxItem(
            sequence=row.sequence,
            kind=row.kind,
            key=row.key,
            dataset=row.name,
            due_at=moment(row.due_at),
            attempts=row.attempts,
            error=row.error,
        )
        for row in rows
    )
