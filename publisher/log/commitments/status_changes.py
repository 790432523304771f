"""Changes of the status of commitments, in the order in which readers could learn of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, select

from publisher.log.clocks import FOREVER, day_at, micros, moment, start_of
from publisher.log.commitments.commitment_query import (
    CommitmentQuery,
    CommitmentStatus,
    PublishedCommitment,
    find_by_keys,
    find_keys,
)
from publisher.log.database.derived import commitment_tables as ct
from publisher.log.queries.point_in_time import Clocks


class StatusChange(msgspec.Struct, frozen=True):
    commitment: PublishedCommitment
    status: CommitmentStatus
    at: datetime
    """When the day began, or the release was published, whichever came later."""
    since: date
    """First day of the status."""


def list_changes(conn: Connection, query: CommitmentQuery, clocks: Clocks) -> Sequence[StatusChange]:
    """List at most ``limit`` changes up to the view, newest first."""
    selected = find_keys(conn, structs.replace(query, statuses=()), clocks)
    c = ct.commitment_status.c
    rows = conn.execute(
        select(ct.commitment_status)
        .where(c.known_from <= clocks.instant, c.effective_from <= clocks.day)
        .order_by(c.record, c.known_from, c.effective_from)
    ).all()
    periods: dict[int, list[Any]] = {}
    for row in rows:
        if row.record in selected:
            periods.setdefault(row.record, []).append(row)
    changes = [
        (at, key, status, day)
        for key, own in periods.items()
        for status, at, day in _of_commitment(own, clocks)
        if not query.statuses or status in query.statuses
    ]
    newest = sorted(changes, reverse=True)[: query.limit]
    commitments = find_by_keys(conn, {key for _, key, _, _ in newest}, clocks)
    return [
        StatusChange(commitments[key], status, moment(at), date.fromordinal(day))
        for at, key, status, day in newest
        if key in commitments  # not erased
    ]


def _of_commitment(rows: Sequence[Any], clocks: Clocks) -> Iterator[tuple[CommitmentStatus, int, int]]:
    """Yield status, instant and first day whenever the present status of a commitment changed."""
    ends = [_end(row, clocks) for row in rows]
    instants = {_begin(row) for row in rows} | {end for end in ends if end < FOREVER}
    before: CommitmentStatus = "undetermined"
    for at in sorted(instants):
        present = next((row for row, end in zip(rows, ends, strict=True) if _begin(row) <= at < end), None)
        status: CommitmentStatus = "undetermined" if present is None else present.status
        if status != before:
            yield status, at, _day(present, at)
        before = status


def _begin(row: Any) -> int:
    """Return the instant from which on the period is the present."""
    return max(int(row.known_from), _start(row.effective_from))


def _end(row: Any, clocks: Clocks) -> int:
    """Return the instant from which on the period is not the present; FOREVER if not within the view."""
    known_to = int(row.known_to) if row.known_to <= clocks.instant else FOREVER
    return min(known_to, _start(row.effective_to) if row.effective_to <= clocks.day else FOREVER)


def _start(day: int) -> int:
    return micros(start_of(date.fromordinal(day))) if day < date.max.toordinal() else FOREVER


def _day(present: Any, at: int) -> int:
    """Return the first day of the present status, which without a row is the day of the instant."""
    return day_at(moment(at)).toordinal() if present is None else int(present.effective_from)
