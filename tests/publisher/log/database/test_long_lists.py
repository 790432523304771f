"""Lists that are longer than the parameters of a statement: 65,535 on PostgreSQL, 32,766 on SQLite."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import among, insert_many
from publisher.log.database.temporary_tables import create_empty, plan
from publisher.log.log import Log
from publisher.log.releases.cancellation import CancellationRelease
from publisher.log.releases.publication import _set_aside, _with_imports
from publisher.log.releases.release_writer import ReleaseHeading
from tests.support.log import EARLY, MIDDLE, entry, release, stage

MANY = 70_000


def test_a_condition_takes_any_number_of_texts_and_numbers(log: Log) -> None:
    release(log, entry("甲"), entry("乙"), entry('\u2028丙’"'))
    r, v = t.record.c, t.revision.c
    titles = [f"标题{n}" for n in range(MANY)]
    with log._session.read() as conn:
        keys = sorted(conn.scalars(select(r.key)))
        assert sorted(conn.scalars(select(r.key).where(among(conn, r.key, range(MANY))))) == keys
        assert conn.scalars(select(r.key).where(~among(conn, r.key, range(MANY)))).all() == []
        assert conn.scalars(select(r.key).where(among(conn, r.key, ()))).all() == []
        some = [*titles, "乙", '\u2028丙’"']
        assert set(conn.scalars(select(v.title).where(among(conn, v.title, some)))) == {"乙", '\u2028丙’"'}


@pytest.mark.slow
def test_a_release_with_many_new_records_is_cancelled(log: Log) -> None:
    """Of the records that it brought only the last ones are there; each would take several queries."""
    later = log._session.today() + timedelta(days=30)
    release(log, entry("甲"), on=EARLY)
    release(log, entry("甲"), entry("乙"), on=later)
    record = ids_of_all(log)["乙"]
    with log._session.database.write() as conn:
        row = registry.dataset_row(conn, "fees")
        cancelled = conn.execute(select(t.release).where(t.release.c.number == 2)).one()
        # As the cancellation does before: what is in force on some day is not marked.
        conn.execute(update(t.span).where(t.span.c.title == "乙").values(status="withdrawn"))
        CancellationRelease(log._session.database, conn, row)._forget_effect(
            cancelled, range(1, MANY), cancelled.sequence, 0
        )
        withdrawn = select(t.record.c.withdrawn_at).where(t.record.c.id == record)
        assert conn.scalar(withdrawn) == cancelled.published_at


def ids_of_all(log: Log) -> dict[str, str]:
    with log._session.read() as conn:
        query = select(t.revision.c.title, t.record.c.id).join_from(t.revision, t.record)
        return {row.title: row.id for row in conn.execute(query)}


@pytest.mark.slow
def test_a_draft_of_many_files_is_read_and_published(log: Log) -> None:
    stage(log, entry("甲"))
    with log._session.database.write() as conn:
        first = conn.execute(select(t.import_)).mappings().one()
        names = [name for name in first if name not in ("key", "seal")]
        rows = [tuple(first[name] for name in names)] * MANY
        insert_many(conn, t.import_, names, rows)
    draft = log.drafts.get("fees")
    assert draft is not None
    assert len(draft.imports) == MANY + 1
    assert list(log.drafts.first_titles("fees").values()) == ["甲"]
    with log._session.database.write(keep=False) as conn:
        create_empty(conn, plan)
        keys = conn.scalars(select(t.import_.c.key)).all()
        heading = _with_imports(conn, ReleaseHeading(MIDDLE, "", "", ""), keys)
        assert heading.parser_version == "test 1"
        blocked = frozenset((keys[0], position) for position in range(MANY))
        assert len(_set_aside(conn, blocked, keys, keep=True)) == MANY + 1
