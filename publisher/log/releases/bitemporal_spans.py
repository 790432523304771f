"""Bitemporal spans: a release only adds or closes them."""

from __future__ import annotations

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
from publisher.log.database.connection import Database
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.database.work_tables import create_empty, touched, work

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
    """Write the changes in ``work`` to the spans. → the last outbox sequence assigned to a span.

    Open spans of a record cover all days from its first one without gaps, so no query has to search for the
    end of a state.
    """
    _fill_touched(conn)
    database.analyze(conn, touched)
    count = conn.scalar(select(func.coalesce(func.max(work.c.n), 0))) or 0
    closed = conn.scalar(select(func.count()).select_from(touched)) or 0
    new = _NewSpans(dataset, release, known_from)
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


class _NewSpans:
    """Values that all new rows of one release share."""

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


def _fill_touched(conn: Connection) -> None:
    s, w = t.span.c, work.c
    overlapping = (
        select(
            func.row_number().over(order_by=(w.n, s.effective_from)),
            s.record,
            s.made,
            s.effective_from,
            w.n,
        )
        .join_from(work, t.span, s.record == w.record)
        .where(s.known_to == FOREVER, s.effective_from < w.effective_to, s.effective_to > w.effective_from)
    )
    create_empty(conn, touched)
    conn.execute(insert(touched).from_select([c.name for c in touched.c], overlapping))


def _same_span() -> ColumnElement[bool]:
    s = t.span.c
    return and_(
        s.record == touched.c.record, s.made == touched.c.made, s.effective_from == touched.c.effective_from
    )


def _remainders(new: _NewSpans, sequence: int, *, before: bool) -> Any:
    """Select the part of closed spans before their first change, or after their last one.

    Several changes of a record follow each other without a gap (a cancelled release).
    """
    s, w, other = t.span.c, work.c, work.alias("other")
    nearer = exists().where(
        other.c.record == w.record,
        and_(other.c.effective_from < w.effective_from, other.c.effective_to > s.effective_from)
        if before
        else and_(other.c.effective_to > w.effective_to, other.c.effective_from < s.effective_to),
    )
    return (
        new.row(
            record=s.record,
            effective_from=s.effective_from if before else w.effective_to,
            effective_to=w.effective_from if before else s.effective_to,
            status=s.status,
            revision=s.revision,
            part=s.part,
            brought=s.brought,
            title=s.title,
            sequence=literal(sequence, t.Integer64) + touched.c.n,
        )
        .select_from(touched)
        .join(t.span, _same_span())
        .join(work, w.n == touched.c.work)
        .where(s.effective_from < w.effective_from if before else s.effective_to > w.effective_to, ~nearer)
    )


def _fillers(new: _NewSpans, sequence: int) -> Any:
    """Select removals after changes that end before a later state without the record."""
    s, w, own = t.span.c, work.c, literal(new.release, t.Integer64)
    next_day = (
        select(func.min(s.effective_from))
        .where(s.record == w.record, s.known_to == FOREVER, s.effective_from > w.effective_to)
        .scalar_subquery()
    )
    continues = exists().where(
        s.record == w.record,
        s.known_to == FOREVER,
        s.effective_from <= w.effective_to,
        s.effective_to > w.effective_to,
    )
    return (
        new.row(
            record=w.record,
            effective_from=w.effective_to,
            effective_to=func.coalesce(next_day, literal(FOREVER, t.Integer64)),
            status=literal("removed"),
            revision=w.revision,
            part=w.part,
            brought=own,
            title=_listed_title(),
            sequence=literal(sequence, t.Integer64) + w.n,
        )
        .select_from(work)
        .where(w.effective_to < FOREVER, ~continues)
    )


def _close(conn: Connection, known_to: int, sequence: int) -> None:
    number = select(func.min(touched.c.n)).where(_same_span()).scalar_subquery()
    conn.execute(
        update(t.span)
        .where(exists().where(_same_span()))
        .values(known_to=known_to, sequence=literal(sequence, t.Integer64) + number)
    )


def _new_states(new: _NewSpans, sequence: int) -> Any:
    w = work.c
    return new.row(
        record=w.record,
        effective_from=w.effective_from,
        effective_to=w.effective_to,
        status=w.status,
        revision=w.revision,
        part=w.part,
        brought=literal(new.release, t.Integer64),
        title=_listed_title(),
        sequence=literal(sequence, t.Integer64) + w.n,
    ).select_from(work)


def _listed_title() -> Any:
    return func.substr(work.c.title, 1, TITLE_LENGTH)


def count_in_force(conn: Connection, dataset: int, *, day: int, instant: int) -> int:
    """Count the records in force on a day, as known at an instant, from the tally."""
    return int(_COUNT_IN_FORCE.first(conn, {"dataset": dataset, "day": day, "instant": instant}).records)


def add_tally(conn: Connection, dataset: int, *, known_from: int, after: int) -> None:
    """Write by how many the records in force grew on each day, from spans after an outbox sequence."""
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
