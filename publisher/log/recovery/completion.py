"""Completion of a restored log: the entries that it lacks are written again from a verified archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select

from publisher.log.clocks import micros
from publisher.log.database import entry_tables as e
from publisher.log.model import LogError
from publisher.log.recovery import description_rows
from publisher.log.recovery.archive import Archive
from publisher.log.recovery.backup import ledger_of
from publisher.log.recovery.repeated_erasure import destroy_files, list_pending
from publisher.log.recovery.replayed_release import ReplayedRelease
from publisher.log.releases import erased_files, erasure
from publisher.log.session import Session
from publisher.log.transparency import checkpoints, entry_log, erasure_ledger, signed_note
from publisher.log.transparency import shortfall as shortfalls
from publisher.log.transparency.checkpoint_text import signed_checkpoint
from publisher.log.transparency.entries import Kind
from publisher.log.transparency.successions import KnownCheckpoint

_INSTANT: Mapping[Kind, str] = {
    "site": "changed_at",
    "dataset": "changed_at",
    "release": "published_at",
    "key": "valid_from",
    "reseal": "resealed_at",
    "erasure": "erased_at",
    "succession": "succeeded_at",
    "audit": "noted_at",
}
"""Property of each kind of document with the time of its entry."""

type Progress = Callable[[int, int], None]
"""Called with the number of entries written so far, and of all that were missing."""


class CompletionReport(msgspec.Struct, frozen=True):
    """Numbers of what a completion wrote, and of what the log still lacks."""

    entries: int
    releases: int
    missing: int
    """Entries that the log still lacks."""
    sources: int
    """Source files whose bytes nobody has: an archive contains none. Importing the file again restores it."""


def complete(session: Session, archive: Archive, progress: Progress) -> CompletionReport:
    """Write the missing entries in one transaction. Webhooks are not notified of them again.

    Raises ``LogError``: ``not-this-log`` (the archive does not continue the log), ``log-complete``.
    """
    with session.write() as conn:
        shortfall = shortfalls.require(conn)
        size = entry_log.size(conn)
        _require_continuation(conn, archive, shortfall.known, size)
        new = archive.entries[size:]
        releases = []
        for n, (kind, digest) in enumerate(new, start=1):
            text = archive.document(digest)
            document = msgspec.json.decode(signed_note.parse_note(text)[0] if kind == "key" else text)
            at = micros(datetime.fromisoformat(document[_INSTANT[kind]]))
            entry_log.append_text(conn, kind, text, at)
            if kind == "site":
                description_rows.write_site(conn, document, digest, at)
            elif kind == "dataset":
                description_rows.write_dataset(conn, archive, document, digest, at)
            elif kind == "erasure" and document["property"] == "actor":
                erasure.destroy_actors(conn, document["releases"], session.clock())
            elif kind == "release":
                release = ReplayedRelease(session, conn, archive, document, digest)
                release.write()
                releases.append(release)
            progress(n, len(new))
        # Nobody shall import a file again that was erased, as the bytes of other files.
        if destroy_files(conn, erasure_ledger.read_ledger(ledger_of(session))):
            erased_files.require_scrub(conn)
        _write_checkpoint(conn, archive)
        missing = shortfalls.missing(conn, shortfall)
        pending = list_pending(conn, shortfall.erased)
        shortfalls.write(conn, shortfall if missing or pending else None)
        checkpoints.store_checkpoint(conn, session.keys)
        return CompletionReport(
            len(new), len(releases), missing, sum(one.missing_sources() for one in releases)
        )


def _require_continuation(conn: Connection, archive: Archive, checkpoint: KnownCheckpoint, size: int) -> None:
    """Refuse an archive of another log, or one that differs from a checkpoint that somebody holds."""
    available = len(archive.entries)
    is_same = size <= available and archive.root(size) == entry_log.tree(conn, size).root().hex()
    if not is_same or (checkpoint.size <= available and archive.root(checkpoint.size) != checkpoint.root):
        raise LogError(
            "not-this-log",
            "存证档案不是本日志的延续，或与已知的存证点不符。没有写入任何内容。",
            "The archive does not continue this log, or differs from the checkpoint. Nothing is written.",
        )


def _write_checkpoint(conn: Connection, archive: Archive) -> None:
    """Store the checkpoint of the archive, signed as it is."""
    note = archive.checkpoint()
    if note is None:
        return
    size = signed_checkpoint(note).size
    if conn.execute(select(e.checkpoint.c.size).where(e.checkpoint.c.size == size)).first() is None:
        at = conn.scalar(select(e.entry.c.appended_at).where(e.entry.c.position == size - 1))
        root = entry_log.tree(conn, size).root().hex()
        row = {"size": size, "root": root, "created_at": at, "note": note, "signed_at": at}
        conn.execute(insert(e.checkpoint).values(row))
