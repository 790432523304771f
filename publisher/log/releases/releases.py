"""Publication, correction, withdrawal, renaming, cancellation, migration and erasure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date

from msgspec import structs
from sqlalchemy import Connection, select

from publisher.log import generated_files, registry
from publisher.log.approvals import two_persons
from publisher.log.approvals.shown_state import (
    ShownState,
    keys_of,
    keys_of_release,
    require_unchanged,
    state_moved,
)
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.approvals.two_persons import Authority
from publisher.log.database import tables as t
from publisher.log.drafts import staging
from publisher.log.drafts.drafts import drop_unreferenced, find_draft_catalogue
from publisher.log.model import LogError, OnConflict, Release
from publisher.log.registry import DatasetRow
from publisher.log.releases import catalogue_change, erasure, publication, release_writer, reseal
from publisher.log.releases.amendment import AmendmentRelease
from publisher.log.releases.cancellation import CancellationRelease, refuse_migration
from publisher.log.releases.release_rows import releases
from publisher.log.releases.release_writer import ReleaseHeading
from publisher.log.session import Session
from publisher.log.transparency import erasure_ledger
from schemas.definition.catalogue import Catalogue, Content


class Releases:
    """``log.releases``: methods that change the log; each creates at most one release."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def publish(
        self,
        dataset: str,
        *,
        effective_on: date,
        basis: str = "",
        note: str = "",
        actor: str = "",
        on_conflict: OnConflict = "refuse",
        without_errors: bool = False,
        parts: Sequence[str] | None = None,
        emergency: str = "",
        submission: int | None = None,
        shown_state: ShownState | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Release | None:
        """Publish the draft, or ``parts`` of it, and take it from the draft. → the release; None: no change.

        ``emergency``: reason why a dataset under the two-person rule publishes what nobody approved.
        ``without_errors``: rows in error are left out. Without it they are, too, if every import with rows in
        error was staged to leave them out.
        ``submission``: key of the submission that is published; it has to be approved even where the dataset
        is not under that rule. ``shown_state``: what a person was shown. Raises ``LogError``: ``no-draft``,
        ``conflicts``, ``rows-in-error``, ``later-effect``, ``approval-needed``, ``approval-void``,
        ``state-moved``.
        """
        request = PublicationRequest(
            kind="draft",
            basis=basis,
            note=note,
            effective_on=effective_on,
            parts=None if parts is None else tuple(parts),
            without_errors=without_errors,
            on_conflict=on_conflict,
        )
        with self._session.append() as conn:
            row, catalogue = find_draft_catalogue(self._session, conn, dataset, None)
            require_unchanged(conn, row, shown_state, self._session.today(), records=None, parts=parts)
            digests = [i.digest for i in staging.draft_imports(conn, row)]
            heading = ReleaseHeading(effective_on, basis, note, actor)
            heading, authority = self._authorise(conn, row, heading, request, emergency, submission)
            sequence = publication.publish(
                self._session.database,
                conn,
                row,
                catalogue,
                heading,
                now=self._session.clock(),
                on_conflict=on_conflict,
                without_errors=without_errors or staging.leaves_out_errors(conn, row, parts),
                progress=progress or _ignore_progress,
                parts=parts,
            )
            if sequence is not None:
                two_persons.settle(conn, authority, sequence)
                return _release(conn, row, sequence)
        drop_unreferenced(self._session, digests)
        return None

    def correct(
        self,
        dataset: str,
        corrections: Mapping[str, Content],
        *,
        reason: str,
        basis: str = "",
        actor: str = "",
        emergency: str = "",
        submission: int | None = None,
        shown_state: ShownState | None = None,
    ) -> Release:
        """Correct (更正) contents for the whole period of the state in force today, or next, or last.

        Raises ``LogError('reason-missing')`` if the reason is blank, and ``approval-needed`` and
        ``state-moved`` as :meth:`publish`; :meth:`withdraw`, :meth:`rename` and :meth:`cancel` do so too.
        """
        request = PublicationRequest(kind="correct", basis=basis, note=reason, records=corrections)
        return self._amend(
            dataset,
            ReleaseHeading(self._session.today(), basis, reason, actor),
            lambda amendment_release, heading: amendment_release.correct(corrections, heading),
            request,
            emergency,
            submission,
            shown_state,
        )

    def withdraw(
        self,
        dataset: str,
        records: Sequence[str],
        *,
        reason: str,
        basis: str = "",
        actor: str = "",
        emergency: str = "",
        submission: int | None = None,
        shown_state: ShownState | None = None,
    ) -> Release:
        """Withdraw records that should not have been published, on every day."""
        request = PublicationRequest(
            kind="withdraw", basis=basis, note=reason, records=dict.fromkeys(records)
        )
        return self._amend(
            dataset,
            ReleaseHeading(self._session.today(), basis, reason, actor),
            lambda amendment_release, heading: amendment_release.withdraw(records, heading),
            request,
            emergency,
            submission,
            shown_state,
        )

    def rename(
        self,
        dataset: str,
        record: str,
        content: Content,
        *,
        effective_on: date,
        reason: str,
        basis: str = "",
        actor: str = "",
        emergency: str = "",
        submission: int | None = None,
        shown_state: ShownState | None = None,
    ) -> Release:
        """Continue a record with ``content``, whose identity matches rows from now on.

        Raises ``LogError``: ``no-such-record``, ``withdrawn``, ``erased``, ``rename-outside-period``,
        ``later-name`` (a state that takes effect later keeps another name), ``identity-taken``,
        ``nothing-renamed`` (title and identity stay).
        """
        heading = ReleaseHeading(effective_on, basis, reason, actor)
        request = PublicationRequest(
            kind="rename", basis=basis, note=reason, effective_on=effective_on, records={record: content}
        )
        return self._amend(
            dataset,
            heading,
            lambda amendment_release, heading: amendment_release.rename(record, content, heading),
            request,
            emergency,
            submission,
            shown_state,
        )

    def cancel(
        self,
        dataset: str,
        number: int,
        *,
        reason: str,
        basis: str = "",
        actor: str = "",
        emergency: str = "",
        submission: int | None = None,
        shown_state: ShownState | None = None,
    ) -> Release:
        """Cancel a release that is not yet in effect. Records that never took effect are withdrawn, and all
        others get back the states that they had before it.

        Raises ``LogError``: ``no-such-release``, ``already-in-effect``, ``already-cancelled``,
        ``cancel-superseded``, ``cancel-migration``, ``identity-taken``, and as :meth:`correct`.
        """
        heading = ReleaseHeading(self._session.today(), basis, reason, actor)
        release_writer.require_reason(heading)
        with self._session.append() as conn:
            row = registry.dataset_row(conn, dataset)
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            records = keys_of_release(row, number)
            require_unchanged(conn, row, shown_state, self._session.today(), records=records)
            request = PublicationRequest(kind="cancel", basis=basis, note=reason, release=number)
            heading, authority = self._authorise(conn, row, heading, request, emergency, submission)
            refuse_migration(self._session, conn, row, number)
            amendment_release = AmendmentRelease(
                self._session.database, conn, row, catalogue, self._session.clock()
            )
            cancellation_release = CancellationRelease(self._session.database, conn, row)
            sequence = cancellation_release.cancel(number, catalogue, heading, amendment_release)
            two_persons.settle(conn, authority, sequence)
            return _release(conn, row, sequence)

    def check_cancellation(self, dataset: str, number: int) -> None:
        """Raise what :meth:`cancel` would raise now, except ``reason-missing``, ``approval-needed`` and
        ``identity-taken``.
        """
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            CancellationRelease(self._session.database, conn, row).check(number, self._session.today())
            refuse_migration(self._session, conn, row, number)

    def migrate(
        self,
        dataset: str,
        catalogue: Catalogue,
        *,
        effective_on: date | None = None,
        reason: str = "",
        basis: str = "",
        actor: str = "",
        emergency: str = "",
    ) -> Release:
        """Continue with another catalogue. States from the day on lose what it lacks; earlier ones stay."""
        with self._session.append() as conn:
            row = registry.dataset_row(conn, dataset)
            old = self._session.catalogue(conn, row.catalogue_digest)
            heading = ReleaseHeading(effective_on or self._session.today(), basis, reason, actor)
            heading, _ = self._authorise(conn, row, heading, None, emergency, None)
            sequence = catalogue_change.migrate(
                self._session.database, conn, row, old, catalogue, heading, now=self._session.clock()
            )
            return _release(conn, row, sequence)

    def preview_erasure(self, dataset: str, records: Sequence[str]) -> erasure.ErasurePreview:
        """List what an erasure of the records would destroy. Raises as :meth:`erase`."""
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            return erasure.ErasureRelease(self._session.database, conn, row).preview(records)

    def erase(
        self,
        *,
        records: Sequence[tuple[str, str]],
        ground: str,
        actor: str = "",
        shown_state: erasure.ErasurePreview | None = None,
    ) -> Release:
        """Destroy all contents of these records (dataset, record id) of one dataset.

        The release of the erasure is published before the bytes are deleted from the disk. Raises
        ``LogError``: ``erasure-incomplete`` if a reader prevents the deletion, which :meth:`scrub` repeats;
        ``ground-missing``; ``one-dataset``; ``no-such-record``; ``erased``; ``state-moved`` if it would
        destroy something else than what was shown.
        """
        erasure.require_ground(ground)
        names = {dataset for dataset, _ in records}
        if len(names) != 1:
            raise LogError(
                "one-dataset", "一次只能删除一个数据集的记录。", "Erase records of one dataset at a time."
            )
        with self._session.append() as conn:
            row = registry.dataset_row(conn, names.pop())
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            erased = tuple(dict.fromkeys(record for _, record in records))
            heading = ReleaseHeading(self._session.today(), "", ground, actor, erased=erased)
            erasure_release = erasure.ErasureRelease(self._session.database, conn, row)
            if shown_state is not None and not shown_state.equals(erasure_release.preview(erased)):
                raise state_moved("将销毁的内容有变化", "What would be destroyed changed")
            sequence = erasure_release.erase(catalogue, heading, self._session.clock())
            release = _release(conn, row, sequence)
        self.scrub()
        return release

    def preview_actor_erasure(self, actor: str) -> erasure.NamingActs:
        """List what :meth:`erase_actor` would change. Raises ``LogError('no-such-actor')``."""
        with self._session.read() as conn:
            return erasure.find_naming_acts(conn, actor)

    def erase_actor(self, actor: str, *, ground: str) -> erasure.NamingActs:
        """In each release and submission that names a person, destroy every name, also those of others, with
        its salt, as an entry of the log → the releases and submissions.

        Raises ``LogError``: ``no-such-actor``; ``ground-missing``, ``erasure-incomplete`` as :meth:`erase`.
        """
        erasure.require_ground(ground)
        with self._session.append() as conn:
            acts = erasure.erase_actor(conn, actor, ground, self._session.clock())
        self.scrub()
        return acts

    def scrub(self) -> None:
        """Delete erased data and generated files from the disk. Can be repeated.

        The list of erasures outside the database is written first: a backup must not bring them back.
        """
        with self._session.read() as conn:
            erased = erasure_ledger.erasures(conn)
        erasure_ledger.update_ledger(self._session.files.with_name(erasure_ledger.NAME), erased)
        generated_files.sweep(self._session.files)
        erasure.scrub(self._session.database, self._session.sources)

    def finish_erasure(self) -> None:
        """Complete an erasure during which the program was killed, unless a reader prevents it."""
        with self._session.read() as conn:
            pending = conn.scalar(select(t.site.c.scrub_pending))
        if pending:
            with suppress(LogError):
                self.scrub()

    def needs_reseal(self) -> bool:
        """Report whether the site was made before there were entries."""
        with self._session.read() as conn:
            return reseal.needs_reseal(conn)

    def reseal(self) -> int:
        """Append the entries of a site that was made before there were any. → number of old releases."""
        return reseal.reseal(self._session)

    def _amend(
        self,
        dataset: str,
        heading: ReleaseHeading,
        amend: Callable[[AmendmentRelease, ReleaseHeading], int],
        request: PublicationRequest,
        emergency: str,
        submission: int | None,
        shown_state: ShownState | None,
    ) -> Release:
        release_writer.require_reason(heading)
        with self._session.append() as conn:
            row = registry.dataset_row(conn, dataset)
            records = keys_of(row, list(request.records))
            require_unchanged(conn, row, shown_state, self._session.today(), records=records)
            heading, authority = self._authorise(conn, row, heading, request, emergency, submission)
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            amendment_release = AmendmentRelease(
                self._session.database, conn, row, catalogue, self._session.clock()
            )
            sequence = amend(amendment_release, heading)
            two_persons.settle(conn, authority, sequence)
            return _release(conn, row, sequence)

    def _authorise(
        self,
        conn: Connection,
        row: DatasetRow,
        heading: ReleaseHeading,
        request: PublicationRequest | None,
        emergency: str,
        submission: int | None,
    ) -> tuple[ReleaseHeading, Authority | None]:
        """Add to the heading what the release says of its approval.

        Raises as :func:`.two_persons.authorise`.
        """
        authority = two_persons.authorise(
            conn,
            row,
            request,
            publisher=heading.actor,
            emergency=emergency,
            today=self._session.today(),
            submission=submission,
        )
        return heading if authority is None else structs.replace(heading, approval=authority.text), authority


def _release(conn: Connection, dataset: DatasetRow, sequence: int) -> Release:
    number = conn.scalar(select(t.release.c.number).where(t.release.c.sequence == sequence))
    return releases(conn, dataset, number)[0]


def _ignore_progress(count: int, total: int) -> None:
    """Report no progress."""
