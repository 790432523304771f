"""One record at any view, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any, Protocol

import msgspec
from sqlalchemy import BindParameter, Connection, FromClause, Select, bindparam, case, select

from publisher.log import registry
from publisher.log.blob_store import source_of
from publisher.log.clocks import FOREVER, day_or_none, moment, moment_or_none
from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8, contains, stream
from publisher.log.database.prepared_statement import Prepared
from publisher.log.database.storable_text import plain
from publisher.log.model import RecordState, Span, Status
from publisher.log.queries.point_in_time import Clocks
from publisher.log.record_identity import span_id
from publisher.log.releases.amendment import no_such_record
from schemas.definition.catalogue import Content

_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_IDS_AT_ONCE = 500

_s, _v, _r, _b, _i = t.span.c, t.revision.c, t.record.c, t.release.c, t.import_.c
_into = t.part.alias("merged_into")
COLUMNS = (
    *(_s.record, _s.status, _s.effective_from, _s.effective_to, _s.known_from, _s.known_to),
    *(_r.id, _r.withdrawn_at, _r.erased_by, _v.title, Utf8(_v.content).label("content"), _v.hash, _v.salt),
    *(_v.locator, _v.originals, _v.corrects, _b.number, _b.note),
    *(_i.digest, _i.name, _i.media_type, _i.size, _i.obtained_at, _i.url, _i.detected_by, _i.partial),
    _i.parser_version,
    case((_into.c.name.is_not(None), _into.c.name), else_=t.part.c.name).label("part"),
)
"""All that a :class:`RecordState` is made of."""


def joined(spans: FromClause) -> FromClause:
    """Spans with all that ``COLUMNS`` names."""
    return (
        spans.join(t.record, _r.key == _s.record)
        .join(t.revision, _v.key == _s.revision)
        .join(t.release, _b.sequence == _s.brought)
        .outerjoin(t.import_, _i.key == _v["import"])
        .outerjoin(t.part, t.part.c.key == _s.part)
        .outerjoin(_into, _into.c.key == t.part.c.merged_into)
    )


_DAY: BindParameter[int] = bindparam("day", type_=t.Key)
_INSTANT: BindParameter[int] = bindparam("instant", type_=t.Key)
_KNOWN = select(*COLUMNS).select_from(joined(t.span)).where(_s.known_from <= _INSTANT, _s.known_to > _INSTANT)
_MINE = _KNOWN.where(_r.id == bindparam("record"), _r.dataset == bindparam("dataset"))
_ON_DAY = Prepared(_MINE.where(_s.effective_from <= _DAY, _s.effective_to > _DAY))
_SEVERAL = select(*COLUMNS, _s.dataset).select_from(joined(t.span))
_COMING = _MINE.where(_s.effective_from > _DAY).order_by(_s.effective_from).limit(1)


class Named(Protocol):
    """A dataset as statements and answers need it."""

    @property
    def key(self) -> int: ...

    @property
    def name(self) -> str: ...


_STATUS: Mapping[str, Status] = {
    "stated": "current",
    "removed": "removed",
    "withdrawn": "withdrawn",
    "erased": "erased",
}


def state(conn: Connection, dataset: Named, row: Any, *, status: Status | None = None) -> RecordState:
    """A row of ``STATE`` as a value."""
    shown = status or _STATUS[row.status]
    silent = shown in ("withdrawn", "erased")
    return RecordState(
        dataset=dataset.name,
        id=row.id,
        status=shown,
        title=row.title,
        content_json=b"{}" if silent or row.content is None else row.content,
        revision=row.hash,
        salt=None if silent or row.salt is None else bytes(row.salt).hex(),
        part=row.part,
        release=row.number,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
        known_to=moment_or_none(row.known_to),
        reason=_reason(conn, row, shown),
        locator_json="{}" if silent else row.locator,
        originals_json="{}" if silent else row.originals,
        sources=() if row.digest is None else (source_of(row),),
        withdrawn_at=None if row.withdrawn_at is None else moment(row.withdrawn_at),
    )


def _reason(conn: Connection, row: Any, shown: Status) -> str:
    if shown == "erased":
        return str(conn.scalar(select(_b.note).where(_b.sequence == row.erased_by)))
    return str(row.note) if shown == "withdrawn" or row.corrects else ""


def record(conn: Connection, dataset: Named, record_id: str, clocks: Clocks) -> RecordState:
    """Raises ``LogError('no-such-record')`` where the view knows nothing of it."""
    asked = {"record": plain(record_id), "dataset": dataset.key, "day": clocks.day, "instant": clocks.instant}
    row = _ON_DAY.first(conn, asked)
    if row is not None:
        return state(conn, dataset, row)
    row = conn.execute(_COMING, asked).first()
    if row is None:
        raise no_such_record(record_id)
    return state(conn, dataset, row, status="future" if row.status == "stated" else None)


def records(
    conn: Connection, datasets: Mapping[int, Named], ids: Sequence[str], clocks: Clocks
) -> Iterator[RecordState]:
    """Those of ``ids`` that are, or were, in effect at the view: in no order, and none that is to come.

    ``datasets``: every one, by key.
    """
    for batch in batched(dict.fromkeys(map(plain, ids)), _IDS_AT_ONCE):
        for row in conn.execute(_SEVERAL.where(_r.id.in_(batch), clocks.see(_s))).all():
            yield state(conn, datasets[row.dataset], row)


def find(conn: Connection, dataset: Named, title: str, today: int) -> tuple[RecordState, ...]:
    """Records whose present or last title is, or else contains, what a person wrote."""
    here = _KNOWN.where(
        _s.dataset == dataset.key, _s.effective_from <= _DAY, _s.effective_to > _DAY
    ).order_by(_s.title, _s.record)
    asked = {"day": today, "instant": FOREVER - 1}
    rows = conn.execute(here.where(_v.title == plain(title)), asked).all()
    if not rows and title:
        rows = conn.execute(here.where(contains(conn, _v.title, plain(title))), asked).all()
    return tuple(state(conn, dataset, row) for row in rows)


_SPAN = (
    select(
        *(_r.id, _s.made, _s.effective_from, _s.effective_to, _s.known_from, _s.known_to, _s.status),
        *(_s.sequence, t.dataset.c.name.label("dataset"), _s.dataset.label("dataset_key"), _s.part),
        *(_v.hash, _v.content),
    )
    .join_from(t.span, t.record, _r.key == _s.record)
    .join(t.revision, _v.key == _s.revision)
    .join(t.dataset, t.dataset.c.key == _s.dataset)
    .where(_s.status.in_(("stated", "withdrawn")))
)


def spans(conn: Connection, *, dataset: str | None, ids: Sequence[str] | None) -> Iterator[Span]:
    """Spans as search indexes them; of ``ids`` those that are there still."""
    query: Select[Any] = _SPAN.order_by(_s.sequence)
    if dataset is not None:
        query = query.where(t.dataset.c.name == dataset)
    parts: dict[int, Mapping[int, str]] = {}
    if ids is None:
        for row in stream(conn, query):
            yield _span(conn, row, parts)
        return
    for batch in batched(ids, _IDS_AT_ONCE):
        wanted = set(batch)
        records = {name.split(".", 1)[0] for name in wanted}
        for row in conn.execute(query.where(_r.id.in_(sorted(records)))).all():
            if span_id(row.id, row.made, row.effective_from) in wanted:
                yield _span(conn, row, parts)


def _span(conn: Connection, row: Any, parts: dict[int, Mapping[int, str]]) -> Span:
    if row.dataset_key not in parts:
        parts[row.dataset_key] = registry.part_names(conn, row.dataset_key)
    content: Content = {} if row.status == "withdrawn" or row.content is None else _DECODE(row.content)
    return Span(
        id=span_id(row.id, row.made, row.effective_from),
        dataset=row.dataset,
        record=row.id,
        part=parts[row.dataset_key].get(row.part),
        revision=row.hash,
        status=row.status,
        content=content,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
        known_to=moment_or_none(row.known_to),
        sequence=row.sequence,
    )
