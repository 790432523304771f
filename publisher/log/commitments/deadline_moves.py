"""Counts of how often the deadline of a commitment was moved, for calendars that show an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, select

from publisher.log.clocks import moment
from publisher.log.database import tables as t
from publisher.log.queries.point_in_time import Clocks

_BATCH = 500


class DeadlineMoves(NamedTuple):
    releases: int
    """Releases that moved the deadline."""
    changed_at: datetime
    """Time of the last release that changed the commitment."""


def read_moves(conn: Connection, records: Sequence[int], clocks: Clocks) -> Mapping[int, DeadlineMoves]:
    """Count the releases up to a view that gave each commitment another last day. → by key of the record."""
    c, b = t.change.c, t.release.c
    was, is_ = t.value.alias("was"), t.value.alias("is")
    moved = and_(
        c.before.is_not(None),
        c.revision.is_not(None),
        func.coalesce(was.c.text, "") != func.coalesce(is_.c.text, ""),
    )
    moves: dict[int, DeadlineMoves] = {}
    for keys in batched(records, _BATCH):
        rows = conn.execute(
            select(c.record, func.count(case((moved, c.release)).distinct()), func.max(b.published_at))
            .join(t.release, b.sequence == c.release)
            .outerjoin(was, and_(was.c.revision == c.before, was.c.field == "due_on"))
            .outerjoin(is_, and_(is_.c.revision == c.revision, is_.c.field == "due_on"))
            .where(c.record.in_(keys), b.published_at <= clocks.instant)
            .group_by(c.record)
        ).all()
        moves.update({row[0]: DeadlineMoves(row[1], moment(row[2])) for row in rows})
    return moves
