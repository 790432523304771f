"""Pages on which the program itself failed, with the number of times in a row and the last error."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import page_tables as pt
from publisher.log.database.connection import among
from publisher.log.database.storable_text import storable

LIMIT = 2
"""Failures in a row after which a page is set aside."""
_LONGEST = 300
"""Most characters of an error that are stored."""


class FailedPage(msgspec.Struct, frozen=True):
    page: int
    source_site: str
    url: str
    times: int
    at: datetime
    """Time of the last failure."""
    error: str

    @property
    def set_aside(self) -> bool:
        return self.times >= LIMIT


def add_failure(conn: Connection, page: int, at: datetime, error: str) -> int:
    """Count a failure of a page. → number of failures in a row."""
    f = pt.page_failure.c
    times = (conn.scalar(select(f.times).where(f.page == page)) or 0) + 1
    values = {"times": times, "at": micros(at), "error": storable(error)[:_LONGEST]}
    if times == 1:
        conn.execute(insert(pt.page_failure).values(page=page, **values))
    else:
        conn.execute(update(pt.page_failure).where(f.page == page).values(**values))
    return times


def clear_failures(conn: Connection, pages: Collection[int]) -> None:
    conn.execute(delete(pt.page_failure).where(among(conn, pt.page_failure.c.page, pages)))


def list_failures(conn: Connection, source_site: str | None) -> tuple[FailedPage, ...]:
    """List the failures of one source site, or of all."""
    p = pt.page.c
    query = select(pt.page_failure, p.source, p.url).join(pt.page, p.key == pt.page_failure.c.page)
    if source_site is not None:
        query = query.where(p.source == source_site)
    rows = conn.execute(query.order_by(p.source, p.key))
    return tuple(
        FailedPage(row.page, row.source, row.url, row.times, moment(row.at), row.error) for row in rows
    )
