"""Events after the publication of a record: corrections, withdrawals, cancellations, erasures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select

from publisher.log.clocks import micros, moment, start_of
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.model import Change, FieldChange, RecordState
from publisher.log.queries.point_in_time import Clocks, in_view
from publisher.log.queries.record_query import DATASET, DAY, INSTANT, view_values
from publisher.log.registry import DatasetRow
from publisher.log.releases.release_rows import cancellations

_r, _b = t.record.c, t.release.c
_BACKWARD_COUNTS = ("corrected", "withdrawn", t.CANCELS, "erased")
"""Names among the counts of a release that changes states which were published before."""
_now, _then = t.span.alias("now").c, t.span.alias("then").c
_WITHDRAWN_SINCE = PreparedStatement(
    select(func.count(_r.key.distinct()).label("records"))
    .where(_r.dataset == DATASET, _r.withdrawn_at.is_not(None), _now.record == _r.key, _then.record == _r.key)
    .where(_now.status == "withdrawn", in_view(_now, DAY, INSTANT))
    .where(_then.status == "stated", in_view(_then, DAY, bindparam("end_of_day", type_=t.Integer64)))
)


class LaterAmendment(msgspec.Struct, frozen=True):
    """A correction, withdrawal or cancellation of a state of a record that was published before."""

    kind: Literal["corrected", "withdrawn", "cancelled"]
    """``cancelled``: the release that brought the state was cancelled before it took effect."""
    release: int
    published_at: datetime
    reason: str
    fields: tuple[FieldChange, ...] = ()


def later_amendments(
    conn: Connection, dataset: DatasetRow, changes: Sequence[Change], state: RecordState, known_at: datetime
) -> tuple[LaterAmendment, ...]:
    """List what was published after an instant about a state that was known then, oldest first.

    ``changes``: all changes of the record. Later changes that only follow the state are not listed.
    """
    later = cancellations(conn, _b.dataset == dataset.key, _b.published_at > micros(known_at))
    amendments = [
        LaterAmendment("cancelled", one.number, moment(one.published_at), one.note)
        for one in later
        if one.cancels == state.release
    ]
    contents, listed = [state.content], {one.release for one in amendments}
    for change in changes:
        if change.published_at <= known_at or change.kind not in ("corrected", "withdrawn"):
            continue
        # A cancellation withdraws a record that never took effect; a correction has a change for each part.
        if change.release in listed:
            continue
        if change.kind == "corrected":  # of this content, or of what it was corrected to
            if change.before not in contents:
                continue
            contents.append(change.after or {})
        listed.add(change.release)
        amendments.append(
            LaterAmendment(change.kind, change.release, change.published_at, change.reason, change.fields)
        )
    return tuple(sorted(amendments, key=lambda amendment: amendment.published_at))


def last_backward_release(conn: Connection, dataset: DatasetRow, after: datetime) -> int | None:
    """Return the site-wide sequence of the last release after an instant that changed earlier states."""
    backward = or_(*(_b.counts.contains(f'"{name}"') for name in _BACKWARD_COUNTS))
    last: int | None = conn.scalar(
        select(func.max(_b.sequence)).where(
            _b.dataset == dataset.key, _b.published_at > micros(after), backward
        )
    )
    return last


def withdrawn_since(conn: Connection, dataset: int, day: date) -> int:
    """Count the records that were listed on a day, as known on that day, and were withdrawn later."""
    values = {
        **view_values(dataset, Clocks(day.toordinal())),
        "end_of_day": micros(start_of(day + timedelta(days=1))) - 1,
    }
    return int(_WITHDRAWN_SINCE.first(conn, values).records)


class Erasure(msgspec.Struct, frozen=True):
    """A record whose content was destroyed by law. Every copy has to be destroyed too."""

    dataset: str
    record: str
    release: int
    """Number of the release that erased it."""
    erased_at: datetime
    ground: str
    """Legal ground, for example the number of a judgment."""


def erasures(
    conn: Connection, dataset: DatasetRow | None, *, release: int | None = None, limit: int | None = None
) -> tuple[Erasure, ...]:
    """List erasures, newest first, then by record: of a dataset or of all, by one release or by any."""
    erasing = select(_b.sequence).where(_b.counts.contains('"erased"'))
    if dataset is not None:
        erasing = erasing.where(_b.dataset == dataset.key)
    if release is not None:
        erasing = erasing.where(_b.number == release)
    sequences = conn.scalars(erasing).all()
    if not sequences:  # the usual case, in which the many records are not read
        return ()
    query = (
        select(t.dataset.c.name, _r.id, _b.number, _b.published_at, _b.note)
        .join_from(t.record, t.release, _b.sequence == _r.erased_by)
        .join(t.dataset, t.dataset.c.key == _r.dataset)
        .where(_r.erased_by.in_(sequences))
        .order_by(_b.sequence.desc(), _r.id)
        .limit(limit)
    )
    return tuple(
        Erasure(row.name, row.id, row.number, moment(row.published_at), row.note)
        for row in conn.execute(query).all()
    )
