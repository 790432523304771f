"""All records of a view, one after another, as files are made from them: nothing is decoded on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, case, exists, func, select

from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8
from publisher.log.database.prepared_statement import Prepared
from publisher.log.queries.point_in_time import Clocks

_s, _v, _r, _b = t.span.c, t.revision.c, t.record.c, t.release.c
_into = t.part.alias("merged_into")
_AT_ONCE = 250
_DAY: BindParameter[int] = bindparam("day", type_=t.Key)
_INSTANT: BindParameter[int] = bindparam("instant", type_=t.Key)
_DATASET: BindParameter[int] = bindparam("dataset", type_=t.Key)
_ALL = (
    select(
        _r.id,
        Utf8(_v.content).label("content"),
        case((_into.c.name.is_not(None), _into.c.name), else_=t.part.c.name).label("part"),
        _b.number.label("release"),
        _s.effective_from,
        _v.hash.label("revision"),
    )
    .select_from(
        t.span.join(t.record, _r.key == _s.record)
        .join(t.revision, _v.key == _s.revision)
        .join(t.release, _b.sequence == _s.brought)
        .outerjoin(t.part, t.part.c.key == _s.part)
        .outerjoin(_into, _into.c.key == t.part.c.merged_into)
    )
    .where(
        _s.status == "stated",
        *(_s.known_from <= _INSTANT, _s.known_to > _INSTANT),
        *(_s.effective_from <= _DAY, _s.effective_to > _DAY),
    )
    .order_by(_s.record)
)
# SQLite is kept from an index by which it would have to sort.
_STATED = {
    "sqlite": Prepared(_ALL.where(_s.dataset + 0 == _DATASET)),
    "postgresql": Prepared(_ALL.where(_s.dataset == _DATASET)),
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
    parameters = {"dataset": dataset, "day": clocks.day, "instant": clocks.instant}
    for rows in _STATED[conn.dialect.name].batches(conn, parameters, _AT_ONCE):
        yield from map(state, rows)


def erased_count(conn: Connection, dataset: int, clocks: Clocks) -> int:
    """How many records the view would hold if their contents had not been destroyed."""
    if not conn.scalar(select(exists().where(_b.dataset == dataset, _b.erased))):
        return 0  # as almost always: no need to look at every record
    query = select(func.count()).where(_s.dataset == dataset, clocks.see(_s), _s.status == "erased")
    return conn.scalar(query) or 0
