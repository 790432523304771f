"""The store's door for who makes releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from publisher.store import migration, registry
from publisher.store import publish as publishing
from publisher.store.amend import Amending
from publisher.store.base import Base
from publisher.store.model import OnConflict, Release
from publisher.store.seal import Heading
from schemas.catalogue import Catalogue, Content


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
            return None if sequence is None else self._release(conn, row, sequence)

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
        """Go on with another catalogue. States from the day on are converted; those before stay as they were."""
        with self._write() as conn:
            row = registry.dataset_row(conn, dataset)
            old = self._catalogue(conn, row.catalogue_digest)
            heading = Heading(effective_on or self._today(), basis, reason, actor)
            sequence = migration.migrate(
                self._database, conn, row, old, catalogue, convert, heading, now=self._clock()
            )
            return self._release(conn, row, sequence)

    def _amend(self, dataset: str, heading: Heading, make: Callable[[Amending, Heading], int]) -> Release:
        with self._write() as conn:
            row = registry.dataset_row(conn, dataset)
            catalogue = self._catalogue(conn, row.catalogue_digest)
            amending = Amending(self._database, conn, row, catalogue, self._clock())
            return self._release(conn, row, make(amending, heading))


def _silent(done: int, total: int) -> None:
    """Nobody watches."""
