"""What is still to be told: written with each release, drained by whoever holds the worker lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.model import OutboxItem


def items(
    conn: Connection, *, after: int, limit: int, due_by: datetime, due_from: int = 0
) -> tuple[OutboxItem, ...]:
    o = t.outbox.c
    rows = conn.execute(
        select(t.outbox, t.dataset.c.name)
        .join(t.dataset, t.dataset.c.key == o.dataset)
        .where(o.sequence > after, o.due_at >= due_from, o.due_at <= micros(due_by))
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


NEVER = micros(datetime(9999, 1, 1, tzinfo=UTC))
"""``due_at`` of what was set aside: it waits for nothing and blocks nothing."""


def set_aside(conn: Connection, refused: Mapping[int, str]) -> None:
    o = t.outbox.c
    for sequence, error in refused.items():
        conn.execute(
            update(t.outbox)
            .where(o.sequence == sequence)
            .values(attempts=o.attempts + 1, error=error[:2_000], due_at=NEVER)
        )


def aside(conn: Connection, limit: int) -> tuple[OutboxItem, ...]:
    """The oldest first."""
    return items(conn, after=0, limit=limit, due_by=moment(NEVER), due_from=NEVER)


def done(conn: Connection, *, upto: int | None, sequences: Sequence[int], due_by: datetime) -> None:
    """Items are gone once done; what is not due yet stays, whatever its number."""
    o = t.outbox.c
    if upto is not None:
        conn.execute(delete(t.outbox).where(o.sequence <= upto, o.due_at <= micros(due_by)))
    if sequences:
        conn.execute(delete(t.outbox).where(o.sequence.in_(sequences)))


def failed(conn: Connection, sequence: int, error: str) -> None:
    o = t.outbox.c
    conn.execute(
        update(t.outbox).where(o.sequence == sequence).values(attempts=o.attempts + 1, error=error[:2_000])
    )


def waiting(conn: Connection, due_by: datetime) -> int:
    o = t.outbox.c
    return int(conn.scalar(select(func.count()).where(o.due_at <= micros(due_by))) or 0)


def position(conn: Connection, due_by: datetime) -> int:
    """The sequence up to which everything that is due is done."""
    o = t.outbox.c
    first = conn.scalar(select(func.min(o.sequence)).where(o.due_at <= micros(due_by)))
    if first is not None:
        return int(first) - 1
    return int(conn.scalar(select(t.site.c.outbox_sequence)) or 0)
