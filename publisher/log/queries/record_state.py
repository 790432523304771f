"""States of records in a view, and spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from publisher.log.blob_store import source_from_row
from publisher.log.clocks import day_or_none, moment, moment_or_none
from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8, contains, stream
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.model import RecordState, Span, Status
from publisher.log.queries.point_in_time import Clocks, is_known
from publisher.log.queries.record_query import (
    DATASET,
    DAY,
    IN_VIEW,
    INSTANT,
    PART,
    STATUSES,
    record_join,
    view_values,
)
from publisher.log.record_identity import span_id
from publisher.log.releases.amendment import no_such_record
from publisher.log.session import DatasetKey
from schemas.definition.catalogue import Content

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_BATCH = 500

_s, _v, _r, _b, _i = t.span.c, t.revision.c, t.record.c, t.release.c, t.import_.c
COLUMNS = (
    *(_s.status, _s.effective_from, _s.effective_to, _s.known_from, _s.known_to),
    *(_r.id, _r.withdrawn_at, _r.erased_by, _v.title, Utf8(_v.content).label("content"), _v.hash, _v.salt),
    *(_v.locator, _v.originals, _v.corrects, _b.number, _b.note),
    *(_i.digest, _i.name, _i.media_type, _i.size, _i.obtained_at, _i.url, _i.detected_by, _i.partial),
    *(_i.parser_version, _i.origin_salt, PART),
)
"""Columns of a :class:`RecordState`."""

_STATES = select(*COLUMNS).select_from(record_join())
_IS_RECORD = (_r.id == bindparam("record"), _r.dataset == DATASET)
_ON_DAY = PreparedStatement(_STATES.where(IN_VIEW, *_IS_RECORD))
_NEXT_STATE = (
    _STATES.where(is_known(_s, INSTANT), *_IS_RECORD, _s.effective_from > DAY)
    .order_by(_s.effective_from)
    .limit(1)
)
_BY_TITLE = _STATES.where(IN_VIEW, _s.dataset == DATASET).order_by(_s.title, _s.record)


def state_from_row(
    conn: Connection, dataset: DatasetKey, row: Any, *, status: Status | None = None
) -> RecordState:
    """Convert a row of ``COLUMNS``."""
    record_status = status or STATUSES[row.status]
    without_content = record_status in ("withdrawn", "erased")
    return RecordState(
        dataset=dataset.name,
        id=row.id,
        status=record_status,
        title=row.title,
        content_json=b"{}" if without_content or row.content is None else row.content,
        revision=row.hash,
        salt=None if without_content or row.salt is None else bytes(row.salt).hex(),
        part=row.part,
        release=row.number,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
        known_to=moment_or_none(row.known_to),
        reason=_reason(conn, row, record_status),
        locator_json="{}" if without_content else row.locator,
        originals_json="{}" if without_content else row.originals,
        sources=() if row.digest is None else (source_from_row(row),),
        withdrawn_at=None if row.withdrawn_at is None else moment(row.withdrawn_at),
    )


def _reason(conn: Connection, row: Any, status: Status) -> str:
    if status == "erased":
        # A restored log may lack the release.
        return conn.scalar(select(_b.note).where(_b.sequence == row.erased_by)) or ""
    return str(row.note) if status == "withdrawn" or row.corrects else ""


def record(conn: Connection, dataset: DatasetKey, record_id: str, clocks: Clocks) -> RecordState:
    """Return the state of a record, else its first future one. Raises ``LogError('no-such-record')``."""
    values = {**view_values(dataset.key, clocks), "record": storable(record_id)}
    row = _ON_DAY.first(conn, values)
    if row is not None:
        return state_from_row(conn, dataset, row)
    row = conn.execute(_NEXT_STATE, values).first()
    if row is None:
        raise no_such_record(record_id)
    return state_from_row(conn, dataset, row, status="future" if row.status == "stated" else None)


def records(
    conn: Connection, datasets: Mapping[int, DatasetKey], ids: Sequence[str], clocks: Clocks
) -> Iterator[RecordState]:
    """Yield states of the records in the view, in any order, without future ones.

    ``datasets``: all datasets, by key.
    """
    states = _STATES.add_columns(_s.dataset).where(clocks.in_view(_s))
    for batch in batched(dict.fromkeys(map(storable, ids)), _BATCH):
        for row in conn.execute(states.where(_r.id.in_(batch))).all():
            yield state_from_row(conn, datasets[row.dataset], row)


def find_by_title(conn: Connection, dataset: DatasetKey, title: str, today: int) -> tuple[RecordState, ...]:
    values = view_values(dataset.key, Clocks(today))
    rows = conn.execute(_BY_TITLE.where(_v.title == storable(title)), values).all()
    if not rows and title:
        rows = conn.execute(_BY_TITLE.where(contains(conn, _v.title, storable(title))), values).all()
    return tuple(state_from_row(conn, dataset, row) for row in rows)


_IN_INDEX = _s.status != "erased"
_SPANS = (
    select(
        *(_r.id, _s.made, _s.effective_from, _s.effective_to, _s.known_from, _s.known_to, _s.status),
        *(_s.sequence, t.dataset.c.name.label("dataset"), PART, _v.hash, _v.title, _v.content),
    )
    .select_from(record_join().join(t.dataset, t.dataset.c.key == _s.dataset))
    .where(_IN_INDEX)
    .order_by(_s.sequence)
)


def spans(conn: Connection, *, dataset: str | None, ids: Sequence[str] | None) -> Iterator[Span]:
    """Yield spans for the search index. ``ids``: only these, if they still exist."""
    query = _SPANS if dataset is None else _SPANS.where(t.dataset.c.name == dataset)
    if ids is None:
        yield from map(_span, stream(conn, query))
        return
    for batch in batched(ids, _BATCH):
        span_ids = frozenset(batch)
        records = {name.split(".", 1)[0] for name in batch}
        for row in conn.execute(query.where(_r.id.in_(sorted(records)))).all():
            if span_id(row.id, row.made, row.effective_from) in span_ids:
                yield _span(row)


def count_spans(conn: Connection) -> int:
    """Count the spans of :func:`spans` of all datasets."""
    return conn.scalar(select(func.count()).select_from(t.span).where(_IN_INDEX)) or 0


def _span(row: Any) -> Span:
    content: Content = {} if row.status == "withdrawn" or row.content is None else _decode(row.content)
    return Span(
        id=span_id(row.id, row.made, row.effective_from),
        dataset=row.dataset,
        record=row.id,
        part=row.part,
        revision=row.hash,
        status=row.status,
        title="" if row.content is None else row.title,
        content=content,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
        known_to=moment_or_none(row.known_to),
        sequence=row.sequence,
    )
