"""All records of a view, one after another, as files are made from them: nothing is decoded on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, func, select

from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8
from publisher.log.database.prepared_statement import Prepared
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import DATASET, IN_VIEW, PART, record_join, view_values

_s, _v, _r, _b = t.span.c, t.revision.c, t.record.c, t.release.c
_AT_ONCE = 250
_ALL = (
    select(
        *(_r.id, Utf8(_v.content).label("content"), PART, _b.number.label("release")),
        *(_s.effective_from, _v.hash.label("revision")),
    )
    .select_from(record_join())
    .where(_s.status == "stated", IN_VIEW)
    .order_by(_s.record)
)
# SQLite is kept from an index by which it would have to sort.
_STATED = {
    "sqlite": Prepared(_ALL.where(_s.dataset + 0 == DATASET)),
    "postgresql": Prepared(_ALL.where(_s.dataset == DATASET)),
}


class Stated(NamedTuple):
    """A record in force in a view."""

    id: str
    content: bytes
    """Canonical JSON (RFC 8785): no spaces, names in order; UTF-8."""
    part: str | None
    release: int
    """The release that brought this state."""
    effective_from: int
    """Proleptic Gregorian ordinal of the day."""
    revision: str


def whole_state(conn: Connection, dataset: int, clocks: Clocks) -> Iterator[Stated]:
    """In the order in which the records first appeared."""
    state: Any = partial(tuple.__new__, Stated)  # a tenth of what ``_make`` costs, which is Python
    for rows in _STATED[conn.dialect.name].batches(conn, view_values(dataset, clocks), _AT_ONCE):
        yield from map(state, rows)


def erased_count(conn: Connection, dataset: int, clocks: Clocks) -> int:
    """How many records the view would hold if their contents had not been destroyed."""
    if not conn.scalar(select(exists().where(_b.dataset == dataset, _b.erased))):
        return 0  # as almost always: no need to look at every record
    query = select(func.count()).where(_s.dataset == dataset, clocks.see(_s), _s.status == "erased")
    return conn.scalar(query) or 0
