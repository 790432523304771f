"""Queries for changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, select

from publisher.log import registry
from publisher.log.clocks import day_or_none, micros, moment
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.field_changes import compare_states
from publisher.log.model import Cause, Change, ChangeKind, View
from publisher.log.session import DatasetKey, Session

type FieldOrder = Callable[[str, int], Mapping[str, int]]
"""Dataset and number of a release → position of each field in the catalogue for its changes."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode
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
_OF_RECORD = PreparedStatement(
    _CHANGE.where(_r.id == bindparam("record"), _r.dataset == bindparam("dataset")).order_by(_c.sequence)
)
WITHOUT_CONTENT = ("removed", "withdrawn")
WITH_REASON = ("corrected", "withdrawn", "renamed")
"""Kinds of changes of which the note of the release is the reason."""


def field_order(session: Session, conn: Connection) -> FieldOrder:
    """Create a function that reads the catalogues of each dataset's releases once, at its first use.

    The order is not that of the current catalogue: a migration must not change a page of an older release.
    """
    releases: dict[str, Mapping[int, tuple[str, str]]] = {}
    orders: dict[tuple[str, str], Mapping[str, int]] = {}

    def order(dataset: str, number: int) -> Mapping[str, int]:
        if dataset not in releases:
            releases[dataset] = _read_digests(conn, registry.dataset_row(conn, dataset).key)
        own, before = releases[dataset][number]
        if (own, before) not in orders:
            fields = [f.name for digest in (own, before) for f in session.catalogue(conn, digest).fields]
            orders[own, before] = {name: n for n, name in enumerate(dict.fromkeys(fields))}
        return orders[own, before]

    return order


def _read_digests(conn: Connection, dataset: int) -> Mapping[int, tuple[str, str]]:
    """Read number → digests of its catalogue and of that before, of each release of a dataset."""
    query = select(_b.number, _b.catalogue_digest).where(_b.dataset == dataset).order_by(_b.number)
    digests: dict[int, tuple[str, str]] = {}
    before = ""
    for number, digest in conn.execute(query):
        digests[number] = digest, before or digest
        before = digest
    return digests


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
    view: View,
    kinds: Sequence[ChangeKind],
    records: Collection[str],
) -> tuple[Change, ...]:
    """List up to ``limit`` changes by sequence. ``after`` and ``before`` are sequences that are not included;
    ``release`` is a number; changes after the view's day or instant are left out.
    """
    query = _CHANGE.where(_c.sequence > after)
    if before is not None:
        query = query.where(_c.sequence < before)
    if dataset is not None:
        query = query.where(_c.dataset == dataset.key)
    if release is not None:
        query = query.where(_b.number == release)
    if cause is not None:
        query = query.where(_c.cause == cause)
    if view.as_of is not None:
        query = query.where(_c.effective_from <= view.as_of.toordinal())
    if view.known_at is not None:
        query = query.where(_b.published_at <= micros(view.known_at))
    if kinds:
        query = query.where(_c.kind.in_(kinds))
    if records:
        query = query.where(_r.id.in_(records))
    query = query.order_by(_c.sequence.desc() if descending else _c.sequence).limit(limit)
    return _changes(conn, conn.execute(query).all(), order)


class ReleasedRecord(msgspec.Struct, frozen=True):
    """A record that a release changed, and that was neither withdrawn nor erased since."""

    id: str
    part: str | None
    kind: ChangeKind


def released_records(conn: Connection, dataset: DatasetKey, number: int) -> tuple[ReleasedRecord, ...]:
    """List the records that a release changed, without contents, in the order of their changes."""
    query = (
        select(_r.id, _c.part, _c.kind)
        .join_from(t.change, t.record, _r.key == _c.record)
        .join(t.release, _b.sequence == _c.release)
        .where(_c.dataset == dataset.key, _b.number == number)
        .where(_r.withdrawn_at.is_(None), _r.erased_by.is_(None))
        .order_by(_c.sequence)
    )
    parts = registry.part_names(conn, dataset.key)
    return tuple(ReleasedRecord(row.id, parts.get(row.part), row.kind) for row in conn.execute(query))


def changes_of_records(
    conn: Connection, order: FieldOrder, records: Sequence[str], published_at: Sequence[int]
) -> tuple[Change, ...]:
    """List changes of these records by the releases of these instants, newest first."""
    query = _CHANGE.where(_r.id.in_(records), _b.published_at.in_(published_at))
    return _changes(conn, conn.execute(query.order_by(_c.sequence.desc())).all(), order)


def changed_values(conn: Connection, order: FieldOrder, records: Sequence[str]) -> tuple[Change, ...]:
    """List the changes and corrections of the content of these records, newest first."""
    query = _CHANGE.where(_r.id.in_(records), _c.kind.in_(("changed", "corrected")))
    return _changes(conn, conn.execute(query.order_by(_c.sequence.desc())).all(), order)


def changes_of_sequences(conn: Connection, order: FieldOrder, sequences: Sequence[int]) -> tuple[Change, ...]:
    """Read some changes, newest first."""
    query = _CHANGE.where(_c.sequence.in_(sequences)).order_by(_c.sequence.desc())
    return _changes(conn, conn.execute(query).all(), order)


def history(conn: Connection, order: FieldOrder, dataset: DatasetKey, record: str) -> tuple[Change, ...]:
    """List all changes of a record, oldest first."""
    rows = _OF_RECORD.all(conn, {"record": storable(record), "dataset": dataset.key})
    return _changes(conn, rows, order)


def _changes(conn: Connection, rows: Sequence[Any], order: FieldOrder) -> tuple[Change, ...]:
    parts: dict[int, Mapping[int, str]] = {}
    changes = []
    for row in rows:
        if row.dataset_key not in parts:
            parts[row.dataset_key] = registry.part_names(conn, row.dataset_key)
        changes.append(_change(row, parts[row.dataset_key], order))
    return tuple(changes)


def _change(row: Any, parts: Mapping[int, str], order: FieldOrder) -> Change:
    # A restored log may lack the release that erased the record.
    erased = row.erased_by is not None or (row.hash is not None and row.content is None)
    without_content = row.kind in WITHOUT_CONTENT
    before = None if erased or row.content_before is None else _decode(row.content_before)
    after = None if erased or without_content or row.content is None else _decode(row.content)
    part_before, part = parts.get(row.before_part), parts.get(row.part)
    return Change(
        sequence=row.sequence,
        dataset=row.name,
        release=row.number,
        record=row.id,
        kind=row.kind,
        cause=row.cause,
        title="" if erased else row.title or row.title_before or "",
        part=part,
        effective_on=date.fromordinal(row.effective_from),
        published_at=moment(row.published_at),
        revision=None if without_content else row.hash,
        before=before,
        after=after,
        # The catalogue is not read for additions.
        fields=()
        if before is None
        else compare_states(before, after, order(row.name, row.number), parts=(part_before, part)),
        reason=row.note if row.kind in WITH_REASON else "",
        withdrawn=row.withdrawn_at is not None,
        erased=erased,
        effective_to=day_or_none(row.effective_to),
        salt=None if erased or without_content or row.salt is None else bytes(row.salt).hex(),
    )


def erased_after(conn: Connection, release: int) -> bool:
    """Report whether a release after that sequence erased records, according to its counts."""
    return any(
        "erased" in _decode(counts) for counts in conn.scalars(select(_b.counts).where(_b.sequence > release))
    )
