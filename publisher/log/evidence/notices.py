"""Notices: changes of pages at their source sites, for readers and subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, select

from publisher.log.clocks import moment
from publisher.log.database import page_tables as pt
from publisher.log.database.connection import among

type Sign = Literal["etag", "date", "length", "hash", "status"]
type NoticeKind = Literal["changed", "vanished", "returned"]


class PageNotice(msgspec.Struct, frozen=True):
    """A change of a page at its source site since it was first parsed."""

    key: int
    source_site: str
    url: str
    title: str
    at: datetime
    kind: NoticeKind
    detected_by: Sign
    before: int | None
    after: int | None
    """Keys of responses."""


def read_notices(
    conn: Connection,
    *,
    keys: Sequence[int] | None = None,
    after: int = 0,
    limit: int | None = None,
    newest: bool = False,
) -> tuple[PageNotice, ...]:
    n, p = pt.notice.c, pt.page.c
    query = select(pt.notice, p.source, p.url, p.title).join(pt.page, p.key == n.page)
    query = query.where(n.key > after, ~p.erased)
    if keys is not None:
        query = query.where(among(conn, n.key, keys))
    query = query.order_by(n.key.desc() if newest else n.key).limit(limit)
    return tuple(
        PageNotice(
            row.key,
            row.source,
            row.url,
            row.title,
            moment(row.at),
            row.kind,
            row.detected_by,
            row.before,
            row.after,
        )
        for row in conn.execute(query)
    )
