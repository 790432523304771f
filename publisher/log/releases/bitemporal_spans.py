"""Bitemporal spans: a release only adds or closes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.database.temporary_tables import closed_span, create_empty, new_change

_NAMES = [column.name for column in t.span.c]
_COUNT_IN_FORCE = PreparedStatement(
    select(func.coalesce(func.sum(t.tally.c.records), 0).label("records")).where(
        t.tally.c.dataset == bindparam("dataset", type_=t.Integer64),
        t.tally.c.known_from <= bindparam("instant", type_=t.Integer64),
        t.tally.c.effective_from <= bindparam("day", type_=t.Integer64),
    )
)


def write_spans(
    database: Database, conn: Connection, dataset: int, *, release: int, known_from: int, sequence: int
) -> int:
    """Write the changes in ``new_change`` to the spans. → the last outbox sequence that is reserved.

    Not all that are reserved are used.

    Open spans of a record cover all days from its first one without gaps, so no query has to search for the
    end of a state.
    """
    _fill_closed_spans(conn)
    database.analyze(conn, closed_span)
    count = conn.scalar(select(func.coalesce(func.max(new_change.c.n), 0))) or 0
    closed = conn.scalar(select(func.count()).select_from(closed_span)) or 0
    new = _SpanWriter(dataset, release, known_from)
    # Outbox sequences after ``sequence``: new states, closed spans, the days before and the days after the
    # changes of each closed span, fillers. Each block has the most rows of its kind; gaps do not matter.
    filler = sequence + count + 3 * closed
    conn.execute(insert(t.span).from_select(_NAMES, _fillers(new, filler)))
    for statement in (
        _remainders(new, sequence + count + closed, before=True),
        _remainders(new, sequence + count + 2 * closed, before=False),
    ):
        conn.execute(insert(t.span).from_select(_NAMES, statement))
    _close(conn, known_from, sequence + count)
    conn.execute(insert(t.span).from_select(_NAMES, _new_states(new, sequence)))
    return filler + count


class _SpanWriter:
    """Selects new rows of ``span`` with the values that all of one release share."""

    def __init__(self, dataset: int, release: int, known_from: int) -> None:
        self.dataset, self.release, self.known_from = dataset, release, known_from

    def row(
        self,
        *,
        record: Any,
        effective_from: Any,
        effective_to: Any,
        status: Any,
        revision: Any,
        part: Any,
        brought: Any,
        title: Any,
        sequence: Any,
    ) -> Any:
        return select(
            record,
            literal(self.release, t.Integer64),
            effective_from,
            effective_to,
            literal(self.known_from, t.Integer64),
            literal(FOREVER, t.Integer64),
            literal(self.dataset, t.Integer64),
            status,
            revision,
            part,
            brought,
            title,
            sequence,
        )


def _fill_closed_spans(conn: Connection) -> None:
    s, nc = t.span.c, new_change.c
    overlapping = (
        select(
            func.row_number().over(order_by=(nc.n, s.effective_from)),
            s.record,
            s.made,
            s.effective_from,
            nc.n,
        )
        .join_from(new_change, t.span, s.record == nc.record)
        .where(s.known_to == FOREVER, s.effective_from < nc.effective_to, s.effective_to > nc.effective_from)
    )
    create_empty(conn, closed_span)
    conn.execute(insert(closed_span).from_select([c.name for c in closed_span.c], overlapping))


def _same_span() -> ColumnElement[bool]:
    s = t.span.c
    return and_(
        s.record == closed_span.c.record,
        s.made == closed_span.c.made,
        s.effective_from == closed_span.c.effective_from,
    )


def _remainders(new: _SpanWriter, sequence: int, *, before: bool) -> Any:
    """Select the part of closed spans before their first change, or after their last one.

    Several changes of a record follow each other without a gap (a cancelled release).
    """
    s, nc, other = t.span.c, new_change.c, new_change.alias("other")
    nearer = exists().where(
        other.c.record == nc.record,
        and_(other.c.effective_from < nc.effective_from, other.c.effective_to > s.effective_from)
        if before
        else and_(other.c.effective_to > nc.effective_to, other.c.effective_from < s.effective_to),
    )
    return (
        new.row(
            record=s.record,
            effective_from=s.effective_from if before else nc.effective_to,
            effective_to=nc.effective_from if before else s.effective_to,
            status=s.status,
            revision=s.revision,
            part=s.part,
            brought=s.brought,
            title=s.title,
            sequence=literal(sequence, t.Integer64) + closed_span.c.n,
        )
        .select_from(closed_span)
        .join(t.span, _same_span())
        .join(new_change, nc.n == closed_span.c.change)
        .where(s.effective_from < nc.effective_from if before else s.effective_to > nc.effective_to, ~nearer)
    )


def _fillers(new: _SpanWriter, sequence: int) -> Any:
    """Select the span ``removed`` that follows each change that ends on a day which no open span covers.

    This happens where a later list was kept that does not contain the record.
    """
    s, nc, own = t.span.c, new_change.c, literal(new.release, t.Integer64)
    next_day = (
        select(func.min(s.effective_from))
        .where(s.record == nc.record, s.known_to == FOREVER, s.effective_from > nc.effective_to)
        .scalar_subquery()
    )
    continues = exists().where(
        s.record == nc.record,
        s.known_to == FOREVER,
        s.effective_from <= nc.effective_to,
        s.effective_to > nc.effective_to,
    )
    return (
        new.row(
            record=nc.record,
            effective_from=nc.effective_to,
            effective_to=func.coalesce(next_day, literal(FOREVER, t.Integer64)),
            status=literal("removed"),
            revision=nc.revision,
            part=nc.part,
            brought=own,
            title=_listed_title(),
            sequence=literal(sequence, t.Integer64) + nc.n,
        )
        .select_from(new_change)
        .where(nc.effective_to < FOREVER, ~continues)
    )


def _close(conn: Connection, known_to: int, sequence: int) -> None:
    """End the closed spans at ``known_to``, and number them after the outbox sequence ``sequence``."""
    number = select(func.min(closed_span.c.n)).where(_same_span()).scalar_subquery()
    conn.execute(
        update(t.span)
        .where(exists().where(_same_span()))
        .values(known_to=known_to, sequence=literal(sequence, t.Integer64) + number)
    )


def _new_states(new: _SpanWriter, sequence: int) -> Any:
    nc = new_change.c
    return new.row(
        record=nc.record,
        effective_from=nc.effective_from,
        effective_to=nc.effective_to,
        status=nc.status,
        revision=nc.revision,
        part=nc.part,
        brought=literal(new.release, t.Integer64),
        title=_listed_title(),
        sequence=literal(sequence, t.Integer64) + nc.n,
    ).select_from(new_change)


def mark_withdrawn(conn: Connection, records: Sequence[int], published_at: int | None) -> None:
    """Mark records as withdrawn by a release, except those that are still in force on some days."""
    r, s = t.record.c, t.span.c
    stated = exists().where(s.record == r.key, s.known_to == FOREVER, s.status == "stated")
    conn.execute(
        update(t.record).where(among(conn, r.key, records), ~stated).values(withdrawn_at=published_at)
    )


def _listed_title() -> Any:
    return func.substr(new_change.c.title, 1, TITLE_LENGTH)


def count_in_force(conn: Connection, dataset: int, *, day: int, instant: int) -> int:
    """Count the records in force on a day, as known at an instant, from the tally."""
    return int(_COUNT_IN_FORCE.first(conn, {"dataset": dataset, "day": day, "instant": instant}).records)


def add_tally(conn: Connection, dataset: int, *, known_from: int, after: int) -> None:
    """Write how the number of records in force changes on each day, from spans after an outbox sequence."""
    s = t.span.c
    sign = case((s.known_to == FOREVER, 1), else_=-1)
    conditions = (s.sequence > after, s.dataset == dataset, s.status == "stated")
    steps = (
        select(s.effective_from.label("day"), sign.label("step")).where(*conditions),
        select(s.effective_to, -sign).where(*conditions, s.effective_to < FOREVER),
    )
    step = union_all(*steps).subquery()
    total = func.sum(step.c.step)
    conn.execute(
        insert(t.tally).from_select(
            [column.name for column in t.tally.c],
            select(literal(dataset, t.Integer64), literal(known_from, t.Integer64), step.c.day, total)
            .group_by(step.c.day)
            .having(total != 0),
        )
    )


def recount(conn: Connection, dataset: int) -> None:
    """Compute the tally from all spans, after an erasure or a rebuild."""
    s = t.span.c
    conn.execute(delete(t.tally).where(t.tally.c.dataset == dataset))
    steps = []
    for instant, sign in ((s.known_from, 1), (s.known_to, -1)):
        for day, direction in ((s.effective_from, 1), (s.effective_to, -1)):
            steps.append(
                select(
                    instant.label("instant"),
                    day.label("day"),
                    literal(sign * direction, t.Integer64).label("step"),
                ).where(s.dataset == dataset, s.status == "stated", day < FOREVER, instant < FOREVER)
            )
    step = union_all(*steps).subquery()
    total = func.sum(step.c.step)
    conn.execute(
        insert(t.tally).from_select(
            [column.name for column in t.tally.c],
            select(literal(dataset, t.Integer64), step.c.instant, step.c.day, total)
            .group_by(step.c.instant, step.c.day)
            .having(total != 0),
        )
    )
