"""The store's door for readers: releases, records, changes, spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, func, select

from publisher.log import registry
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import Prepared
from publisher.log.model import (
    Cause,
    Change,
    ChangeKind,
    RecordPage,
    RecordQuery,
    RecordState,
    Release,
    Span,
    View,
)
from publisher.log.queries import history, names_in_force, point_in_time, record_state
from publisher.log.queries.record_list import Listing
from publisher.log.releases import amendment
from publisher.log.releases.release_rows import releases
from publisher.log.session import Base, Keyed

_NAMED = func.coalesce(select(func.max(t.dataset.c.named_at)).scalar_subquery(), 0)
_NEWEST = Prepared(select((t.site.c.release_sequence + _NAMED).label("number")))
_LAST_RELEASE = (
    select(t.release.c.sequence)
    .where(t.release.c.dataset == t.dataset.c.key)
    .order_by(t.release.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_NEWEST_OF = Prepared(
    select((func.coalesce(_LAST_RELEASE, 0) + t.dataset.c.named_at).label("number")).where(
        t.dataset.c.key == bindparam("dataset")
    )
)


class Asking(Base):
    """Reads; each sees one state of the log throughout."""

    def releases(self, dataset: str) -> tuple[Release, ...]:
        with self._read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset))

    def release(self, dataset: str, number: int) -> Release:
        """Raises ``StoreError('no-such-release')``."""
        with self._read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset), number)[0]

    def records(self, dataset: str, query: RecordQuery) -> RecordPage:
        """Raises ``StoreError``: ``no-such-release``, ``bad-filter``, ``bad-cursor``."""
        with self._read() as conn:
            row = registry.dataset_row(conn, dataset)
            clocks = point_in_time.clocks(conn, dataset, query.view, self._clock())
            return Listing(conn, row, self._catalogue(conn, row.catalogue_digest), query, clocks).page()

    def record(self, dataset: str, record_id: str, view: View = View()) -> RecordState:  # noqa: B008 - frozen
        """Raises ``StoreError('no-such-record')``; one that is gone comes with its status."""
        with self._read() as conn:
            keyed = self._keyed(conn, dataset)
            return record_state.record(
                conn, keyed, record_id, point_in_time.clocks(conn, dataset, view, self._clock())
            )

    def states(self, ids: Sequence[str], view: View) -> Mapping[str, RecordState]:
        """By id, whichever dataset holds them; what the view does not know of, or only as to come, is absent.

        Raises ``StoreError('no-such-release')`` for a view by release, which is of one dataset.
        """
        with self._read() as conn:
            clocks = point_in_time.clocks(conn, None, view, self._clock())
            names = conn.execute(select(t.dataset.c.key, t.dataset.c.name)).all()
            datasets = {row.key: Keyed(row.key, row.name) for row in names}
            return {state.id: state for state in record_state.records(conn, datasets, ids, clocks)}

    def history(self, dataset: str, record_id: str) -> tuple[Change, ...]:
        with self._read() as conn:
            keyed = self._keyed(conn, dataset)
            found = history.history(conn, self._field_order(conn), keyed, record_id)
            if not found:
                raise amendment.no_such_record(record_id)
            return found

    def find(self, dataset: str, title: str) -> tuple[RecordState, ...]:
        with self._read() as conn:
            row = registry.dataset_row(conn, dataset)
            return record_state.find(conn, row, title, self._today().toordinal())

    def changes(
        self,
        *,
        dataset: str | None = None,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        descending: bool = False,
        release: int | None = None,
        cause: Cause | None = None,
        seen: View = View(),  # noqa: B008 - frozen
        kinds: Sequence[ChangeKind] = (),
    ) -> tuple[Change, ...]:
        """``seen``: only what had taken effect by its day and was published by its instant; None is any.
        ``kinds``: only of these; empty is any.
        """
        with self._read() as conn:
            return history.changes(
                conn,
                self._field_order(conn),
                dataset=None if dataset is None else registry.dataset_row(conn, dataset),
                after=after,
                before=before,
                limit=limit,
                descending=descending,
                release=release,
                cause=cause,
                seen=seen,
                kinds=kinds,
            )

    def erased(self, dataset: str) -> tuple[str, ...]:
        """Ids of the records whose contents were destroyed: whoever holds a copy destroys it too."""
        with self._read() as conn:
            return history.erased(conn, registry.dataset_row(conn, dataset))

    def spans(self, *, dataset: str | None = None, ids: Sequence[str] | None = None) -> Iterator[Span]:
        with self._read() as conn:
            yield from record_state.spans(conn, dataset=dataset, ids=ids)

    def span_count(self) -> int:
        """How many :meth:`spans` gives without arguments."""
        with self._read() as conn:
            return conn.scalar(select(func.count()).select_from(t.span)) or 0

    def newest_release(self) -> int:
        """Site-wide sequence of the last release; 0 before the first."""
        with self._read() as conn:
            return conn.scalar(select(t.site.c.release_sequence)) or 0

    def erased_since(self, release: int) -> bool:
        """Whether one of the releases after that sequence destroyed records: each says so of itself."""
        with self._read() as conn:
            return history.erased_after(conn, release)

    def names(self) -> Iterator[tuple[str, names_in_force.Kind, int]]:
        """Titles, bodies and document numbers of what is in effect today: (text, kind, records)."""
        with self._read() as conn:
            clocks = point_in_time.clocks(conn, None, View(), self._clock())
            yield from names_in_force.titles(conn, clocks)
            kept = conn.execute(select(t.dataset.c.key, t.dataset.c.catalogue_digest)).all()
            catalogues = [(key, self._catalogue(conn, digest)) for key, digest in kept]
            yield from names_in_force.values(conn, clocks, catalogues)

    def validator(self, dataset: str | None = None) -> tuple[int, date]:
        """While both stay, a current view stays: the :meth:`sequence`, and the day (Asia/Shanghai)."""
        return self.sequence(dataset), self._today()

    def sequence(self, dataset: str | None = None) -> int:
        """A number that every release and every new name of a part makes larger; of all datasets without a
        name. Raises ``StoreError('no-such-dataset')``.
        """
        shared = self._shared
        if shared.open and (known := shared.sequences.get(dataset)) is not None:
            return known
        found = self._glance(lambda conn: self._newest(conn, dataset))
        if shared.open:
            shared.sequences[dataset] = found
        return found

    def _newest(self, conn: Connection, dataset: str | None) -> int:
        if dataset is None:
            newest = _NEWEST.first(conn, {})
        else:
            newest = _NEWEST_OF.first(conn, {"dataset": self._keyed(conn, dataset).key})
        return 0 if newest is None else newest.number

    def marks(self, dataset: str, release: Release) -> tuple[object, ...]:
        """What came since and is told with a state of the release; empty where nothing did.

        Withdrawals of the dataset's records, and new names of parts. Equal marks, equal answers; an erasure
        is told by the release itself.
        """
        with self._read() as conn:
            row, r = registry.dataset_row(conn, dataset), t.record.c
            count, last = conn.execute(
                select(func.count(), func.max(r.withdrawn_at)).where(
                    r.dataset == row.key, r.withdrawn_at > micros(release.published_at)
                )
            ).one()
            named = registry.dataset(conn, dataset).named_at
            return () if last is None and named is None else (count, last, named)
