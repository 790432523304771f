"""The store's door for who makes releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from publisher.log import registry
from publisher.log.drafts import staging
from publisher.log.model import OnConflict, Release, StoreError
from publisher.log.releases import catalogue_change, erasure, rebuild_spans
from publisher.log.releases import publish as publishing
from publisher.log.releases.amendment import Amending
from publisher.log.releases.append import Heading
from publisher.log.session import Base
from schemas.definition.catalogue import Catalogue, Content


class Releasing(Base):
    """Every change of the log; each makes one release, or none."""

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

        Raises ``StoreError``: ``no-draft``, ``conflicts``, ``rows-in-error``, ``later-effect``.
        """
        with self._write() as conn:
            row, catalogue = self._draft_catalogue(conn, dataset, None)
            digests = [i.digest for i in staging.draft_imports(conn, row)]
            sequence = publishing.publish(
                self._database,
                conn,
                row,
                catalogue,
                Heading(effective_on, basis, note, actor),
                now=self._clock(),
                on_conflict=on_conflict,
                without_errors=without_errors,
                progress=progress or _silent,
            )
            if sequence is not None:
                return self._release(conn, row, sequence)
        self._drop_unnamed(digests)
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
        """勘误: new content, for as long as the value in force today (or next, or last) holds."""
        return self._amend(
            dataset, Heading(self._today(), basis, reason, actor), lambda a, h: a.correct(corrections, h)
        )

    def withdraw(
        self, dataset: str, records: Sequence[str], *, reason: str, basis: str = "", actor: str = ""
    ) -> Release:
        """The records should not have been published: gone for every day, from now on."""
        return self._amend(
            dataset, Heading(self._today(), basis, reason, actor), lambda a, h: a.withdraw(records, h)
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
        with self._write() as conn:
            row = registry.dataset_row(conn, dataset)
            old = self._catalogue(conn, row.catalogue_digest)
            heading = Heading(effective_on or self._today(), basis, reason, actor)
            sequence = catalogue_change.migrate(
                self._database, conn, row, old, catalogue, convert, heading, now=self._clock()
            )
            return self._release(conn, row, sequence)

    def erase(self, *, records: Sequence[tuple[str, str]], ground: str, actor: str = "") -> Release:
        """Destroy all that these records (dataset, record id) of one dataset ever said, everywhere here.

        The release that tells of it is published before the bytes are gone from the disk. Where a reader
        keeps that from being finished: ``StoreError('erasure-incomplete')``, and :meth:`scrub` later.
        """
        names = {dataset for dataset, _ in records}
        if len(names) != 1:
            raise StoreError(
                "one-dataset", "一次只能删除一个数据集的记录。", "Erase records of one dataset at a time."
            )
        with self._write() as conn:
            row = registry.dataset_row(conn, names.pop())
            catalogue = self._catalogue(conn, row.catalogue_digest)
            heading = Heading(self._today(), "", ground, actor, extra_counts={"erased": len(records)})
            sequence = erasure.Erasing(self._database, conn, row).erase(
                [record for _, record in records], catalogue, heading, self._clock()
            )
            release = self._release(conn, row, sequence)
        self.scrub()
        return release

    def scrub(self) -> None:
        """Destroy what an erasure left on the disk. May be run at any time and again."""
        erasure.scrub(self._database, self._sources)

    def rebuild_spans(self) -> int:
        """Make the spans again from the log. → how many came out different."""
        with self._write() as conn:
            return rebuild_spans.rebuild_spans(self._database, conn, self._clock())

    def _amend(self, dataset: str, heading: Heading, make: Callable[[Amending, Heading], int]) -> Release:
        with self._write() as conn:
            row = registry.dataset_row(conn, dataset)
            catalogue = self._catalogue(conn, row.catalogue_digest)
            amending = Amending(self._database, conn, row, catalogue, self._clock())
            return self._release(conn, row, make(amending, heading))


def _silent(done: int, total: int) -> None:
    """Nobody watches."""
