"""Pages of records with contents as stored JSON text.

For callers that copy contents unparsed, such as maps and bulk exports.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, and_, bindparam, func, select

from publisher.log.clocks import day_or_none, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.model import RecordQuery
from publisher.log.queries import fields_in_view, point_in_time
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import (
    BY_TITLE,
    DATASET,
    IN_VIEW,
    PART,
    OrderKey,
    PageRows,
    RecordSet,
    record_join,
    view_values,
)
from publisher.log.session import Session

_s, _r, _v, _b = t.span.c, t.record.c, t.revision.c, t.release.c
_COLUMNS = (
    *(_r.id, _v.title, Utf8(_v.content).label("content"), _v.hash, _b.number),
    *(_s.effective_from, _s.effective_to, _s.known_from, PART),
)
_ROWS = PageRows(*_COLUMNS)
_ONE = PreparedStatement(
    select(*_COLUMNS)
    .select_from(record_join())
    .where(_s.dataset == DATASET, _s.status == "stated", IN_VIEW, _r.id == bindparam("id"))
)


class RawRecord(msgspec.Struct, frozen=True):
    id: str
    title: str
    content: bytes
    """A JSON object in canonical form, UTF-8."""
    part: str | None
    release: int
    revision: str
    effective_from: date
    effective_to: date | None
    known_from: datetime


class RawRecordPage(msgspec.Struct, frozen=True):
    records: tuple[RawRecord, ...]
    total: int | None
    """Number of the records of the query; None if not requested."""
    after: tuple[Any, ...] | None
    """Sort key of the last row; None at the end."""


def raw_record_page(session: Session, conn: Connection, dataset: str, query: RecordQuery) -> RawRecordPage:
    clocks = first = point_in_time.clocks(conn, dataset, query.view, session.clock())
    if query.during is not None:  # contents of its first day have the most fields
        first = structs.replace(clocks, day=(query.during[0] or date.min).toordinal())
    catalogue = partial(fields_in_view.read_queryable, session, conn, dataset, first)
    records = RecordSet(conn, session.dataset_key(conn, dataset).key, catalogue, query, clocks)
    keys = (OrderKey(records.compiler.column(name), descending) for name, descending in query.sort)
    rows, after = records.page(_ROWS, (*keys, *BY_TITLE) if query.sort else BY_TITLE)
    return RawRecordPage(
        tuple(map(_raw_record, rows)), total=records.total() if query.count else None, after=after
    )


def raw_record(conn: Connection, dataset: int, record: str, clocks: Clocks) -> RawRecord | None:
    row = _ONE.first(conn, {**view_values(dataset, clocks), "id": storable(record)})
    return None if row is None else _raw_record(row)


def extent(conn: Connection, dataset: int) -> tuple[date | None, date | None]:
    stated = and_(Clocks(0).is_known(_s), _s.dataset == dataset, _s.status == "stated")
    first, last = conn.execute(
        select(func.min(_s.effective_from), func.max(_s.effective_to)).where(stated)
    ).one()
    begin = None if first is None else date.fromordinal(first)
    return begin, None if last is None else day_or_none(last)


def _raw_record(row: Any) -> RawRecord:
    return RawRecord(
        id=row.id,
        title=row.title,
        content=row.content or b"{}",
        part=row.part,
        release=row.number,
        revision=row.hash,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
    )
