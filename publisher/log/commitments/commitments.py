"""``log.commitments``: commitments of plans and their statuses, on any day, as known at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs
from sqlalchemy import Connection

from publisher.log.commitments import status_rows
from publisher.log.commitments.commitment_query import (
    CommitmentBatch,
    CommitmentPage,
    CommitmentQuery,
    PublishedCommitment,
    find_batch,
    find_one,
    find_page,
)
from publisher.log.commitments.deadline_moves import DeadlineMoves, read_moves
from publisher.log.commitments.evidence_list import RuleInView, list_evidence
from publisher.log.commitments.status_changes import StatusChange, list_changes
from publisher.log.findings import finding_rows
from publisher.log.findings.record_states import DatasetIndex
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.queries.point_in_time import Clocks
from publisher.log.session import Session

_BATCH = 1_000


class Commitments:
    """``log.commitments``: bring statuses up to date, list commitments and their evidence."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_current(self) -> bool:
        """Report whether the statuses have come as far as the findings, by the rules of this program."""
        with self._session.read() as conn:
            datasets = self._datasets(conn)
            return status_rows.read_run(conn) == status_rows.current_run(conn, datasets)

    def validator(self) -> tuple[int, str]:
        """Return what determines the statuses: the last release that was read, and the inputs.

        While both stay the same, so do all statuses. ``inputs``: see :class:`.status_rows.Run`.
        """
        with self._session.read() as conn:
            run = status_rows.read_run(conn)
            return run.release, run.inputs

    def update(self) -> bool:
        """Derive the statuses that may have changed since the last update, and report whether any may have.

        Records are read without the write lock. A second process that runs at the same time writes the same.
        """
        with self._session.read() as conn:
            datasets = self._datasets(conn)
            before, after = status_rows.read_run(conn), status_rows.current_run(conn, datasets)
            if before == after:
                return False
            records = status_rows.concerned_records(conn, datasets, before, after)
            rows = list(status_rows.compute_rows(conn, datasets, after, records))
        with self._session.write() as conn:
            if status_rows.read_run(conn) == before:
                status_rows.replace_rows(conn, records, rows, after)
        return True

    def rebuild(self) -> None:
        """Derive every status again."""
        with self._session.read() as conn:
            datasets = self._datasets(conn)
            run = status_rows.current_run(conn, datasets)
            rows = list(status_rows.compute_rows(conn, datasets, run))
        with self._session.write() as conn:
            status_rows.replace_rows(conn, None, rows, run)

    def page(self, query: CommitmentQuery) -> CommitmentPage:
        """List commitments in the order in which they were published."""
        with self._session.read() as conn:
            return find_page(conn, query, self._clocks(conn, query.view))

    def batch(self, query: CommitmentQuery) -> CommitmentBatch:
        """List commitments as :meth:`page` does, without counting all of the query."""
        with self._session.read() as conn:
            return find_batch(conn, query, self._clocks(conn, query.view))

    def all(self, query: CommitmentQuery) -> Iterator[Sequence[PublishedCommitment]]:
        """Yield all commitments of a query in batches, whatever its page."""
        after: int | None = 0
        while after is not None:
            commitments, after = self.batch(structs.replace(query, limit=_BATCH, after=after))
            yield commitments

    def get(self, record: str, view: View = View()) -> PublishedCommitment:  # noqa: B008 - frozen
        """Return a commitment. Raises ``LogError('no-such-commitment')``."""
        with self._session.read() as conn:
            return find_one(conn, record, self._clocks(conn, view))

    def evidence(
        self,
        record: str,
        view: View = View(),  # noqa: B008 - frozen
    ) -> tuple[PublishedCommitment, Sequence[RuleInView]]:
        """Return a commitment and the rules about it. Raises ``LogError('no-such-commitment')``."""
        with self._session.read() as conn:
            clocks = self._clocks(conn, view)
            commitment = find_one(conn, record, clocks)
            return commitment, list_evidence(conn, self._datasets(conn), clocks, commitment.contents)

    def changes(self, query: CommitmentQuery) -> Sequence[StatusChange]:
        """List the newest changes of the status of commitments of a query, newest first."""
        with self._session.read() as conn:
            return list_changes(conn, query, self._clocks(conn, query.view))

    def moves(self, commitments: Sequence[PublishedCommitment], view: View) -> Mapping[int, DeadlineMoves]:
        """Count how often the deadline of each commitment was moved, by its key."""
        with self._session.read() as conn:
            return read_moves(conn, [one.key for one in commitments], self._clocks(conn, view))

    def _clocks(self, conn: Connection, view: View) -> Clocks:
        return point_in_time.clocks(conn, None, view, self._session.clock())

    def _datasets(self, conn: Connection) -> DatasetIndex:
        return finding_rows.read_datasets(self._session, conn)
