"""Releases as :class:`.Release`, read from their rows and those of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select, tuple_

from publisher.log import registry
from publisher.log.approvals import two_persons
from publisher.log.blob_store import source_from_row
from publisher.log.clocks import moment
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.model import TAKING_EFFECT, LogError, Release, ReleaseApproval

_b = t.release.c
_BATCH = 1_000
_LARGEST_NUMBER = 2**31 - 1
_earlier = t.release.alias("earlier")
_PREVIOUS_NUMBER = (
    select(func.max(_earlier.c.number))
    .where(_earlier.c.dataset == _b.dataset, _earlier.c.number < _b.number)
    .correlate(t.release)
    .scalar_subquery()
)
_RELEASES = (
    select(
        t.release,
        t.dataset.c.name.label("dataset_name"),
        e.entry.c.position.label("entry"),
        _PREVIOUS_NUMBER.label("previous_number"),
    )
    .join(t.dataset, t.dataset.c.key == _b.dataset)
    .outerjoin(e.entry, e.entry.c.digest == _b.document)
)
_COLUMNS_WITH_SALT = ("actor", "basis", "note", "left_out")
"""The texts of :data:`.release_document.SALTED`, and the rows that were left out."""


def releases(
    conn: Connection, dataset: registry.DatasetRow, number: int | None = None
) -> tuple[Release, ...]:
    """List a dataset's releases, oldest first, or one. Raises ``LogError('no-such-release')``."""
    query = _RELEASES.where(_b.dataset == dataset.key).order_by(_b.number)
    if number is not None:
        query = query.where(has_number(number))
    rows = _read_releases(conn, query)
    if number is not None and not rows:
        raise no_such_release(number)
    return rows


def has_number(number: int) -> ColumnElement[bool]:
    """Condition of the releases with a number. One that the column does not store would be an error."""
    return _b.number == number if 0 < number <= _LARGEST_NUMBER else false()


class Cancellation(msgspec.Struct, frozen=True):
    """A release that cancels an earlier one of its dataset."""

    dataset: int
    number: int
    cancels: int
    """Number of the release that it cancels."""
    published_at: int
    """In microseconds."""
    note: str


def cancellations(conn: Connection, *conditions: ColumnElement[bool]) -> Sequence[Cancellation]:
    """List the releases that cancel others, oldest first, of those that meet the conditions."""
    columns = (_b.dataset, _b.number, _b.counts, _b.published_at, _b.note)
    query = select(*columns).where(t.IS_CANCELLATION, *conditions).order_by(_b.sequence)
    return [
        Cancellation(
            row.dataset, row.number, msgspec.json.decode(row.counts)[t.CANCELS], row.published_at, row.note
        )
        for row in conn.execute(query)
    ]


class CancelledRelease(msgspec.Struct, frozen=True):
    """A release that was cancelled before it took effect; instants in microseconds, the day an ordinal."""

    sequence: int
    published_at: int
    effective_on: int
    cancelled_by: int
    """Sequence of the release that cancels it."""
    cancelled_at: int


def cancelled_releases(
    conn: Connection, known_at: int, *conditions: ColumnElement[bool]
) -> Sequence[CancelledRelease]:
    """List the releases that were cancelled until an instant, oldest cancellation first.

    ``conditions``: of the releases that cancel them.
    """
    cancelling = cancellations(conn, _b.published_at <= known_at, *conditions)
    if not cancelling:
        return ()
    numbers = [(one.dataset, n) for one in cancelling for n in (one.cancels, one.number)]
    columns = (_b.dataset, _b.number, _b.sequence, _b.published_at, _b.effective_on)
    rows = {
        (row.dataset, row.number): row
        for batch in batched(numbers, _BATCH)
        for row in conn.execute(select(*columns).where(tuple_(_b.dataset, _b.number).in_(batch)))
    }
    cancelled = []
    for one in cancelling:
        row, cancellation = rows[one.dataset, one.cancels], rows[one.dataset, one.number]
        cancelled.append(
            CancelledRelease(
                row.sequence, row.published_at, row.effective_on, cancellation.sequence, one.published_at
            )
        )
    return cancelled


def takes_effect(release: Release) -> bool:
    """Report whether anything in a release takes effect on a day.

    A correction, a withdrawal or a cancellation does not.
    """
    return release.cancels is None and any(release.counts.get(kind) for kind in TAKING_EFFECT)


def releases_of_overview(conn: Connection, day: int, known_at: int, recent: int) -> tuple[Release, ...]:
    """List the releases that an overview of all datasets shows, newest first.

    Of the releases in effect on the day and known then these are the ``recent`` newest and, of each dataset,
    the first, the newest, and the newest that is not cancelled and in which something takes effect. The
    others may be cancelled. ``day``: ordinal; ``known_at``: microseconds.
    """
    cancelled = [(one.dataset, one.cancels) for one in cancellations(conn, _b.published_at <= known_at)]
    took_effect = and_(
        or_(*(_b.counts.contains(f'"{kind}":') for kind in TAKING_EFFECT)),
        not_(t.IS_CANCELLATION),
        tuple_(_b.dataset, _b.number).not_in(cancelled),
    )
    newest, dataset = _b.sequence.desc(), _b.dataset
    ranks = (
        select(
            _b.sequence,
            _b.number,
            func.min(_b.number).over(partition_by=dataset).label("first"),
            took_effect.label("took_effect"),
            func.row_number().over(order_by=newest).label("of_all"),
            func.row_number().over(partition_by=dataset, order_by=newest).label("of_dataset"),
            func.row_number().over(partition_by=(dataset, took_effect), order_by=newest).label("of_effect"),
        )
        .where(_b.effective_on <= day, _b.published_at <= known_at)
        .subquery()
    )
    rank = ranks.c
    in_overview = or_(
        rank.of_all <= recent,
        rank.number == rank.first,
        rank.of_dataset == 1,
        rank.took_effect & (rank.of_effect == 1),
    )
    return _read_releases(
        conn, _RELEASES.where(_b.sequence.in_(select(rank.sequence).where(in_overview))).order_by(newest)
    )


def _read_releases(conn: Connection, query: Select[Any]) -> tuple[Release, ...]:
    rows = conn.execute(query).all()
    sources = _read_sources(conn, [row.sequence for row in rows])
    return tuple(_release(row, sources.get(row.sequence, ())) for row in rows)


def _read_sources(conn: Connection, sequences: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    i = t.import_.c
    sources: dict[int, list[Any]] = {}
    for batch in batched(sequences, _BATCH):
        of_release = select(t.import_).where(i.release.in_(batch)).order_by(i.key)
        for source in conn.execute(of_release).all():
            sources.setdefault(source.release, []).append(source)
    return sources


def _release(row: Any, sources: Sequence[Any]) -> Release:
    counts = msgspec.json.decode(row.counts)
    cancels = counts.pop(t.CANCELS, None)
    left_out = msgspec.json.decode(row.left_out) if row.left_out else []
    return Release(
        sequence=row.sequence,
        dataset=row.dataset_name,
        number=row.number,
        published_at=moment(row.published_at),
        effective_on=date.fromordinal(row.effective_on),
        basis=row.basis,
        note=row.note,
        actor=row.actor,
        catalogue_digest=row.catalogue_digest,
        parser_version=row.parser_version,
        software_version=row.software_version,
        manifest_hash=row.manifest_hash,
        previous_hash=row.previous_hash,
        hash=row.hash,
        sources=tuple(source_from_row(source) for source in sources),
        left_out=tuple(left_out),
        counts=counts,
        cancels=cancels,
        previous_number=row.previous_number,
        erased=row.erased,
        document=row.document or "",
        entry=row.entry or 0,
        approval=_approval(row.approval),
        salts={
            name: bytes(salt).hex() for name in _COLUMNS_WITH_SALT if (salt := getattr(row, f"{name}_salt"))
        },
    )


def _approval(text: str | None) -> ReleaseApproval | None:
    stored = two_persons.public_approval(text)
    if stored is None:
        return None
    day = stored["secrecy_reviewed_on"]
    return ReleaseApproval(
        digest=stored["digest"],
        emergency=stored["emergency"],
        secrecy_reviewed_on=None if day is None else date.fromisoformat(day),
        people=tuple((person["role"], person["commitment"]) for person in stored["people"]),
    )


def no_such_release(number: int) -> LogError:
    return LogError("no-such-release", f"没有第{number}次发布。", f"There is no release {number}.")
