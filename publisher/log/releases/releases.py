"""Releases: drafts published, records corrected, withdrawn, renamed and erased, the chain verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date

from sqlalchemy import Connection, select

from publisher.log import made_files, registry
from publisher.log.database import tables as t
from publisher.log.drafts import staging
from publisher.log.drafts.drafts import draft_catalogue, drop_unnamed
from publisher.log.model import LogError, OnConflict, Release, Verification
from publisher.log.registry import DatasetRow
from publisher.log.releases import catalogue_change, erasure, hash_chain, rebuild_spans
from publisher.log.releases import publish as publishing
from publisher.log.releases.amendment import Amending
from publisher.log.releases.append import Heading
from publisher.log.releases.release_rows import releases
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue, Content


class Releases:
    """``log.releases``: every change of the log; each makes one release, or none."""

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
        progress: Callable[[int, int], None] | None = None,
    ) -> Release | None:
        """Make the draft a release; None where it changes nothing. The draft is empty afterwards.

        Raises ``LogError``: ``no-draft``, ``conflicts``, ``rows-in-error``, ``later-effect``.
        """
        with self._session.write() as conn:
            row, catalogue = draft_catalogue(self._session, conn, dataset, None)
            digests = [i.digest for i in staging.draft_imports(conn, row)]
            sequence = publishing.publish(
                self._session.database,
                conn,
                row,
                catalogue,
                Heading(effective_on, basis, note, actor),
                now=self._session.clock(),
                on_conflict=on_conflict,
                without_errors=without_errors,
                progress=progress or _silent,
            )
            if sequence is not None:
                return _release(conn, row, sequence)
        drop_unnamed(self._session, digests)
        return None

    def correct(
        self,
        dataset: str,
        corrections: Mapping[str, Content],
        *,
        reason: str,
        basis: str = "",
        actor: str = "",
    ) -> Release:
        """更正: new content, for as long as the value in force today (or next, or last) holds."""
        return self._amend(
            dataset,
            Heading(self._session.today(), basis, reason, actor),
            lambda a, h: a.correct(corrections, h),
        )

    def withdraw(
        self, dataset: str, records: Sequence[str], *, reason: str, basis: str = "", actor: str = ""
    ) -> Release:
        """The records should not have been published: gone for every day, from now on."""
        return self._amend(
            dataset, Heading(self._session.today(), basis, reason, actor), lambda a, h: a.withdraw(records, h)
        )

    def rename(
        self,
        dataset: str,
        record: str,
        content: Content,
        *,
        effective_on: date,
        reason: str = "",
        basis: str = "",
        actor: str = "",
    ) -> Release:
        """The record goes on with ``content``, whose identity rows are matched by from now on."""
        heading = Heading(effective_on, basis, reason, actor)
        return self._amend(dataset, heading, lambda a, h: a.rename(record, content, h))

    def migrate(
        self,
        dataset: str,
        catalogue: Catalogue,
        *,
        convert: Callable[[Content], Content] | None = None,
        effective_on: date | None = None,
        reason: str = "",
        basis: str = "",
        actor: str = "",
    ) -> Release:
        """Go on with another catalogue: states from the day on are converted, those before stay."""
        with self._session.write() as conn:
            row = registry.dataset_row(conn, dataset)
            old = self._session.catalogue(conn, row.catalogue_digest)
            heading = Heading(effective_on or self._session.today(), basis, reason, actor)
            sequence = catalogue_change.migrate(
                self._session.database, conn, row, old, catalogue, convert, heading, now=self._session.clock()
            )
            return _release(conn, row, sequence)

    def erase(self, *, records: Sequence[tuple[str, str]], ground: str, actor: str = "") -> Release:
        """Destroy all that these records (dataset, record id) of one dataset ever said, everywhere here.

        The release that tells of it is published before the bytes are gone from the disk. Where a reader
        keeps that from being finished: ``LogError('erasure-incomplete')``, and :meth:`scrub` later.
        """
        names = {dataset for dataset, _ in records}
        if len(names) != 1:
            raise LogError(
                "one-dataset", "一次只能删除一个数据集的记录。", "Erase records of one dataset at a time."
            )
        with self._session.write() as conn:
            row = registry.dataset_row(conn, names.pop())
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            heading = Heading(self._session.today(), "", ground, actor, extra_counts={"erased": len(records)})
            sequence = erasure.Erasing(self._session.database, conn, row).erase(
                [record for _, record in records], catalogue, heading, self._session.clock()
            )
            release = _release(conn, row, sequence)
        self.scrub()
        return release

    def scrub(self) -> None:
        """Destroy what an erasure left on the disk, files made from the log among it. May be run again."""
        made_files.sweep(self._session.files)
        erasure.scrub(self._session.database, self._session.sources)

    def finish_erasure(self) -> None:
        """Where the program was killed in the midst of an erasure, do the rest; readers may put it off."""
        with self._session.read() as conn:
            pending = conn.scalar(select(t.site.c.scrub_pending))
        if pending:
            with suppress(LogError):
                self.scrub()

    def verify(self) -> Verification:
        with self._session.read() as conn:
            return hash_chain.verify(conn)

    def rebuild_spans(self) -> int:
        """Make the spans again from the log. → how many came out different."""
        with self._session.write() as conn:
            return rebuild_spans.rebuild_spans(self._session.database, conn, self._session.clock())

    def _amend(self, dataset: str, heading: Heading, make: Callable[[Amending, Heading], int]) -> Release:
        with self._session.write() as conn:
            row = registry.dataset_row(conn, dataset)
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            amending = Amending(self._session.database, conn, row, catalogue, self._session.clock())
            return _release(conn, row, make(amending, heading))


def _release(conn: Connection, dataset: DatasetRow, sequence: int) -> Release:
    number = conn.scalar(select(t.release.c.number).where(t.release.c.sequence == sequence))
    return releases(conn, dataset, number)[0]


def _silent(done: int, total: int) -> None:
    """Nobody watches."""
