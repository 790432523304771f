"""Staging, preview and deletion of drafts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from publisher.log import registry
from publisher.log.blob_store import source_missing
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.connection import json_text
from publisher.log.drafts import repeals, staging
from publisher.log.drafts.draft_diff import compute_diff
from publisher.log.drafts.scratch import scratch
from publisher.log.drafts.staging import SourceEntries, StagedRow
from publisher.log.evidence import harvested_pages
from publisher.log.model import (
    Draft,
    DraftDiff,
    DraftEntry,
    DraftImport,
    OnConflict,
    Proposal,
    RepealProposal,
    Source,
)
from publisher.log.registry import DatasetRow
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue

_MANY = 1_000
"""Rows from which on the planner needs new statistics: it guessed one row, and a statement took minutes."""


class Drafts:
    """``log.drafts``: one draft for each dataset, until it is published or discarded."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def stage(
        self,
        dataset: str,
        entries: Iterable[DraftEntry],
        *,
        part: str | None,
        source: Source,
        parser_version: str,
        partial: bool = False,
        left_out: Sequence[Mapping[str, Any]] = (),
        catalogue: Catalogue | None = None,
        expected: Sequence[str] | None = None,
    ) -> None:
        """Stage an import. It replaces the earlier one of the part, or of the file in a running catalogue.

        ``expected``: tokens of the part's imports that the person has seen. Raises
        ``LogError('draft-moved')`` if there are others.
        """
        staged = SourceEntries(entries, source, parser_version, part, partial, left_out, expected)
        self.stage_all(dataset, [staged], catalogue=catalogue)

    def stage_all(
        self, dataset: str, imports: Sequence[SourceEntries], *, catalogue: Catalogue | None
    ) -> None:
        """Stage several imports in one transaction, as :meth:`stage` does."""
        with self._session.write() as conn:
            if not all(self._session.sources.has(conn, staged.source.digest) for staged in imports):
                raise source_missing()
            row, draft_catalogue = find_draft_catalogue(self._session, conn, dataset, catalogue)
            count = sum(staging.stage(conn, row, staged, draft_catalogue) for staged in imports)
            if count >= _MANY:
                self._session.database.analyze(conn, t.draft_entry)

    def get(self, dataset: str) -> Draft | None:
        """Return the draft; None without imports. Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            return staging.draft(conn, registry.dataset_row(conn, dataset))

    def imports(self, dataset: str, parts: Collection[str | None] | None = None) -> Sequence[DraftImport]:
        """List the imports of parts of the draft; none without a draft.

        ``parts``: None is all of it; ``(None,)`` is no part. Raises ``LogError``: ``no-such-dataset``,
        ``no-such-part``.
        """
        with self._session.read() as conn:
            return staging.describe_imports(conn, registry.dataset_row(conn, dataset), parts)

    def rows(self, one: DraftImport, positions: Sequence[int] | None) -> Sequence[StagedRow]:
        """Read rows of an import; none once another replaced it. ``positions``: None for its mended rows."""
        with self._session.read() as conn:
            return staging.read_rows(conn, one, positions)

    def find_row(self, one: DraftImport, revision: str) -> StagedRow | None:
        """Return the row of an import whose content has a hash; None if there is none any more."""
        with self._session.read() as conn:
            return staging.find_row(conn, one, revision)

    def first_titles(self, dataset: str) -> Mapping[str, str]:
        """Return token of each import of the draft → title of its first record."""
        with self._session.read() as conn:
            return staging.first_titles(conn, registry.dataset_row(conn, dataset))

    def repeals(self, dataset: str) -> tuple[RepealProposal, ...]:
        """List the repeals that documents in the draft and in force propose and that are not published.

        They may be decided or not.
        """
        with self._session.read() as conn:
            row, catalogue = find_draft_catalogue(self._session, conn, dataset, None)
            return repeals.find_proposals(conn, row, catalogue, day=self._session.today().toordinal())

    def decide_repeals(
        self, dataset: str, records: Sequence[str] | None, *, accept: bool
    ) -> tuple[RepealProposal, ...]:
        """Accept or refuse proposed repeals. Publication marks the documents of accepted ones.

        ``records``: ids, document numbers or titles of the documents that are ended; None: all that
        nobody has decided about. Returns the proposals that were decided.
        """
        with self._session.write() as conn:
            row, catalogue = find_draft_catalogue(self._session, conn, dataset, None)
            return repeals.decide(
                conn,
                row,
                catalogue,
                records,
                accept=accept,
                day=self._session.today().toordinal(),
                now=micros(self._session.clock()),
            )

    def count_without(self, dataset: str, field: str, parts: Collection[str] | None = None) -> int:
        """Count the rows of the draft, other than those in error, whose content has no such field.

        ``parts``: None is all of it. Raises ``LogError``: ``no-such-dataset``, ``no-such-part``.
        """
        with self._session.read() as conn:
            row, e = registry.dataset_row(conn, dataset), t.draft_entry.c
            imports = select(t.import_.c.key).where(staging.in_draft(conn, row.key, parts))
            blank = json_text(conn, e.content, field).is_(None)
            count = select(func.count()).where(e["import"].in_(imports), ~e.in_error, blank)
            return conn.scalar(count) or 0

    def diff(
        self,
        dataset: str,
        *,
        effective_on: date | None = None,
        on_conflict: OnConflict = "refuse",
        without_errors: bool = False,
        limit: int | None = None,
        parts: Sequence[str] | None = None,
    ) -> DraftDiff:
        """Compare the draft with the state of a day, as publication would. ``limit`` truncates the lists, not
        ``counts``; ``parts``: as if these alone were published, of those that have imports;
        ``without_errors``: as of :meth:`.Releases.publish`.

        Raises ``LogError``: ``no-draft``, ``no-such-part``.
        """
        with self._scratch(dataset) as conn:
            return self._diff(
                conn, dataset, effective_on, on_conflict, limit, parts, without_errors=without_errors
            )

    def preview(
        self,
        dataset: str,
        proposals: Sequence[Proposal],
        *,
        catalogue: Catalogue | None = None,
        limit: int | None = None,
    ) -> DraftDiff:
        """Compute the changes of staging these imports and publishing the draft today. Stores nothing.

        Several imports are previewed together, because a record can move from one part to another.
        """
        with self._scratch(dataset) as conn:
            row, draft_catalogue = find_draft_catalogue(self._session, conn, dataset, catalogue)
            for number, proposal in enumerate(proposals):
                source = Source(f"{number}", proposal.name, "", 0, self._session.clock())
                staged = SourceEntries(proposal.entries, source, "", proposal.part, proposal.partial)
                staging.stage(conn, row, staged, draft_catalogue)
            return self._diff(conn, dataset, None, "refuse", limit)

    @contextmanager
    def _scratch(self, dataset: str) -> Iterator[Connection]:
        """Open a copy of the dataset's draft that can be changed, without keeping others from publishing."""
        with self._session.read() as conn:
            key = registry.dataset_row(conn, dataset).key
        imports = select(t.import_.c.key).where(t.import_.c.dataset == key, t.import_.c.release.is_(None))
        copies = {
            t.draft_entry: t.draft_entry.c["import"].in_(imports),
            t.import_: t.import_.c.dataset == key,
            t.dataset: None,
            t.catalogue: None,
        }
        with scratch(self._session.database, copies) as conn:
            yield conn

    def discard(self, dataset: str, part: str | None = None) -> None:
        """Delete the draft, or the imports of one part.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-part``.
        """
        with self._session.write() as conn:
            digests = staging.discard(conn, registry.dataset_row(conn, dataset), part)
        drop_unreferenced(self._session, digests)

    def discard_import(self, dataset: str, token: str) -> None:
        """Delete one import of a draft, such as a harvested document; the others stay.

        Raises ``LogError``: ``no-such-dataset``, ``draft-moved`` (there is none of this token any more).
        """
        with self._session.write() as conn:
            digests = staging.discard_import(conn, registry.dataset_row(conn, dataset), token)
        if not digests:
            raise staging.draft_moved()
        drop_unreferenced(self._session, digests)

    def _diff(
        self,
        conn: Connection,
        dataset: str,
        effective_on: date | None,
        on_conflict: OnConflict,
        limit: int | None,
        parts: Sequence[str] | None = None,
        *,
        without_errors: bool = False,
    ) -> DraftDiff:
        row, catalogue = find_draft_catalogue(self._session, conn, dataset, None)
        return compute_diff(
            self._session.database,
            conn,
            row,
            catalogue,
            effective_on=effective_on or self._session.today(),
            on_conflict=on_conflict,
            without_errors=without_errors,
            limit=limit,
            parts=parts,
            now=self._session.clock(),
        )


def find_draft_catalogue(
    session: Session, conn: Connection, dataset: str, offered: Catalogue | None
) -> tuple[DatasetRow, Catalogue]:
    """Return the dataset, and the catalogue of its draft, or ``offered`` with which rows are to be staged.

    Raises ``LogError('migration-needed')`` if that one is not compatible.
    """
    row = registry.dataset_row(conn, dataset)
    current = session.catalogue(conn, row.digest_for_draft)
    if offered is None:
        return row, current
    staging.check_catalogue(current, offered)
    return row, offered


def drop_unreferenced(session: Session, digests: Sequence[str]) -> None:
    """Delete files that no import refers to. Must run after the transaction that deleted the imports."""
    with session.write() as conn:
        unreferenced = set(staging.unreferenced_digests(conn, digests))
        for digest in unreferenced - harvested_pages.response_digests(conn, digests):
            session.sources.drop(conn, digest)
