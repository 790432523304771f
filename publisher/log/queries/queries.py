"""Queries for releases, records, changes, differences, spans and whole states."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection, bindparam, func, select

from publisher.log import registry
from publisher.log.clocks import moment
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
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
from publisher.log.queries import (
    fields_in_view,
    history,
    later_events,
    log_archive,
    names_in_force,
    point_in_time,
    raw_records,
    record_state,
    revision_origin,
    source_readings,
    whole_state,
)
from publisher.log.queries.comparison import CountsByPart, Difference, DifferenceKind, StateComparison, Totals
from publisher.log.queries.fields_in_view import CatalogueQueries
from publisher.log.queries.history import ReleasedRecord
from publisher.log.queries.lists.record_list import RecordList
from publisher.log.queries.lists.state_cache import StateCache
from publisher.log.queries.raw_records import RawRecord, RawRecordPage
from publisher.log.queries.whole_state import StateRow
from publisher.log.releases import amendment
from publisher.log.releases.release_rows import releases, releases_of_overview
from publisher.log.session import DatasetKey, Session
from publisher.log.transparency import successions

_LAST_NAMED = func.coalesce(select(func.max(t.dataset.c.named_at)).scalar_subquery(), 0)
_SITE_SEQUENCE = PreparedStatement(select((t.site.c.release_sequence + _LAST_NAMED).label("number")))
_LAST_RELEASE = (
    select(t.release.c.sequence)
    .where(t.release.c.dataset == t.dataset.c.key)
    .order_by(t.release.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_DATASET_SEQUENCE = PreparedStatement(
    select((func.coalesce(_LAST_RELEASE, 0) + t.dataset.c.named_at).label("number")).where(
        t.dataset.c.key == bindparam("dataset")
    )
)


class Queries(CatalogueQueries):
    """``log.queries``: read methods; each sees one state of the log throughout."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._states = StateCache()

    def releases(self, dataset: str) -> tuple[Release, ...]:
        """List the releases of a dataset by number. Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset))

    def next_number(self, dataset: str) -> int:
        """Return the number that the next release of a dataset gets."""
        with self._session.read() as conn:
            return successions.next_number(conn, registry.dataset_row(conn, dataset).key)

    def releases_of_overview(self, view: View, recent: int) -> tuple[Release, ...]:
        """List releases as :func:`.release_rows.releases_of_overview`. The view has no release."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, view, self._session.clock())
            return releases_of_overview(conn, clocks.day, clocks.instant, recent)

    def newest_by_dataset(self, view: View) -> Mapping[str, Release]:
        """Return the newest release of each dataset that is in effect on the day of the view.

        A dataset without one is absent. ``View(as_of=date.max)``: whatever its day. The view has no release.
        """
        return {release.dataset: release for release in reversed(self.releases_of_overview(view, 0))}

    def release(self, dataset: str, number: int) -> Release:
        """Return a release by number. Raises ``LogError('no-such-release')``."""
        with self._session.read() as conn:
            return releases(conn, registry.dataset_row(conn, dataset), number)[0]

    def records(self, dataset: str, query: RecordQuery) -> RecordPage:
        """List records. Ties are in the order in which records first appeared.

        Raises ``LogError``: ``no-such-release``, ``bad-filter``, ``bad-cursor``.
        """
        session = self._session
        with session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, query.view, session.clock())
            catalogue = partial(fields_in_view.read_queryable, session, conn, dataset, clocks)
            records = RecordList(conn, session.dataset_key(conn, dataset), catalogue, query, clocks)
            return records.page(self._states, self._fetch_sequence(conn, dataset))

    def record(self, dataset: str, record_id: str, view: View = View()) -> RecordState:  # noqa: B008 - frozen
        """Return a record's state, also if removed or withdrawn, else its first future one.

        Raises ``LogError('no-such-record')``.
        """
        with self._session.read() as conn:
            dataset_key = self._session.dataset_key(conn, dataset)
            return record_state.record(
                conn, dataset_key, record_id, point_in_time.clocks(conn, dataset, view, self._session.clock())
            )

    def states(self, ids: Sequence[str], view: View) -> Mapping[str, RecordState]:
        """Map ids to states, in any dataset, without future states.

        Raises ``LogError('no-such-release')`` for a view by release, which needs a dataset.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, view, self._session.clock())
            names = conn.execute(select(t.dataset.c.key, t.dataset.c.name)).all()
            datasets = {row.key: DatasetKey(row.key, row.name) for row in names}
            return {state.id: state for state in record_state.records(conn, datasets, ids, clocks)}

    def raw_records(self, dataset: str, query: RecordQuery) -> RawRecordPage:
        """List records without decoding contents. Ties by title, then by first appearance. No facets.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``, ``bad-filter``,
        ``bad-cursor``.
        """
        with self._session.read() as conn:
            return raw_records.raw_record_page(self._session, conn, dataset, query)

    def raw_record(self, dataset: str, record: str, view: View) -> RawRecord | None:
        """Return the record if it is in force on the day of the view."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return raw_records.raw_record(conn, self._session.dataset_key(conn, dataset).key, record, clocks)

    def source_readings(self, dataset: str) -> tuple[source_readings.SourceReading, ...]:
        """List the files of the records in force today, and the newest list of each part, oldest first."""
        with self._session.read() as conn:
            day = self._session.today().toordinal()
            return source_readings.find_source_readings(conn, registry.dataset_row(conn, dataset), day)

    def count_older_readings(self, dataset: str, versions: Sequence[str]) -> int:
        """Count the records in force as :func:`.source_readings.count_older_readings`."""
        with self._session.read() as conn:
            day = self._session.today().toordinal()
            row = registry.dataset_row(conn, dataset)
            return source_readings.count_older_readings(conn, row, day, versions)

    def extent(self, dataset: str) -> tuple[date | None, date | None]:
        """Return the first day of effect and the day after the last, as known now.

        None if it is open, or without records.
        """
        with self._session.read() as conn:
            return raw_records.extent(conn, registry.dataset_row(conn, dataset).key)

    def whole_state(self, dataset: str, view: View) -> Iterator[StateRow]:
        """Yield all records in force, in the order in which they first appeared, with constant memory.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            yield from whole_state.whole_state(conn, registry.dataset_row(conn, dataset).key, clocks)

    def log_archive(self, *, with_actors: bool) -> Iterator[log_archive.File]:
        """Yield the files with which anybody verifies the log; ``with_actors``: also the names of clerks."""
        with self._session.read() as conn:
            yield from log_archive.archive_files(conn, with_actors=with_actors)

    def erased_count(self, dataset: str, view: View) -> int:
        """Count the erased records of the view."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return whole_state.erased_count(conn, registry.dataset_row(conn, dataset).key, clocks)

    def erased_ids(self, dataset: str, view: View) -> Sequence[str]:
        """List the ids of the erased records of the view, in force then or not."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return whole_state.erased_ids(conn, registry.dataset_row(conn, dataset).key, clocks)

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
        """Yield records that differ, in order of first appearance, fetched in batches.

        ``past``: only differences with a larger ``key``. ``kinds``, ``parts``: only these; empty is all.
        """
        with self._session.read() as conn:
            catalogue = fields_in_view.read_in_views(self._session, conn, dataset, (after, before))
            places = {field.name: place for place, field in enumerate(catalogue.fields)}
            comparison = self._comparison(conn, dataset, before, after)
            yield from comparison.differences(places, kinds, parts, past, limit)

    def count_by_part(self, dataset: str, before: View, after: View) -> CountsByPart:
        """Count differences by part, largest first. Raises as :meth:`totals`."""
        with self._session.read() as conn:
            return self._comparison(conn, dataset, before, after).count_by_part()

    def _comparison(self, conn: Connection, dataset: str, before: View, after: View) -> StateComparison:
        row, now = registry.dataset_row(conn, dataset), self._session.clock()
        earlier, later = (point_in_time.clocks(conn, dataset, view, now) for view in (before, after))
        return StateComparison(conn, row, earlier, later)

    def history(self, dataset: str, record_id: str) -> tuple[Change, ...]:
        with self._session.read() as conn:
            dataset_key = self._session.dataset_key(conn, dataset)
            changes = history.history(conn, history.field_order(self._session, conn), dataset_key, record_id)
            if not changes:
                raise amendment.no_such_record(record_id)
            return changes

    def changed_values(self, records: Sequence[str]) -> tuple[Change, ...]:
        """List the changes and corrections of the content of these records, newest first."""
        with self._session.read() as conn:
            return history.changed_values(conn, history.field_order(self._session, conn), records)

    def find_by_title(self, dataset: str, title: str) -> tuple[RecordState, ...]:
        """Find records by title: the present or last title equals the text, or else contains it."""
        with self._session.read() as conn:
            dataset_key = self._session.dataset_key(conn, dataset)
            return record_state.find_by_title(conn, dataset_key, title, self._session.today().toordinal())

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
        view: View = View(),  # noqa: B008 - frozen
        kinds: Sequence[ChangeKind] = (),
        records: Collection[str] = (),
    ) -> tuple[Change, ...]:
        """List changes. ``view``: only those in effect on its day and published by its instant; None is any.
        ``kinds``, ``records``: only these; empty is any.
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
                view=view,
                kinds=kinds,
                records=records,
            )

    def released_records(self, dataset: str, number: int) -> tuple[ReleasedRecord, ...]:
        """List the records that a release changed and that were neither withdrawn nor erased since."""
        with self._session.read() as conn:
            return history.released_records(conn, self._session.dataset_key(conn, dataset), number)

    def revision_origin(self, dataset: str, record: str, revision: str) -> revision_origin.RevisionOrigin:
        """Read a revision of a record by its hash, with the place where it was read.

        Raises ``LogError``: ``no-such-record``, ``no-such-revision``, ``erased``.
        """
        with self._session.read() as conn:
            key = self._session.dataset_key(conn, dataset)
            return revision_origin.revision_origin(conn, key, record, revision)

    def later_amendments(
        self, state: RecordState, known_at: datetime
    ) -> tuple[later_events.LaterAmendment, ...]:
        """List what was published after an instant about a state that was known then, oldest first."""
        with self._session.read() as conn:
            order = history.field_order(self._session, conn)
            dataset = registry.dataset_row(conn, state.dataset)
            changes = history.history(conn, order, self._session.dataset_key(conn, state.dataset), state.id)
            return later_events.later_amendments(conn, dataset, changes, state, known_at)

    def withdrawn_since(self, dataset: str, day: date) -> int:
        """Count the records that were listed on a day, as known on that day, and were withdrawn later."""
        with self._session.read() as conn:
            return later_events.withdrawn_since(conn, self._session.dataset_key(conn, dataset).key, day)

    def erasures(
        self, dataset: str | None = None, *, release: int | None = None, limit: int | None = None
    ) -> tuple[later_events.Erasure, ...]:
        """List erasures, newest first: copies of these records must be destroyed too."""
        with self._session.read() as conn:
            row = None if dataset is None else registry.dataset_row(conn, dataset)
            return later_events.erasures(conn, row, release=release, limit=limit)

    def spans(self, *, dataset: str | None = None, ids: Sequence[str] | None = None) -> Generator[Span]:
        """Yield the spans of one snapshot. Close the generator to stop early, since it holds a connection."""
        with self._session.read() as conn:
            yield from record_state.spans(conn, dataset=dataset, ids=ids)

    def span_count(self) -> int:
        """Count the results of :meth:`spans` without arguments."""
        with self._session.read() as conn:
            return record_state.count_spans(conn)

    def last_release_sequence(self) -> int:
        """Return the site-wide sequence of the last release; 0 before the first."""
        with self._session.read() as conn:
            return conn.scalar(select(t.site.c.release_sequence)) or 0

    def last_published_at(self) -> datetime | None:
        """Return the instant of the newest release of the site; None before the first."""
        with self._session.read() as conn:
            instant = conn.scalar(select(func.max(t.release.c.published_at)))
            return None if instant is None else moment(instant)

    def erased_since(self, release: int) -> bool:
        """Report whether a release after that sequence erased records."""
        with self._session.read() as conn:
            return history.erased_after(conn, release)

    def names(self) -> Iterator[tuple[str, names_in_force.NameKind, int]]:
        """Yield titles, bodies and document numbers in effect today: (text, kind, number of records)."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, View(), self._session.clock())
            yield from names_in_force.titles(conn, clocks)
            rows = conn.execute(select(t.dataset.c.key, t.dataset.c.catalogue_digest)).all()
            catalogues = [(key, self._session.catalogue(conn, digest)) for key, digest in rows]
            yield from names_in_force.values(conn, clocks, catalogues)

    def validator(self, dataset: str | None = None) -> tuple[int, date]:
        """Return :meth:`sequence` and the day (Asia/Shanghai). A current view depends on both only."""
        return self.sequence(dataset), self._session.today()

    def sequence(self, dataset: str | None = None) -> int:
        """Return a number, of one dataset or all, that grows with each release and repair, and with each
        change of details or parts.

        Raises ``LogError('no-such-dataset')``.
        """
        return self._session.sequence(dataset, lambda conn: self._fetch_sequence(conn, dataset))

    def _fetch_sequence(self, conn: Connection, dataset: str | None) -> int:
        if dataset is None:
            row = _SITE_SEQUENCE.first(conn, {})
        else:
            row = _DATASET_SEQUENCE.first(conn, {"dataset": self._session.dataset_key(conn, dataset).key})
        return 0 if row is None else row.number

    def later_changes_key(self, dataset: str, release: Release) -> tuple[object, ...]:
        """Return a value that identifies later changes to responses about the release; empty without any.

        Later corrections, withdrawals, cancellations, erasures and changes of the dataset's details or parts
        change them, and a migration that makes a field personal. An erased record may have been published
        by an earlier release.
        """
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            hidden = self._hidden_since(conn, row, release)
            last = later_events.last_backward_release(conn, row, release.published_at)
            named_at = registry.dataset(conn, dataset).named_at
            return () if last is None and named_at is None and not hidden else (last, named_at, *hidden)
