"""Reconstruction of the spans from the log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, case, delete, exists, func, insert, select, update

from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.database.temporary_tables import create_empty, new_change, old_span
from publisher.log.releases import bitemporal_spans, release_writer


def rebuild_spans(database: Database, conn: Connection, now: datetime) -> int:
    """Derive all spans from the releases again. → number of spans that differ (0 if they were correct).

    Different spans are queued for indexing; equal ones keep their outbox sequence.
    """
    create_empty(conn, old_span)
    names = [column.name for column in t.span.c]
    conn.execute(insert(old_span).from_select(names, select(t.span)))
    conn.execute(delete(t.span))
    before = conn.scalar(select(t.site.c.outbox_sequence)) or 0
    last = before
    for release in conn.execute(select(t.release).order_by(t.release.c.sequence)).all():
        fill_changes(conn, release.sequence)
        last = bitemporal_spans.write_spans(
            database,
            conn,
            release.dataset,
            release=release.sequence,
            known_from=release.published_at,
            sequence=last,
        )
    # A restored log may lack the release that erased them.
    erased = select(t.revision.c.record).where(t.revision.c.content.is_(None))
    conn.execute(update(t.span).where(t.span.c.record.in_(erased)).values(status="erased", title=""))
    _keep_sequences(conn, before)
    different = _queue_differences(conn, before, last, micros(now))
    for dataset in conn.scalars(select(t.dataset.c.key)).all():
        bitemporal_spans.recount(conn, dataset)
    return different


def fill_changes(conn: Connection, release: int) -> None:
    """Fill ``new_change`` with the changes of a stored release."""
    c, v = t.change.c, t.revision.c
    status = case((c.kind.in_(("removed", "withdrawn")), c.kind), else_="stated")
    columns = {
        "n": func.row_number().over(order_by=c.sequence),
        "record": c.record,
        "kind": c.kind,
        "cause": c.cause,
        "status": status,
        "revision": c.revision,
        "before": c.before,
        "part": c.part,
        "before_part": c.before_part,
        "effective_from": c.effective_from,
        "effective_to": c.effective_to,
        "title": v.title,
    }
    create_empty(conn, new_change)
    conn.execute(
        insert(new_change).from_select(
            list(columns),
            select(*columns.values())
            .join_from(t.change, t.revision, v.key == c.revision)
            .where(c.release == release),
        )
    )


def _keep_sequences(conn: Connection, last: int) -> None:
    """Give spans that did not change the outbox sequence that they had, up to ``last``."""
    same = and_(
        *(
            old_span.c[column.name].is_not_distinct_from(column)
            for column in t.span.c
            if column.name != "sequence"
        )
    )
    same = and_(same, old_span.c.sequence.between(1, last))  # others were never assigned
    conn.execute(
        update(t.span)
        .where(exists().where(same))
        .values(sequence=select(old_span.c.sequence).where(same).scalar_subquery())
    )


def _queue_differences(conn: Connection, before: int, last: int, due_at: int) -> int:
    s, o = t.span.c, old_span.c
    different = conn.scalar(select(func.count()).select_from(t.span).where(s.sequence > before)) or 0
    for dataset in conn.scalars(select(t.dataset.c.key)).all():
        release_writer.write_span_items(conn, dataset, before, due_at)
    missing = ~exists().where(s.record == o.record, s.made == o.made, s.effective_from == o.effective_from)
    number = conn.scalar(select(func.count()).select_from(old_span).where(missing)) or 0
    sequence = release_writer.number_spans(old_span, last)
    release_writer.queue_spans(conn, "erase", old_span, missing, sequence=sequence, due_at=due_at)
    if different or number:
        conn.execute(update(t.site).values(outbox_sequence=last + number))
    return int(different + number)
