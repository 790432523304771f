"""Runs over source sites: when each began and ended, and its report. The newest of each site are kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import page_tables as pt
from publisher.log.database.connection import among, inserted_key
from publisher.log.database.storable_text import storable

MOST_RUNS = 50
"""Runs of a source site that are kept."""
_r = pt.source_run.c


class SourceRun(msgspec.Struct, frozen=True):
    source_site: str
    """Name in ``sources.toml``."""
    began_at: datetime
    ended_at: datetime | None
    """None: it still runs, or it was interrupted."""
    report: str
    """Its report in JSON; empty until it ends."""


def begin_run(conn: Connection, source_site: str, at: datetime) -> int:
    """Write that a run begins, and delete the oldest ones. → its key."""
    newest = select(_r.key).where(_r.source == source_site).order_by(_r.key.desc()).limit(MOST_RUNS - 1)
    keys = conn.scalars(newest).all()
    conn.execute(delete(pt.source_run).where(_r.source == source_site, _r.key.not_in(keys)))
    values = {"source": source_site, "began_at": micros(at), "report": ""}
    return inserted_key(conn.execute(insert(pt.source_run).values(**values)))


def end_run(conn: Connection, key: int, at: datetime, report: str) -> None:
    values = {"ended_at": micros(at), "report": storable(report)}
    conn.execute(update(pt.source_run).where(_r.key == key).values(**values))


def list_runs(conn: Connection, source_site: str, most: int) -> tuple[SourceRun, ...]:
    """List the newest runs over a source site, the newest first."""
    query = select(pt.source_run).where(_r.source == source_site).order_by(_r.key.desc()).limit(most)
    rows = conn.execute(query)
    return tuple(
        SourceRun(
            row.source,
            moment(row.began_at),
            None if row.ended_at is None else moment(row.ended_at),
            row.report,
        )
        for row in rows
    )


def forget_runs(conn: Connection, pages: Collection[int]) -> None:
    """Delete the runs over the source sites of pages that are destroyed: their findings may quote them."""
    sources = conn.scalars(select(pt.page.c.source).where(among(conn, pt.page.c.key, pages)).distinct()).all()
    conn.execute(delete(pt.source_run).where(_r.source.in_(sources)))
