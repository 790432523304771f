"""All records of a view for exports, without decoding contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, select

from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import DATASET, IN_VIEW, PART, record_join, view_values

_s, _v, _r, _b = t.span.c, t.revision.c, t.record.c, t.release.c
_BATCH = 250
_ALL = (
    select(
        *(_r.id, Utf8(_v.content).label("content"), PART, _b.number.label("release")),
        *(_s.effective_from, _v.hash.label("revision")),
    )
    .select_from(record_join())
    .where(_s.status == "stated", IN_VIEW)
    .order_by(_s.record)
)
# The addition keeps SQLite from an index that would require sorting.
_STATED = {
    "sqlite": PreparedStatement(_ALL.where(_s.dataset + 0 == DATASET)),
    "postgresql": PreparedStatement(_ALL.where(_s.dataset == DATASET)),
}


class StateRow(NamedTuple):
    """Row of a record in force in a view."""

    id: str
    content: bytes
    """Canonical JSON (RFC 8785): no spaces, sorted names; UTF-8."""
    part: str | None
    release: int
    """Number of the release that created this state."""
    effective_from: int
    """Proleptic Gregorian ordinal of the day."""
    revision: str


def whole_state(conn: Connection, dataset: int, clocks: Clocks) -> Iterator[StateRow]:
    """Yield records in force in the order in which they first appeared."""
    state: Any = partial(tuple.__new__, StateRow)  # a tenth of the time of ``_make``, which is Python
    for rows in _STATED[conn.dialect.name].batches(conn, view_values(dataset, clocks), _BATCH):
        yield from map(state, rows)


def erased_count(conn: Connection, dataset: int, clocks: Clocks) -> int:
    """Count the erased records of the view."""
    if not _has_erased(conn, dataset):
        return 0
    return conn.scalar(_select_erased(dataset, clocks).with_only_columns(func.count())) or 0


def erased_ids(conn: Connection, dataset: int, clocks: Clocks) -> Sequence[str]:
    """List the ids of the erased records of the view, in the order in which they first appeared."""
    if not _has_erased(conn, dataset):
        return ()
    return tuple(conn.scalars(_select_erased(dataset, clocks).order_by(_s.record)))


def _has_erased(conn: Connection, dataset: int) -> bool:
    """Test whether anything was ever erased: usually not, and the records need not be scanned."""
    return bool(conn.scalar(select(exists().where(_b.dataset == dataset, _b.erased))))


def _select_erased(dataset: int, clocks: Clocks) -> Select[Any]:
    erased = (_s.dataset == dataset, clocks.in_view(_s), _s.status == "erased")
    return select(_r.id).join_from(t.span, t.record, _r.key == _s.record).where(*erased)
