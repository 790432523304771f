"""Decisions of clerks about proposed repeals; see :mod:`publisher.log.drafts.repeals`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from publisher.log.database import tables as t
from publisher.log.registry import DatasetRow

_d = t.repeal.c


def fetch(conn: Connection, dataset: DatasetRow) -> Mapping[tuple[str, str], Any]:
    """Return identities of the ended document and of the repealing document → the decision."""
    rows = conn.execute(select(t.repeal).where(_d.dataset == dataset.key))
    return {(row.ended, row.notice): row for row in rows}


def record(
    conn: Connection, dataset: DatasetRow, ended: str, notice: str, *, accepted: bool, now: int
) -> None:
    """Record a decision, which replaces an earlier one."""
    same = (_d.dataset == dataset.key, _d.ended == ended, _d.notice == notice)
    conn.execute(delete(t.repeal).where(*same))
    conn.execute(
        insert(t.repeal).values(
            dataset=dataset.key, ended=ended, notice=notice, accepted=accepted, decided_at=now, release=None
        )
    )


def count_accepted(conn: Connection, dataset: DatasetRow) -> int:
    """Count the accepted repeals that are not published."""
    return sum(row.accepted and row.release is None for row in fetch(conn, dataset).values())


def forget_accepted(conn: Connection, dataset: DatasetRow) -> None:
    """Delete accepted repeals that are not published, after the rows of the draft that contained them."""
    conn.execute(delete(t.repeal).where(_accepted(dataset)))


def settle_accepted(
    conn: Connection,
    dataset: DatasetRow,
    release: int,
    *,
    marked: Collection[str],
    waiting: Collection[str] | None,
) -> None:
    """Record the release that marked the documents of accepted repeals, except those still in the draft.

    The repeals of documents that it did not mark stay accepted if these are ``waiting`` for a later day;
    otherwise they are proposed again. ``marked``, ``waiting``: identities; None: all stay accepted.
    """
    for row in conn.execute(select(_d.key, _d.ended).where(_accepted(dataset))).all():
        if row.ended in marked:
            conn.execute(update(t.repeal).where(_d.key == row.key).values(release=release))
        elif waiting is not None and row.ended not in waiting:
            conn.execute(delete(t.repeal).where(_d.key == row.key))


def forget_published(conn: Connection, release: int) -> None:
    """Delete the decisions that a release published, which was cancelled."""
    conn.execute(delete(t.repeal).where(_d.release == release))


def _accepted(dataset: DatasetRow) -> ColumnElement[bool]:
    """Condition of the accepted repeals that are not published, and whose documents the draft lacks."""
    e, i = t.draft_entry.c, t.import_.c
    drafted = (
        select(e.identity)
        .join_from(t.draft_entry, t.import_, i.key == e["import"])
        .where(i.dataset == dataset.key, i.release.is_(None))
    )
    unpublished = and_(_d.dataset == dataset.key, _d.accepted, _d.release.is_(None))
    return and_(unpublished, _d.ended.not_in(drafted))
