"""Erasure of content, by court order or a personal-information claim, recorded as a release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, exists, func, or_, select, update

from publisher.log import registry
from publisher.log.approvals import two_persons
from publisher.log.blob_store import BlobStore
from publisher.log.citations import graph_rows
from publisher.log.clocks import micros
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among, contains
from publisher.log.database.storable_text import storable
from publisher.log.database.temporary_tables import create_empty, new_change
from publisher.log.database.verification_tables import verification_run
from publisher.log.drafts import staging
from publisher.log.evidence import destroyed_pages, harvested_pages
from publisher.log.model import LogError
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from publisher.log.releases import bitemporal_spans, erased_files, release_writer
from publisher.log.releases.amendment import no_such_record, record_erased
from publisher.log.transparency import documents, entry_log
from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import parse_catalogue

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_WITH_CONTENT = (
    t.revision,
    t.value,
    *graph_rows.TABLES,
    t.span,
    t.record,
    t.release,
    t.import_,
    t.draft_entry,
    t.submission,
    pt.page,
    pt.page_failure,
    pt.source_run,
    t.source_bytes,
    t.outbox,
    verification_run,
)
"""Tables with text of records or of their sources, also as a problem or an error quotes it.

Others have keys and hashes, and are not rewritten.
"""


class ErasedRecord(msgspec.Struct, frozen=True):
    id: str
    title: str
    """Its last title."""
    revisions: int


class ErasurePreview(msgspec.Struct, frozen=True):
    """The rows and files that an erasure destroys."""

    records: tuple[ErasedRecord, ...]
    files: tuple[str, ...]
    """Names of the source files that contained one of the records."""
    drafted_files: tuple[str, ...]
    """Names of the files of drafts that contain one of them."""
    rewritten_bytes: int
    """Size of what is rewritten in the database, so that nothing of it stays on the disk."""

    def equals(self, other: ErasurePreview) -> bool:
        """Report whether another one destroys the same, however large the database is."""
        return structs.replace(other, rewritten_bytes=self.rewritten_bytes) == self


class ErasureRelease:
    """One erasure, in the transaction of its release.

    The bytes are deleted afterwards by :meth:`publisher.log.releases.releases.Releases.scrub`.
    """

    def __init__(self, database: Database, conn: Connection, dataset: DatasetRow) -> None:
        self._database, self._conn, self._dataset = database, conn, dataset

    def erase(self, catalogue: Catalogue, heading: release_writer.ReleaseHeading, now: datetime) -> int:
        """Erase the records of the heading. Raises ``LogError``: ``no-such-record``, ``erased`` (already)."""
        conn = self._conn
        keys = self._keys(heading.erased)
        create_empty(conn, new_change)
        self._hide(keys, now)
        sequence = release_writer.write_release(
            self._database, conn, self._dataset, catalogue, heading, now=now
        )
        self._destroy(keys, sequence)
        return sequence

    def erase_again(self, records: Sequence[str], now: datetime, *, release: int | None) -> Sequence[str]:
        """Destroy what was erased before, in a log restored from an older backup.

        ``release``: the release that erased them, or None while the log lacks it. Unknown ids are ignored.
        → ids of the records that had a content until now.
        """
        r, v = t.record.c, t.revision.c
        has_content = exists().where(v.record == r.key, v.content.is_not(None))
        rows = self._conn.execute(
            select(r.key, r.id, has_content.label("has_content")).where(
                among(self._conn, r.id, records), r.dataset == self._dataset.key, r.erased_by.is_(None)
            )
        ).all()
        if rows:
            keys = [row.key for row in rows]
            self._hide(keys, now)
            self._destroy(keys, release)
        return [row.id for row in rows if row.has_content]

    def _hide(self, keys: Sequence[int], now: datetime) -> None:
        """Take records out of drafts, search and counts."""
        self._drop_drafts(keys)
        self._queue_erasure(keys, micros(now))
        self._conn.execute(
            update(t.span).where(among(self._conn, t.span.c.record, keys)).values(status="erased", title="")
        )
        bitemporal_spans.recount(self._conn, self._dataset.key)

    def _destroy(self, keys: Sequence[int], release: int | None) -> None:
        """Destroy contents and evidence of records."""
        conn = self._conn
        self._destroy_contents(keys, release)
        digests = erased_files.digests_of_records(conn, keys)
        erased_files.destroy_evidence(conn, digests)
        destroyed_pages.destroy(conn, digests)
        ids = conn.scalars(select(t.record.c.id).where(among(conn, t.record.c.key, keys))).all()
        of_records = select(t.change.c.release).where(among(conn, t.change.c.record, keys)).distinct()
        two_persons.destroy_contents(conn, self._dataset.key, ids, set(conn.scalars(of_records)))
        conn.execute(update(t.release).where(t.release.c.sequence.in_(of_records)).values(erased=True))
        erased_files.require_scrub(conn)

    def preview(self, records: Sequence[str]) -> ErasurePreview:
        """List what :meth:`erase` would destroy. Raises the same errors."""
        keys, i, v = self._keys(records), t.import_.c, t.revision.c
        imports = erased_files.select_imports(self._conn, keys)
        files = self._conn.scalars(select(i.name).where(i.key.in_(imports), ~i.destroyed).order_by(i.key))
        drafted = (row.name for row in self._find_drafted(keys))
        erased_records = []
        for record_id, key in zip(dict.fromkeys(records), keys, strict=True):
            of_record = select(v.title).where(v.record == key).order_by(v.key.desc())
            titles = self._conn.scalars(of_record).all()
            erased_records.append(ErasedRecord(record_id, titles[0] if titles else "", len(titles)))
        return ErasurePreview(
            tuple(erased_records),
            tuple(dict.fromkeys(files)),
            tuple(dict.fromkeys(drafted)),
            self._database.stored_size(self._conn, _WITH_CONTENT),
        )

    def _keys(self, records: Sequence[str]) -> list[int]:
        keys = []
        for record_id in dict.fromkeys(records):
            row = self._conn.execute(
                select(t.record.c.key, t.record.c.erased_by).where(
                    t.record.c.id == record_id, t.record.c.dataset == self._dataset.key
                )
            ).first()
            if row is None:
                raise no_such_record(record_id)
            if row.erased_by is not None:
                raise record_erased(record_id)
            keys.append(row.key)
        return keys

    def _drop_drafts(self, keys: Sequence[int]) -> None:
        """Delete imports of drafts that contain the records, which would publish them again."""
        erased_files.drop_drafted(self._conn, self._find_drafted(keys))

    def _find_drafted(self, keys: Sequence[int]) -> Sequence[Any]:
        """List the imports of drafts with rows that match the records, and those of files that had them."""
        i, matching = t.import_.c, self._match_drafted(keys)
        query = select(i.key, i.dataset, i.name).where(among(self._conn, i.key, matching))
        of_files = erased_files.find_drafted(self._conn, erased_files.digests_of_records(self._conn, keys))
        drafted = {row.key: row for row in (*self._conn.execute(query), *of_files)}
        return [drafted[key] for key in sorted(drafted)]

    def _match_drafted(self, keys: Sequence[int]) -> Sequence[int]:
        """List the imports of the draft with rows that match the records, or did by a former name or code."""
        conn, r, v, e = self._conn, t.record.c, t.revision.c, t.draft_entry.c
        if not staging.draft_imports(conn, self._dataset):
            return ()
        digest = self._dataset.digest_for_draft
        source = conn.scalar(select(t.catalogue.c.source).where(t.catalogue.c.digest == digest)) or ""
        catalogue = parse_catalogue(source, where=digest)
        contents = conn.scalars(select(v.content).where(among(conn, v.record, keys), v.content.is_not(None)))
        former = {
            identity_digest(self._dataset.name, identity)
            for content in contents
            for identity in catalogue.identities_of(_decode(content))
        }
        of_others = select(r.identity).where(r.dataset == self._dataset.key, ~among(conn, r.key, keys))
        former.difference_update(conn.scalars(of_others.where(among(conn, r.identity, former))))
        own = select(r.identity).where(among(conn, r.key, keys))
        drafted = select(t.import_.c.key).where(staging.in_draft(conn, self._dataset.key))
        matches = or_(e.identity.in_(own), among(conn, e.identity, former))
        return conn.scalars(select(e["import"]).where(e["import"].in_(drafted), matches).distinct()).all()

    def _queue_erasure(self, keys: Sequence[int], due_at: int) -> None:
        conn, s = self._conn, t.span.c
        after = conn.scalar(select(t.site.c.outbox_sequence)) or 0
        # Spans that wait for indexing have no text any more.
        erased = (
            select(release_writer.span_key())
            .join_from(t.span, t.record, t.record.c.key == s.record)
            .where(among(conn, s.record, keys))
        )
        conn.execute(delete(t.outbox).where(t.outbox.c.kind == "span", t.outbox.c.key.in_(erased)))
        sequence = release_writer.number_spans(t.span, after)
        of_records = among(conn, s.record, keys)
        release_writer.queue_spans(conn, "erase", t.span, of_records, sequence=sequence, due_at=due_at)
        newest = conn.scalar(select(func.max(t.outbox.c.sequence))) or after
        conn.execute(update(t.site).values(outbox_sequence=max(after, newest)))

    def _destroy_contents(self, keys: Sequence[int], release: int | None) -> None:
        conn = self._conn
        revisions = select(t.revision.c.key).where(among(conn, t.revision.c.record, keys))
        conn.execute(delete(t.value).where(t.value.c.revision.in_(revisions)))
        graph_rows.delete_of_revisions(conn, revisions)
        conn.execute(
            update(t.revision)
            .where(among(conn, t.revision.c.record, keys))
            .values(content=None, salt=None, title="", source_text="", locator="{}", originals="{}")
        )
        conn.execute(
            update(t.record)
            .where(among(conn, t.record.c.key, keys))
            .values(identity=None, erased_by=release, withdrawn_at=None)
        )


class NamingActs(msgspec.Struct, frozen=True):
    """Releases and submissions that name a person."""

    releases: Sequence[int]
    """Their sequences."""
    submissions: Sequence[int]
    """Keys of those that did not become a release."""


def find_naming_acts(conn: Connection, actor: str) -> NamingActs:
    """Find the releases and submissions that name a person. Raises ``LogError('no-such-actor')``."""
    c, name = t.release.c, storable(actor)
    is_clerk = (c.actor == name) & c.actor_salt.is_not(None)
    is_named = contains(conn, c.approval, msgspec.json.encode({"name": name}).decode()[1:-1])
    is_named |= c.sequence.in_(two_persons.releases_of(conn, name))
    sequences = conn.scalars(select(c.sequence).where(is_clerk | is_named).order_by(c.sequence)).all()
    submissions = two_persons.unpublished_of(conn, name)
    if not actor.strip() or not (sequences or submissions):
        raise LogError(
            "no-such-actor",
            f"没有写有“{actor}”姓名的发布或提交。",
            f"There is no release or submission that names {actor!r}.",
        )
    return NamingActs(sequences, submissions)


def require_ground(ground: str) -> None:
    """Raise ``LogError('ground-missing')`` for a blank ground."""
    if not ground.strip():
        raise LogError(
            "ground-missing",
            "没有写明依法删除的法律依据。",
            "The legal ground of the erasure is blank.",
        )


def erase_actor(conn: Connection, actor: str, ground: str, now: datetime) -> NamingActs:
    """In each release and submission that names a person, destroy every name, also those of others, with its
    salt; append the entry about it.

    The entry lists the releases; there may be none. Their hashes of format 1 cannot be checked any more. The
    bytes are deleted afterwards, as of records. Raises ``LogError('no-such-actor')``.
    """
    acts, c = find_naming_acts(conn, actor), t.release.c
    of_releases = among(conn, c.sequence, acts.releases)
    datasets = conn.scalars(select(c.dataset).where(of_releases).distinct()).all()
    destroy_actors(conn, acts.releases, now)
    two_persons.destroy_unpublished_names(conn, acts.submissions, now)
    erased_files.require_scrub(conn)
    document = documents.erasure_document(
        registry.site(conn).tag_authority,
        releases=acts.releases,
        ground=storable(ground),
        erased_at=micros(now),
    )
    entry_log.append_document(conn, "erasure", document, micros(now))
    for dataset in datasets:  # cached responses about these releases are no longer right
        registry.raise_named_at(conn, dataset, now)
    return acts


def destroy_actors(conn: Connection, releases: Sequence[int], now: datetime) -> int:
    """Destroy the names of people in releases and their submissions; salted hashes stay.

    → how many of both had a name.
    """
    c = t.release.c
    is_named = or_(c.actor_salt.is_not(None), c.approval.contains('"name":'))
    rows = conn.execute(
        select(c.sequence, c.approval).where(among(conn, c.sequence, releases), is_named)
    ).all()
    for row in rows:
        approval = None if row.approval is None else two_persons.without_names(row.approval)
        own = {"actor": "", "actor_salt": None, "approval": approval}
        conn.execute(update(t.release).where(c.sequence == row.sequence).values(own))
    count = len(rows) + two_persons.destroy_names(conn, releases, now)
    if count:
        erased_files.require_scrub(conn)
    return count


def referenced_sources(conn: Connection) -> frozenset[str]:
    """List digests of sources that are referenced and not destroyed by an erasure."""
    i = t.import_.c
    destroyed = select(i.digest).where(i.destroyed)
    imported = frozenset(conn.scalars(select(i.digest).where(i.digest.not_in(destroyed)).distinct()))
    return (imported | harvested_pages.existing_digests(conn)) - harvested_pages.destroyed_digests(conn)


def scrub(database: Database, sources: BlobStore) -> None:
    """Delete unreferenced data: source bytes, free pages, the write-ahead log.

    Can be repeated at any time. Raises ``LogError('erasure-incomplete')`` while a reader uses an older state
    of the database.
    """
    with database.write() as conn:
        sources.sweep(conn, referenced_sources(conn))
    database.vacuum(_WITH_CONTENT)
    with database.write() as conn:
        conn.execute(update(t.site).values(scrub_pending=False))
