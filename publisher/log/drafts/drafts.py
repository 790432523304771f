"""The store's door for who prepares a release: datasets, parts, sources, the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from publisher.log import registry
from publisher.log.blob_store import digest_of, source_missing
from publisher.log.database.upgrade import migrate
from publisher.log.drafts import staging
from publisher.log.drafts.preview import diff
from publisher.log.model import (
    Dataset,
    Draft,
    DraftDiff,
    Entry,
    Gathered,
    OnConflict,
    Part,
    Proposal,
    Site,
    Source,
    StoreError,
)
from publisher.log.releases.release_rows import releases
from publisher.log.session import Base
from schemas.definition.catalogue import Catalogue


class Drafting(Base):
    """Sites, datasets and drafts."""

    def init_site(self, base: str, tag_authority: str) -> Site:
        """Raises ``StoreError('already-initialised')``."""
        if self._database.file is not None:
            self._database.file.parent.mkdir(parents=True, exist_ok=True)
        migrate(self._database)
        with self._database.write() as conn:
            return registry.init_site(conn, Site(base, tag_authority), self._clock())

    def site(self) -> Site:
        """Raises ``StoreError('not-initialised')``."""
        with self._read() as conn:
            return registry.site(conn)

    def create_dataset(self, dataset: Dataset, catalogue: Catalogue) -> Dataset:
        with self._write() as conn:
            return registry.create_dataset(conn, dataset, catalogue, self._clock())

    def datasets(self) -> tuple[Dataset, ...]:
        with self._read() as conn:
            return registry.datasets(conn)

    def dataset(self, name: str) -> Dataset:
        """Raises ``StoreError('no-such-dataset')``."""
        with self._read() as conn:
            return registry.dataset(conn, name)

    def catalogue(self, dataset: str, release: int | None = None) -> Catalogue:
        """The catalogue that the dataset has now, or the one that a release was made with."""
        with self._read() as conn:
            row = registry.dataset_row(conn, dataset)
            if release is None:
                return self._catalogue(conn, row.catalogue_digest)
            digest = releases(conn, row, release)[0].catalogue_digest
            return self._catalogue(conn, digest)

    def add_part(self, dataset: str, part: Part) -> Dataset:
        with self._write() as conn:
            registry.declare_part(conn, registry.dataset_row(conn, dataset).key, part, self._clock())
            return registry.dataset(conn, dataset)

    def rename_part(self, dataset: str, old: str, new: str) -> Dataset:
        with self._write() as conn:
            registry.rename_part(conn, registry.dataset_row(conn, dataset).key, old, new, self._clock())
            return registry.dataset(conn, dataset)

    def merge_parts(self, dataset: str, old: str, into: str) -> Dataset:
        with self._write() as conn:
            registry.merge_parts(conn, registry.dataset_row(conn, dataset).key, old, into, self._clock())
            return registry.dataset(conn, dataset)

    def close_part(self, dataset: str, name: str, *, valid_to: date) -> Dataset:
        with self._write() as conn:
            registry.close_part(conn, registry.dataset_row(conn, dataset).key, name, valid_to, self._clock())
            return registry.dataset(conn, dataset)

    def put_source(
        self,
        data: bytes,
        *,
        name: str,
        media_type: str,
        url: str | None = None,
        detected_by: str = "upload",
        partial: bool = False,
    ) -> Source:
        """Durable when it returns; named by nothing until it is staged."""
        digest = digest_of(data)
        self._sources.put(digest, data)
        return Source(digest, name, media_type, len(data), self._clock(), url, detected_by, partial)

    def source_bytes(self, digest: str) -> bytes:
        """Raises ``StoreError('no-such-source')``, also where it was erased."""
        try:
            return self._sources.get(digest)
        except KeyError:
            raise StoreError(
                "no-such-source", f"没有来源文件 {digest}。", f"There is no source {digest}."
            ) from None

    def stage(
        self,
        dataset: str,
        entries: Iterable[Entry],
        *,
        part: str | None,
        source: Source,
        parser_version: str,
        partial: bool = False,
        left_out: Sequence[Mapping[str, Any]] = (),
        catalogue: Catalogue | None = None,
    ) -> None:
        """Lay an import into the draft in place of the part's earlier one; of a running one, the file's."""
        with self._write() as conn:
            if not self._sources.has(conn, source.digest):
                raise source_missing()
            row, used = self._draft_catalogue(conn, dataset, catalogue)
            staging.stage(
                conn,
                row,
                entries,
                part=part,
                source=source,
                parser_version=parser_version,
                partial=partial,
                left_out=left_out,
                catalogue=used,
            )

    def stage_all(self, dataset: str, gathered: Sequence[Gathered], *, catalogue: Catalogue) -> None:
        """:meth:`stage` of many files of a dataset without parts, in one transaction."""
        with self._write() as conn:
            if not all(self._sources.has(conn, one.source.digest) for one in gathered):
                raise source_missing()
            row, used = self._draft_catalogue(conn, dataset, catalogue)
            for one in gathered:
                staging.stage(
                    conn,
                    row,
                    one.entries,
                    part=None,
                    source=one.source,
                    parser_version=one.parser_version,
                    partial=False,
                    left_out=(),
                    catalogue=used,
                )

    def draft(self, dataset: str) -> Draft | None:
        with self._read() as conn:
            return staging.draft(conn, registry.dataset_row(conn, dataset))

    def draft_diff(
        self,
        dataset: str,
        *,
        effective_on: date | None = None,
        on_conflict: OnConflict = "refuse",
        limit: int | None = None,
    ) -> DraftDiff:
        """What publishing would do, on today or another day. ``limit`` cuts each list, never ``counts``.

        Raises ``StoreError('no-draft')``.
        """
        with self._write(keep=False) as conn:
            return self._diff(conn, dataset, effective_on, on_conflict, limit)

    def preview(
        self,
        dataset: str,
        entries: Iterable[Entry],
        *,
        part: str | None,
        partial: bool = False,
        catalogue: Catalogue | None = None,
        effective_on: date | None = None,
        on_conflict: OnConflict = "refuse",
        limit: int | None = None,
    ) -> DraftDiff:
        """What staging these and publishing the draft would do. Keeps nothing."""
        return self.preview_all(
            dataset,
            [Proposal(entries, part, partial=partial)],
            catalogue=catalogue,
            effective_on=effective_on,
            on_conflict=on_conflict,
            limit=limit,
        )

    def preview_all(
        self,
        dataset: str,
        proposals: Sequence[Proposal],
        *,
        catalogue: Catalogue | None = None,
        effective_on: date | None = None,
        on_conflict: OnConflict = "refuse",
        limit: int | None = None,
    ) -> DraftDiff:
        """:meth:`preview` of several imports together, so that a record may move from one part to another."""
        with self._write(keep=False) as conn:
            row, used = self._draft_catalogue(conn, dataset, catalogue)
            for number, proposal in enumerate(proposals):
                staging.stage(
                    conn,
                    row,
                    proposal.entries,
                    part=proposal.part,
                    source=Source(f"{number}", proposal.name, "", 0, self._clock()),
                    parser_version="",
                    partial=proposal.partial,
                    left_out=(),
                    catalogue=used,
                )
            return self._diff(conn, dataset, effective_on, on_conflict, limit)

    def discard_draft(self, dataset: str, part: str | None = None) -> None:
        with self._write() as conn:
            digests = staging.discard(conn, registry.dataset_row(conn, dataset), part)
        self._drop_unnamed(digests)

    def _diff(
        self,
        conn: Connection,
        dataset: str,
        effective_on: date | None,
        on_conflict: OnConflict,
        limit: int | None,
    ) -> DraftDiff:
        row, catalogue = self._draft_catalogue(conn, dataset, None)
        return diff(
            self._database,
            conn,
            row,
            catalogue,
            effective_on=effective_on or self._today(),
            on_conflict=on_conflict,
            limit=limit,
            now=self._clock(),
        )
