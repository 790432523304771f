"""Queries for feeds: changes found by a search, their last events, blocks for archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched

import msgspec
from msgspec import structs
from sqlalchemy import and_, func, select

from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.model import Change
from publisher.log.queries import history
from publisher.log.record_identity import span_id
from publisher.log.session import Session

BLOCK = 100
"""Most changes in a block, which is one archive document."""
_BATCH = 500

_c, _b, _r, _s, _i = t.change.c, t.release.c, t.record.c, t.span.c, t.import_.c


_ORIGINS = (
    select(_c.sequence, _i.url)
    .join_from(t.change, t.revision, t.revision.c.key == _c.revision)
    .join(t.import_, and_(_i.key == t.revision.c["import"], _i.release == _c.release))
    .where(_i.url.is_not(None))
)
_ORIGINS_OF_REMOVALS = (
    select(_c.sequence, func.min(_i.url).label("url"))
    .join_from(t.change, t.import_, and_(_i.release == _c.release, _i.part.is_not_distinct_from(_c.part)))
    .where(_i.url.is_not(None))
    .group_by(_c.sequence)
    .having(func.count(_i.url.distinct()) == 1)
)

_FIRST_RELEASES = (
    select(t.dataset.c.name, func.min(_b.number).label("number"))
    .join_from(t.release, t.dataset, t.dataset.c.key == _b.dataset)
    .group_by(t.dataset.c.name)
)
_BY_PART = select(_c.sequence, _c.dataset, _c.part, _c.release).where(_c.part.is_not(None))
_FIRST_FILES = (
    select(_i.part, func.min(_i.release).label("release")).where(_i.release.is_not(None)).group_by(_i.part)
)

_correcting = t.change.alias("correcting")
_CORRECTIONS = (
    select(_c.sequence, func.max(_b.published_at).label("at"))
    .join_from(t.change, _correcting, _correcting.c.record == _c.record)
    .join(t.release, _b.sequence == _correcting.c.release)
    .where(_correcting.c.kind == "corrected", _correcting.c.before == _c.revision)
    .where(_correcting.c.sequence > _c.sequence)
    .group_by(_c.sequence)
)
_WITHDRAWALS_AND_ERASURES = (
    select(_c.sequence, _r.withdrawn_at, _b.published_at)
    .join_from(t.change, t.record, _r.key == _c.record)
    .outerjoin(t.release, _b.sequence == _r.erased_by)
    .where((_r.withdrawn_at.is_not(None)) | (_r.erased_by.is_not(None)))
)

_sibling = t.change.alias("sibling")
# Subqueries, since a database seeks the ends of a release instead of reading all its changes.
_FIRST_OF_RELEASE, _LAST_OF_RELEASE = (
    select(end(_sibling.c.sequence))
    .where(_sibling.c.release == _c.release)
    .correlate(t.change)
    .scalar_subquery()
    for end in (func.min, func.max)
)
_ENDS_OF_RELEASE = (
    select(
        *(_FIRST_OF_RELEASE.label("first"), _LAST_OF_RELEASE.label("last")),
        *(t.dataset.c.name, _b.published_at),
    )
    .join_from(t.change, t.release, _b.sequence == _c.release)
    .join(t.dataset, t.dataset.c.key == _c.dataset)
)
_LASTS = select(_c.sequence, _LAST_OF_RELEASE.label("last"))


class Block(msgspec.Struct, frozen=True):
    """Up to :data:`BLOCK` consecutive changes of one release; which ones, never changes."""

    first: int
    """Sequence of the first change."""
    end: int
    """Sequence after the last change."""
    dataset: str
    published_at: datetime
    release_start: int
    """Sequence of the release's first change."""

    def range_until(self, last: int, blocks: int) -> Block:
        """Join the last ``blocks`` blocks of the release, or all that it has, up to its change ``last``."""
        blocks_before = (last - self.release_start) // BLOCK + 1 - blocks
        return structs.replace(self, first=self.release_start + max(0, blocks_before) * BLOCK, end=last + 1)


class LastEvent(msgspec.Struct, frozen=True):
    at: datetime
    """Time of the last correction, withdrawal or erasure."""
    corrected: bool


class FeedChanges:
    """``log.feed_changes``: queries that only feeds need."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def changes_by_releases(self, record_times: Sequence[tuple[str, datetime]]) -> tuple[Change, ...]:
        """List the changes of records that these releases made, newest first.

        ``record_times``: (record id, time of publication of the release).
        """
        changes: list[Change] = []
        pairs = {(record, micros(at)) for record, at in record_times}
        with self._session.read() as conn:
            order = history.field_order(self._session, conn)
            for batch in batched(sorted(pairs), _BATCH):
                records, times = sorted({r for r, _ in batch}), sorted({at for _, at in batch})
                batch_pairs = set(batch)
                changes += [
                    change
                    for change in history.changes_of_records(conn, order, records, times)
                    if (change.record, micros(change.published_at)) in batch_pairs
                ]
        return tuple(sorted(changes, key=lambda change: -change.sequence))

    def last_events(self, changes: Sequence[Change]) -> Mapping[int, LastEvent]:
        """Map sequences to the later correction, withdrawal or erasure of the content, if there is one.

        Only corrections of the content of this change count, not later changes.
        """
        last_events: dict[int, LastEvent] = {}
        with self._session.read() as conn:
            for batch in batched((change.sequence for change in changes), _BATCH):
                for row in conn.execute(_CORRECTIONS.where(_c.sequence.in_(batch))).all():
                    last_events[row.sequence] = LastEvent(moment(row.at), corrected=True)
                ended = _WITHDRAWALS_AND_ERASURES.where(_c.sequence.in_(batch))
                for sequence, withdrawn, erased in conn.execute(ended).all():
                    correction = last_events.get(sequence)
                    at = moment(max(withdrawn or 0, erased or 0))
                    last_events[sequence] = LastEvent(
                        max(at, correction.at) if correction else at, corrected=correction is not None
                    )
        return last_events

    def origins(self, changes: Sequence[Change]) -> Mapping[int, str]:
        """Map sequences to the address of the change's source; changes of uploaded files are absent.

        A removal has the address of the file from which the record is missing.
        """
        removed = [change.sequence for change in changes if change.kind == "removed"]
        others = [change.sequence for change in changes if change.kind not in history.WITHOUT_CONTENT]
        urls: dict[int, str] = {}
        with self._session.read() as conn:
            for query, sequences in ((_ORIGINS, others), (_ORIGINS_OF_REMOVALS, removed)):
                for batch in batched(sequences, _BATCH):
                    rows = conn.execute(query.where(_c.sequence.in_(batch))).all()
                    urls |= {row.sequence: row.url for row in rows}
        return urls

    def initial_changes(self, changes: Sequence[Change]) -> frozenset[int]:
        """Select sequences of changes by the first release of a dataset or of a part."""
        with self._session.read() as conn:
            names = {change.dataset for change in changes}
            # Its number may be above 1: a succession skips those of lost releases.
            of_names = _FIRST_RELEASES.where(t.dataset.c.name.in_(names))
            first_releases = {(row.name, row.number) for row in conn.execute(of_names).all()}
            initial = {c.sequence for c in changes if (c.dataset, c.release) in first_releases}
            added = [c.sequence for c in changes if c.kind == "added" and c.part is not None]
            later = [sequence for sequence in added if sequence not in initial]
            for batch in batched(later, _BATCH):
                rows = conn.execute(_BY_PART.where(_c.sequence.in_(batch))).all()
                files = _FIRST_FILES.where(
                    _i.dataset.in_({row.dataset for row in rows}), _i.part.in_({row.part for row in rows})
                )
                firsts = {row.part: row.release for row in conn.execute(files).all()}
                initial |= {row.sequence for row in rows if firsts.get(row.part) == row.release}
        return frozenset(initial)

    def count_following(self, changes: Sequence[Change]) -> Mapping[int, int]:
        """Count by sequence how many changes of its release follow a change; a release never changes."""
        one_of_each = {(change.dataset, change.release): change.sequence for change in changes}
        lasts: dict[int, int] = {}
        with self._session.read() as conn:
            for batch in batched(one_of_each.values(), _BATCH):
                rows = conn.execute(_LASTS.where(_c.sequence.in_(batch))).all()
                lasts |= {row.sequence: row.last for row in rows}
        return {c.sequence: lasts[one_of_each[c.dataset, c.release]] - c.sequence for c in changes}

    def block(self, sequence: int) -> Block | None:
        """Return the block that contains a change; None if there is no such change."""
        with self._session.read() as conn:
            row = conn.execute(_ENDS_OF_RELEASE.where(_c.sequence == sequence)).first()
        if row is None:
            return None
        first = sequence - (sequence - row.first) % BLOCK
        return Block(first, min(first + BLOCK, row.last + 1), row.name, moment(row.published_at), row.first)

    def last_sequence(self, published_at: datetime) -> int | None:
        """Return the sequence of the last change by the release of an instant."""
        query = (
            select(func.max(_c.sequence))
            .join_from(t.change, t.release, _b.sequence == _c.release)
            .where(_b.published_at == micros(published_at))
        )
        with self._session.read() as conn:
            last: int | None = conn.scalar(query)
            return last

    def touched_spans(self, block: Block) -> tuple[str, ...]:
        """List ids of the spans that the changes of a block opened or closed, as in the search index."""
        at = micros(block.published_at)
        records = select(_c.record).where(_c.sequence >= block.first, _c.sequence < block.end)
        query = (
            select(_r.id, _s.made, _s.effective_from)
            .join_from(t.span, t.record, _r.key == _s.record)
            .where(_s.record.in_(records), (_s.known_from == at) | (_s.known_to == at))
        )
        with self._session.read() as conn:
            return tuple(span_id(row.id, row.made, row.effective_from) for row in conn.execute(query).all())
