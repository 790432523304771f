"""Queries: releases, records, changes, differences, spans, whole states."""

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
from publisher.log.queries import history, names_in_force, point_in_time, record_match, record_state
from publisher.log.queries import whole_state as exporting
from publisher.log.queries.comparison import Comparison, Difference, DifferenceKind, Tallies, Totals
from publisher.log.queries.record_list import record_page
from publisher.log.queries.record_match import Match, MatchPage
from publisher.log.queries.whole_state import Stated
from publisher.log.releases import amendment
from publisher.log.releases.release_rows import releases
from publisher.log.session import Keyed, Session
from schemas.definition.catalogue import Catalogue

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


class Queries:
    """``log.queries``: reads; each sees one state of the log throughout."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def catalogue(self, dataset: str, release: int | None = None) -> Catalogue:
        """The catalogue that the dataset has now, or the one that a release was made with."""
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            if release is None:
                return self._session.catalogue(conn, row.catalogue_digest)
            digest = releases(conn, row, release)[0].catalogue_digest
            return self._session.catalogue(conn, digest)

    def releases(self, dataset: str) -> tuple[Release, ...]:
        with self._session.read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset))

    def release(self, dataset: str, number: int) -> Release:
        """Raises ``LogError('no-such-release')``."""
        with self._session.read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset), number)[0]

    def records(self, dataset: str, query: RecordQuery) -> RecordPage:
        """Ties of the order in the order in which records first appeared.

        Raises ``LogError``: ``no-such-release``, ``bad-filter``, ``bad-cursor``.
        """
        session = self._session
        with session.read() as conn:
            return record_page(
                conn,
                session.keyed(conn, dataset),
                lambda: session.catalogue(conn, registry.dataset_row(conn, dataset).catalogue_digest),
                query,
                point_in_time.clocks(conn, dataset, query.view, session.clock()),
            )

    def record(self, dataset: str, record_id: str, view: View = View()) -> RecordState:  # noqa: B008 - frozen
        """Raises ``LogError('no-such-record')``; one that is gone comes with its status."""
        with self._session.read() as conn:
            keyed = self._session.keyed(conn, dataset)
            return record_state.record(
                conn, keyed, record_id, point_in_time.clocks(conn, dataset, view, self._session.clock())
            )

    def states(self, ids: Sequence[str], view: View) -> Mapping[str, RecordState]:
        """By id, whichever dataset holds them; what the view does not know of, or only as to come, is absent.

        Raises ``LogError('no-such-release')`` for a view by release, which is of one dataset.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, view, self._session.clock())
            names = conn.execute(select(t.dataset.c.key, t.dataset.c.name)).all()
            datasets = {row.key: Keyed(row.key, row.name) for row in names}
            return {state.id: state for state in record_state.records(conn, datasets, ids, clocks)}

    def match(self, dataset: str, query: RecordQuery) -> MatchPage:
        """Ties of the order by title, then in the order in which records first appeared. No facets.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``, ``bad-filter``,
        ``bad-cursor``.
        """
        with self._session.read() as conn:
            return record_match.match(self._session, conn, dataset, query)

    def match_one(self, dataset: str, record: str, view: View) -> Match | None:
        """The record in force on the day of the view, if it is."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return record_match.match_one(conn, self._session.keyed(conn, dataset).key, record, clocks)

    def extent(self, dataset: str) -> tuple[date | None, date | None]:
        """First and last day of effect of what is stated, as known now; None is open or nothing there."""
        with self._session.read() as conn:
            return record_match.extent(conn, registry.dataset_row(conn, dataset).key)

    def whole_state(self, dataset: str, view: View) -> Iterator[Stated]:
        """All records in force, in the order in which they first appeared; memory does not grow with them.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            yield from exporting.whole_state(conn, registry.dataset_row(conn, dataset).key, clocks)

    def erased_count(self, dataset: str, view: View) -> int:
        """How many records the view would hold if their contents had not been destroyed."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return exporting.erased_count(conn, registry.dataset_row(conn, dataset).key, clocks)

    def totals(self, dataset: str, before: View, after: View) -> Totals:
        """Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``."""
        with self._session.read() as conn:
            return self._comparison(conn, dataset, before, after).totals()

    def differences(
        self,
        dataset: str,
        before: View,
        after: View,
        *,
        kinds: Sequence[DifferenceKind] = (),
        parts: Sequence[str] = (),
        past: int = 0,
        limit: int | None = None,
    ) -> Iterator[Difference]:
        """Records that differ, in the order in which they first appeared, read a batch at a time.

        ``past``: only those whose ``key`` is larger. ``kinds``, ``parts``: only these; empty is all.
        """
        with self._session.read() as conn:
            comparison = self._comparison(conn, dataset, before, after)
            yield from comparison.differences(
                history.field_order(self._session, conn), kinds, parts, past, limit
            )

    def tallies(self, dataset: str, before: View, after: View) -> Tallies:
        """The totals of each part, the largest first. Raises as :meth:`totals` does."""
        with self._session.read() as conn:
            return self._comparison(conn, dataset, before, after).tallies()

    def _comparison(self, conn: Connection, dataset: str, before: View, after: View) -> Comparison:
        row, now = registry.dataset_row(conn, dataset), self._session.clock()
        earlier, later = (point_in_time.clocks(conn, dataset, view, now) for view in (before, after))
        return Comparison(conn, row, earlier, later)

    def history(self, dataset: str, record_id: str) -> tuple[Change, ...]:
        with self._session.read() as conn:
            keyed = self._session.keyed(conn, dataset)
            changes = history.history(conn, history.field_order(self._session, conn), keyed, record_id)
            if not changes:
                raise amendment.no_such_record(record_id)
            return changes

    def find(self, dataset: str, title: str) -> tuple[RecordState, ...]:
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            return record_state.find(conn, row, title, self._session.today().toordinal())

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
        with self._session.read() as conn:
            return history.changes(
                conn,
                history.field_order(self._session, conn),
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

    def erased_records(self, dataset: str) -> tuple[str, ...]:
        """Ids of the records whose contents were destroyed: whoever holds a copy destroys it too."""
        with self._session.read() as conn:
            return history.erased(conn, registry.dataset_row(conn, dataset))

    def spans(self, *, dataset: str | None = None, ids: Sequence[str] | None = None) -> Iterator[Span]:
        with self._session.read() as conn:
            yield from record_state.spans(conn, dataset=dataset, ids=ids)

    def span_count(self) -> int:
        """How many :meth:`spans` gives without arguments."""
        with self._session.read() as conn:
            return conn.scalar(select(func.count()).select_from(t.span)) or 0

    def newest_release(self) -> int:
        """Site-wide sequence of the last release; 0 before the first."""
        with self._session.read() as conn:
            return conn.scalar(select(t.site.c.release_sequence)) or 0

    def erased_since(self, release: int) -> bool:
        """Whether one of the releases after that sequence destroyed records: each says so of itself."""
        with self._session.read() as conn:
            return history.erased_after(conn, release)

    def names(self) -> Iterator[tuple[str, names_in_force.Kind, int]]:
        """Titles, bodies and document numbers of what is in effect today: (text, kind, records)."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, View(), self._session.clock())
            yield from names_in_force.titles(conn, clocks)
            kept = conn.execute(select(t.dataset.c.key, t.dataset.c.catalogue_digest)).all()
            catalogues = [(key, self._session.catalogue(conn, digest)) for key, digest in kept]
            yield from names_in_force.values(conn, clocks, catalogues)

    def validator(self, dataset: str | None = None) -> tuple[int, date]:
        """While both stay, a current view stays: the :meth:`sequence`, and the day (Asia/Shanghai)."""
        return self.sequence(dataset), self._session.today()

    def sequence(self, dataset: str | None = None) -> int:
        """A number that every release and every new name of a part makes larger; of all datasets without a
        name. Raises ``LogError('no-such-dataset')``.
        """
        return self._session.sequence(dataset, lambda conn: self._newest(conn, dataset))

    def _newest(self, conn: Connection, dataset: str | None) -> int:
        if dataset is None:
            newest = _NEWEST.first(conn, {})
        else:
            newest = _NEWEST_OF.first(conn, {"dataset": self._session.keyed(conn, dataset).key})
        return 0 if newest is None else newest.number

    def marks(self, dataset: str, release: Release) -> tuple[object, ...]:
        """What came since and is told with a state of the release; empty where nothing did.

        Withdrawals of the dataset's records, and new names of parts. Equal marks, equal answers; an erasure
        is told by the release itself.
        """
        with self._session.read() as conn:
            row, r = registry.dataset_row(conn, dataset), t.record.c
            count, last = conn.execute(
                select(func.count(), func.max(r.withdrawn_at)).where(
                    r.dataset == row.key, r.withdrawn_at > micros(release.published_at)
                )
            ).one()
            named = registry.dataset(conn, dataset).named_at
            return () if last is None and named is None else (count, last, named)
