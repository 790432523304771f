"""Proofs with which anybody can check the log: checkpoints, tiles, entries with their documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from publisher.log import registry
from publisher.log.clocks import micros, moment
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.model import LogError
from publisher.log.releases import release_document
from publisher.log.releases.release_rows import no_such_release
from publisher.log.session import Session
from publisher.log.transparency import audit_heads, checkpoints, entries, entry_log
from publisher.log.transparency.audit_heads import AuditHead
from publisher.log.transparency.entries import LogEntry
from publisher.log.transparency.merkle_tree import HASH_SIZE, TILE_WIDTH


class EntryProof(msgspec.Struct, frozen=True):
    """One entry, and the proof that it is in the tree of a checkpoint."""

    position: int
    entry: LogEntry
    appended_at: datetime
    leaf: str
    """Hash of the leaf, hexadecimal."""
    size: int
    """Number of entries of the tree of the proof."""
    root: str
    hashes: tuple[bytes, ...]
    note: str | None
    """The signed checkpoint of that tree; None: not yet signed."""


class FirstCheckpoint(msgspec.Struct, frozen=True):
    """The first signed checkpoint that covers an entry. It never changes."""

    note: str
    """With the signature of the site only; ``/log/entries/{position}`` has every line."""
    signed_at: datetime


class Reseal(msgspec.Struct, frozen=True):
    """The entry that seals what was published before the log had entries."""

    releases: int
    """Releases before it: the first ones of the site."""
    at: datetime


class Proofs:
    """``log.proofs``: read the entries of the site, their tree, and its checkpoints."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def checkpoint(self) -> str | None:
        """Return the newest signed checkpoint as a note with its cosignatures; None if there is none."""
        with self._session.read() as conn:
            row = checkpoints.newest(conn, signed=True)
            return None if row is None else checkpoints.note_of_size(conn, row.size)

    def first_checkpoint(self, position: int) -> FirstCheckpoint | None:
        """Return the first signed checkpoint that covers an entry; None: not yet signed."""
        with self._session.read() as conn:
            row = checkpoints.first_covering(conn, position)
            if row is None:
                return None
            return FirstCheckpoint(checkpoints.own_note(conn, row), moment(row.signed_at or row.created_at))

    def origin(self) -> str:
        """Return the name of the log in its checkpoints."""
        with self._session.read() as conn:
            return checkpoints.origin(conn)

    def newest_entry(self, dataset: str | None) -> int | None:
        """Return the position of the entry of the newest release of a dataset, or of the site."""
        of_dataset = () if dataset is None else (t.dataset.c.name == dataset,)
        query = (
            select(e.entry.c.position)
            .join_from(t.release, t.dataset, t.dataset.c.key == t.release.c.dataset)
            .join(e.entry, e.entry.c.digest == t.release.c.document)
            .where(*of_dataset)
            .order_by(t.release.c.sequence.desc())
        )
        with self._session.read() as conn:
            position: int | None = conn.scalar(query.limit(1))
            return position

    def unsigned_since(self) -> datetime | None:
        """Return since when there are entries that no signed checkpoint covers; None if there are none."""
        c = e.checkpoint.c
        with self._session.read() as conn:
            signed = checkpoints.newest(conn, signed=True)
            first = conn.execute(
                select(c.created_at).where(c.size > (signed.size if signed else 0)).order_by(c.size).limit(1)
            ).first()
            return None if first is None else moment(first.created_at)

    def reseal(self) -> Reseal | None:
        """Return the reseal of a site that is older than its entries; None for other sites."""
        c = e.entry.c
        with self._session.read() as conn:
            row = conn.execute(select(c.document, c.appended_at).where(c.kind == "reseal")).first()
        if row is None or row.document is None:
            return None
        return Reseal(msgspec.json.decode(row.document)["sequence"], moment(row.appended_at))

    def audit_heads(self) -> Sequence[AuditHead]:
        """List the heads of the desk's audit log that entries state, oldest first."""
        with self._session.read() as conn:
            return audit_heads.heads(conn)

    def append_audit_head(self, read_head: Callable[[], AuditHead]) -> None:
        """Append the head of the desk's audit log as an entry, once a day and after each release.

        Nothing happens while no line was added. ``read_head`` is called in the transaction that appends, so
        that no older head follows a newer one. Raises ``LogError('log-behind')``.
        """
        now = self._session.clock()
        with self._session.read() as conn:
            if not audit_heads.is_due(conn, read_head(), now):
                return
        with self._session.append() as conn:
            head = read_head()
            if audit_heads.is_due(conn, head, now):
                audit_heads.append(conn, registry.site(conn).tag_authority, head, micros(now))

    def size(self) -> int:
        """Count the entries."""
        with self._session.read() as conn:
            return entry_log.size(conn)

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first ``width`` hashes of a tile. Raises ``LogError('no-such-entry')``."""
        with self._session.read() as conn:
            hashes = entry_log.read_tile(conn, level, number)[: width * HASH_SIZE]
        if len(hashes) != width * HASH_SIZE:
            raise _no_such_tile()
        return hashes

    def entry_bundle(self, number: int, width: int) -> bytes:
        """Return the first ``width`` entries of a bundle. Raises ``LogError('no-such-entry')``."""
        first = number * TILE_WIDTH
        with self._session.read() as conn:
            bundle = entry_log.entries(conn, first, first + width)
        if len(bundle) != width:
            raise _no_such_tile()
        return entries.encode_bundle(bundle)

    def entries_since(self, size: int) -> Sequence[tuple[int, LogEntry]]:
        """List the entries, with their positions, that follow the first ``size``."""
        with self._session.read() as conn:
            return list(enumerate(entry_log.entries(conn, size, entry_log.size(conn)), start=size))

    def entry(self, position: int, size: int | None = None) -> EntryProof:
        """Return an entry with its proof in the tree of ``size`` entries.

        By default in the first signed checkpoint that covers it, so that the answer stays; before one is
        signed, in the tree of its transaction. Raises ``LogError('no-such-entry')``.
        """
        with self._session.read() as conn:
            row = conn.execute(select(e.entry).where(e.entry.c.position == position)).first()
            if row is None or (size is not None and not position < size <= entry_log.size(conn)):
                raise _no_such_entry(position)
            tree = entry_log.tree(conn, size or checkpoints.size_covering(conn, position))
            one = LogEntry(row.kind, row.format, row.digest)
            note = checkpoints.note_of_size(conn, tree.size)
            return EntryProof(
                position=position,
                entry=one,
                appended_at=moment(row.appended_at),
                leaf=one.leaf_hash().hex(),
                size=tree.size,
                root=tree.root().hex(),
                hashes=tuple(tree.inclusion_proof(position)),
                note=note,
            )

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Prove that the tree of ``size`` entries continues that of ``old_size``.

        Raises ``LogError('no-such-entry')``.
        """
        with self._session.read() as conn:
            if not 0 <= old_size <= size <= entry_log.size(conn):
                raise _no_such_entry(max(old_size, size))
            return tuple(entry_log.tree(conn, size).consistency_proof(old_size))

    def position(self, digest: str) -> int:
        """Return the position of the entry of a document. Raises ``LogError('no-such-entry')``."""
        with self._session.read() as conn:
            position = conn.scalar(select(e.entry.c.position).where(e.entry.c.digest == digest))
        if position is None:
            raise _no_such_entry(digest)
        return int(position)

    def document(self, digest: str) -> str | None:
        """Return a document by its digest; None if it was destroyed. Raises ``LogError('no-such-entry')``."""
        with self._session.read() as conn:
            row = conn.execute(select(e.entry.c.document).where(e.entry.c.digest == digest)).first()
        if row is None:
            raise _no_such_entry(digest)
        return None if row.document is None else str(row.document)

    def release_document(self, dataset: str, number: int) -> str:
        """Return the document of a release. Raises ``LogError``: ``no-such-dataset``, ``no-such-release``."""
        return self.document(self._release(dataset, number).document) or ""

    def manifest(self, dataset: str, number: int) -> Iterator[bytes]:
        """Yield the lines of the manifest of a release. Raises as :meth:`release_document`."""
        sequence = self._release(dataset, number).sequence
        with self._session.read() as conn:
            yield from release_document.stored_manifest(conn, sequence)

    def _release(self, dataset: str, number: int) -> Any:
        c = t.release.c
        with self._session.read() as conn:
            key = registry.dataset_row(conn, dataset).key
            row = conn.execute(
                select(c.sequence, c.document).where(c.dataset == key, c.number == number)
            ).first()
        if row is None:
            raise no_such_release(number)
        return row


def _no_such_tile() -> LogError:
    return LogError("no-such-entry", "日志中没有这个区块。", "The log has no such tile.")


def _no_such_entry(which: object) -> LogError:
    return LogError("no-such-entry", f"日志中没有条目 {which}。", f"The log has no entry {which}.")
