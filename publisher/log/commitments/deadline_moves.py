"""Counts of how often the deadline of a commitment was moved, for calendars that show an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import batched
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, select

from publisher.log.clocks import day_at, moment, start_of
from publisher.log.database import tables as t
from publisher.log.queries.point_in_time import Clocks

_BATCH = 500


class DeadlineMoves(NamedTuple):
    sequence: int
    """Number of releases that moved the deadline; one that takes effect later counts again on its day."""
    changed_at: datetime
    """Time of the last release that changed the commitment, or the start of a later day of effect."""


def read_moves(conn: Connection, records: Sequence[int], clocks: Clocks) -> Mapping[int, DeadlineMoves]:
    """Count the moves of the last day of each commitment up to a view. → by key of the record.

    Nothing is taken back, as a calendar ignores what has a smaller number than before: a release that was
    cancelled still counts, and its cancellation is one more move.
    """
    c, b = t.change.c, t.release.c
    was, is_ = t.value.alias("was"), t.value.alias("is")
    moved = and_(
        c.before.is_not(None),
        c.revision.is_not(None),
        func.coalesce(was.c.text, "") != func.coalesce(is_.c.text, ""),
    )
    counted: dict[int, set[tuple[int, int]]] = {}
    changed_at: dict[int, datetime] = {}
    for keys in batched(records, _BATCH):
        rows = conn.execute(
            select(c.record, c.release, c.effective_from, b.published_at, moved.label("moved"))
            .join(t.release, b.sequence == c.release)
            .outerjoin(was, and_(was.c.revision == c.before, was.c.field == "due_on"))
            .outerjoin(is_, and_(is_.c.revision == c.revision, is_.c.field == "due_on"))
            .where(c.record.in_(keys), b.published_at <= clocks.instant)
        )
        for row in rows:
            at, moves = moment(row.published_at), {(row.release, 0)}
            if day_at(at).toordinal() < row.effective_from <= clocks.day:
                at = start_of(date.fromordinal(row.effective_from)).astimezone(UTC)
                moves.add((row.release, row.effective_from))
            changed_at[row.record] = max(at, changed_at.get(row.record, at))
            counted.setdefault(row.record, set()).update(moves if row.moved else ())
    return {record: DeadlineMoves(len(counted[record]), at) for record, at in changed_at.items()}
