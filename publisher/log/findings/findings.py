"""``log.findings``: what the checks of published records say, now and on any day, as known at any time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import batched

from sqlalchemy import Connection, delete

from publisher.ingest.findings.kind import Finding
from publisher.log.clocks import FOREVER, day_at
from publisher.log.database.derived import finding_tables as f
from publisher.log.drafts.staging import in_draft
from publisher.log.findings import finding_rows, quick_counts
from publisher.log.findings.draft_findings import UnpublishedRow, check_rows, draft_rows
from publisher.log.findings.finding_query import (
    STATUSES,
    FindingPage,
    FindingQuery,
    FindingStatus,
    PublishedFinding,
    count,
    find_by_ids,
    find_latest,
    find_one,
    find_open,
    find_page,
    list_ids,
)
from publisher.log.findings.finding_rows import Row, Run
from publisher.log.findings.record_states import DatasetIndex
from publisher.log.findings.responses import UNRESOLVED
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.queries.point_in_time import Clocks
from publisher.log.registry import dataset_row
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue

_BATCH = 500
_MOST_SHOWN = 50
"""Maximum number of findings that the page of a record shows."""


class Findings:
    """``log.findings``: bring findings up to date, list and read them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._counts: dict[str | None, tuple[object, int]] = {}
        """Dataset, or None for the site → the state of which the last count is, and the count."""

    def is_current(self) -> bool:
        """Report whether every release was checked, by the checks of this program."""
        with self._session.read() as conn:
            return self._pending(conn) is None

    def validator(self) -> tuple[int, str]:
        """Return what determines the findings: the last release that was checked, and the inputs.

        While both stay the same, so do all findings. ``inputs``: see :class:`.finding_rows.Run`.
        """
        with self._session.read() as conn:
            run = finding_rows.read_run(conn)
            return run.release, run.inputs

    def update(self) -> bool:
        """Check what changed since the last update, and report whether anything had.

        Records are read without the write lock. The caller holds the worker's lock; a second one that
        runs at the same time writes the same.
        """
        with self._session.read() as conn:
            pending = self._pending(conn)
            if pending is None:
                return False
            before, after, datasets = pending
            records: Sequence[int] | None = None
            if finding_rows.is_current(
                before.inputs, after.inputs
            ) and not finding_rows.is_known_list_touched(conn, datasets, before.release):
                records = finding_rows.touched_records(conn, before.release)
            rows = list(finding_rows.compute_rows(conn, datasets, FOREVER - 1, records))
        with self._session.write() as conn:
            if finding_rows.read_run(conn) == before:
                _replace(conn, records, rows, after)
        return True

    def rebuild(self) -> None:
        """Check every record again."""
        with self._session.read() as conn:
            datasets = finding_rows.read_datasets(self._session, conn)
            run = Run(finding_rows.last_release(conn), finding_rows.current_inputs(datasets))
            rows = list(finding_rows.compute_rows(conn, datasets, FOREVER - 1))
        with self._session.write() as conn:
            _replace(conn, None, rows, run)

    def page(self, query: FindingQuery) -> FindingPage:
        """List findings, newest first."""
        with self._session.read() as conn:
            clocks = self._clocks(conn, query.view)
            return find_page(conn, query, clocks)

    def all(self, query: FindingQuery) -> Iterator[Sequence[PublishedFinding]]:
        """Yield all findings of a query in batches, newest first, whatever its page.

        A page has the number of all findings, so that reading every page would count them each time.
        """
        with self._session.read() as conn:
            ids = list_ids(conn, query, self._clocks(conn, query.view))
        for batch in batched(ids, _BATCH):
            with self._session.read() as conn:
                yield find_by_ids(conn, query, self._clocks(conn, query.view), batch)

    def list_latest(
        self, query: FindingQuery, statuses: Sequence[FindingStatus] = STATUSES
    ) -> tuple[PublishedFinding, ...]:
        """List the findings of a query, of some statuses, that were opened, ended or responded to last.

        They are in no order. The status of the query itself does not count.
        """
        with self._session.read() as conn:
            clocks = self._clocks(conn, query.view)
            return find_latest(conn, query, clocks, statuses)

    def of_record(
        self,
        dataset: str,
        record: str,
        view: View = View(),  # noqa: B008 - frozen
    ) -> tuple[PublishedFinding, ...]:
        """List the open findings about a record, and what agrees with other lists, newest first."""
        with self._session.read() as conn:
            if not quick_counts.has_findings(conn, record):
                return ()
            clocks = self._clocks(conn, view)
            query = FindingQuery(datasets=(dataset,), records=(record,), agreements=True, limit=_MOST_SHOWN)
            return find_open(conn, query, clocks)

    def count_unresolved(self, dataset: str | None = None, view: View = View()) -> int:  # noqa: B008 - frozen
        """Count the open findings of a dataset, or of the site, that are not dismissed.

        It is counted again only after a release, after an update or for another view.
        """
        with self._session.read() as conn:
            clocks = self._clocks(conn, view)
            state = (finding_rows.read_run(conn), finding_rows.last_release(conn), clocks)
            last = self._counts.get(dataset)
            if last is None or last[0] != state:
                last = self._counts[dataset] = (state, _count_unresolved(conn, dataset, clocks))
            return last[1]

    def count(self, query: FindingQuery) -> int:
        """Count the findings of a query."""
        with self._session.read() as conn:
            clocks = self._clocks(conn, query.view)
            return count(conn, query, clocks)

    def get(self, finding: str, view: View = View()) -> PublishedFinding:  # noqa: B008 - frozen
        """Return a finding, also one that has ended. Raises ``LogError('no-such-finding')``."""
        with self._session.read() as conn:
            clocks = self._clocks(conn, view)
            return find_one(conn, finding, clocks)

    def of_rows(
        self, dataset: str, rows: Iterable[UnpublishedRow], catalogue: Catalogue | None = None
    ) -> tuple[Finding, ...]:
        """List the findings that rows of a file would have today; nothing is written.

        ``catalogue``: by which the rows were read, if not that of the dataset.
        """
        with self._session.read() as conn:
            datasets = finding_rows.read_datasets(self._session, conn)
            own = catalogue or datasets.catalogues[dataset_row(conn, dataset).key]
            today, listed = day_at(self._session.clock()), list(rows)
            return tuple(
                check_rows(
                    conn, datasets, own, lambda: listed, dataset=dataset, effective_on=today, day=today
                )
            )

    def of_draft(
        self, dataset: str, effective_on: date, parts: Sequence[str] | None = None
    ) -> tuple[Finding, ...]:
        """List the findings that the rows of a draft would have today, or once they are in effect.

        ``parts``: of these only. Raises ``LogError``: ``no-such-dataset``, ``no-such-part``.
        """
        with self._session.read() as conn:
            datasets = finding_rows.read_datasets(self._session, conn)
            row = dataset_row(conn, dataset)
            rows = partial(draft_rows, conn, in_draft(conn, row.key, parts))
            catalogue = self._session.catalogue(conn, row.digest_for_draft)
            day = max(effective_on, day_at(self._session.clock()))
            return tuple(
                check_rows(
                    conn, datasets, catalogue, rows, dataset=dataset, effective_on=effective_on, day=day
                )
            )

    def _clocks(self, conn: Connection, view: View) -> Clocks:
        return point_in_time.clocks(conn, None, view, self._session.clock())

    def _pending(self, conn: Connection) -> tuple[Run, Run, DatasetIndex] | None:
        before, release = finding_rows.read_run(conn), finding_rows.last_release(conn)
        datasets = finding_rows.read_datasets(self._session, conn)
        inputs = finding_rows.current_inputs(datasets)
        if before.release == release and finding_rows.is_current(before.inputs, inputs):
            return None
        return before, Run(release, inputs), datasets


def _replace(conn: Connection, records: Sequence[int] | None, rows: Sequence[Row], run: Run) -> None:
    """Replace the rows of some records, or of all (None), and store the update that they are of."""
    if records is None:
        conn.execute(delete(f.finding))
    else:
        finding_rows.delete_of_records(conn, records)
    finding_rows.write_rows(conn, rows)
    finding_rows.write_run(conn, run)


def _count_unresolved(conn: Connection, dataset: str | None, clocks: Clocks) -> int:
    number = quick_counts.count_open(conn, dataset, clocks)
    if not number or not quick_counts.has_dismissals(conn):
        return number
    datasets = None if dataset is None else (dataset,)
    return count(conn, FindingQuery(datasets=datasets, handling=UNRESOLVED), clocks)
