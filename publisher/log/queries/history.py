"""Releases and changes, as the log tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, select

from publisher.log import registry
from publisher.log.clocks import day_or_none, micros, moment
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import Prepared
from publisher.log.database.storable_text import plain
from publisher.log.field_changes import difference
from publisher.log.model import Cause, Change, ChangeKind, FieldChange, View
from publisher.log.queries.record_state import Named
from publisher.log.session import Session

type FieldOrder = Callable[[str], Mapping[str, int]]
"""Dataset → the place of each field in its catalogue."""

_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_c, _r, _b = t.change.c, t.record.c, t.release.c
_after, _before = t.revision.alias("after").c, t.revision.alias("before").c
_CHANGE: Select[Any] = (
    select(
        *(
            _c.sequence,
            _c.kind,
            _c.cause,
            _c.part,
            _c.before_part,
            _c.effective_from,
            _c.effective_to,
            _c.dataset.label("dataset_key"),
        ),
        *(_r.id, _r.withdrawn_at, _r.erased_by, _b.number, _b.published_at, _b.note, t.dataset.c.name),
        *(_after.hash, _after.salt, _after.title, _after.content, _before.title.label("title_before")),
        _before.content.label("content_before"),
    )
    .join_from(t.change, t.record, _r.key == _c.record)
    .join(t.release, _b.sequence == _c.release)
    .join(t.dataset, t.dataset.c.key == _c.dataset)
    .outerjoin(_after.key.table, _after.key == _c.revision)
    .outerjoin(_before.key.table, _before.key == _c.before)
)
_OF_RECORD = Prepared(
    _CHANGE.where(_r.id == bindparam("record"), _r.dataset == bindparam("dataset")).order_by(_c.sequence)
)
WITHOUT_CONTENT = ("removed", "withdrawn")


def field_order(session: Session, conn: Connection) -> FieldOrder:
    """Reads each dataset's catalogue once, when it is first asked for."""
    orders: dict[str, Mapping[str, int]] = {}

    def order(dataset: str) -> Mapping[str, int]:
        if dataset not in orders:
            catalogue = session.catalogue(conn, registry.dataset_row(conn, dataset).catalogue_digest)
            orders[dataset] = {field.name: n for n, field in enumerate(catalogue.fields)}
        return orders[dataset]

    return order


def changes(
    conn: Connection,
    order: FieldOrder,
    *,
    dataset: registry.DatasetRow | None,
    after: int,
    before: int | None,
    limit: int,
    descending: bool,
    release: int | None,
    cause: Cause | None,
    seen: View,
    kinds: Sequence[ChangeKind],
) -> tuple[Change, ...]:
    query = _CHANGE.where(_c.sequence > after)
    if before is not None:
        query = query.where(_c.sequence < before)
    if dataset is not None:
        query = query.where(_c.dataset == dataset.key)
    if release is not None:
        query = query.where(_b.number == release)
    if cause is not None:
        query = query.where(_c.cause == cause)
    if seen.as_of is not None:
        query = query.where(_c.effective_from <= seen.as_of.toordinal())
    if seen.known_at is not None:
        query = query.where(_b.published_at <= micros(seen.known_at))
    if kinds:
        query = query.where(_c.kind.in_(kinds))
    query = query.order_by(_c.sequence.desc() if descending else _c.sequence).limit(limit)
    return _changes(conn, conn.execute(query).all(), order)


def of_records(
    conn: Connection, order: FieldOrder, records: Sequence[str], published_at: Sequence[int]
) -> tuple[Change, ...]:
    """The newest first: what the releases of these instants did to these records."""
    query = _CHANGE.where(_r.id.in_(records), _b.published_at.in_(published_at))
    return _changes(conn, conn.execute(query.order_by(_c.sequence.desc())).all(), order)


def history(conn: Connection, order: FieldOrder, dataset: Named, record: str) -> tuple[Change, ...]:
    """All that happened to a record, oldest first."""
    rows = _OF_RECORD.all(conn, {"record": plain(record), "dataset": dataset.key})
    return _changes(conn, rows, order)


def _changes(conn: Connection, rows: Sequence[Any], order: FieldOrder) -> tuple[Change, ...]:
    parts: dict[int, Mapping[int, str]] = {}
    result = []
    for row in rows:
        if row.dataset_key not in parts:
            parts[row.dataset_key] = registry.part_names(conn, row.dataset_key)
        result.append(_change(row, parts[row.dataset_key], order))
    return tuple(result)


def _change(row: Any, parts: Mapping[int, str], order: FieldOrder) -> Change:
    erased = row.erased_by is not None
    silent = row.kind in WITHOUT_CONTENT
    before = None if erased or row.content_before is None else _DECODE(row.content_before)
    after = None if erased or silent or row.content is None else _DECODE(row.content)
    fields: tuple[FieldChange, ...] = ()
    if before is not None and after is not None:
        fields = difference(before, after, order(row.name))
        if row.before_part != row.part:
            fields = (FieldChange("part", parts.get(row.before_part), parts.get(row.part)), *fields)
    return Change(
        sequence=row.sequence,
        dataset=row.name,
        release=row.number,
        record=row.id,
        kind=row.kind,
        cause=row.cause,
        title="" if erased else row.title or row.title_before or "",
        part=parts.get(row.part),
        effective_on=date.fromordinal(row.effective_from),
        published_at=moment(row.published_at),
        revision=None if silent else row.hash,
        before=before,
        after=after,
        fields=fields,
        reason=row.note if row.kind in ("corrected", "withdrawn", "renamed") else "",
        withdrawn=row.withdrawn_at is not None,
        erased=erased,
        effective_to=day_or_none(row.effective_to),
        salt=None if erased or silent or row.salt is None else bytes(row.salt).hex(),
    )


def erased(conn: Connection, dataset: registry.DatasetRow) -> tuple[str, ...]:
    """Ids of the records that were erased."""
    gone = select(_r.id).where(_r.dataset == dataset.key, _r.erased_by.is_not(None)).order_by(_r.id)
    return tuple(conn.scalars(gone))


def erased_after(conn: Connection, release: int) -> bool:
    """Whether a release behind that sequence destroyed records: its counts say so."""
    return any(
        "erased" in _DECODE(counts) for counts in conn.scalars(select(_b.counts).where(_b.sequence > release))
    )
