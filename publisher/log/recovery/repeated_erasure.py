"""Erasures that are applied again: to a restored log, and to backups made before them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DatabaseError

from publisher.log import registry
from publisher.log.approvals import two_persons
from publisher.log.clocks import utc_now
from publisher.log.database import entry_tables
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among, stream
from publisher.log.database.sqlite import sqlite_url
from publisher.log.database.upgrade import migrate
from publisher.log.model import LogError
from publisher.log.recovery import backup as backups
from publisher.log.recovery import kept_checkpoint
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery.manifest import BackupManifest
from publisher.log.releases import erased_files, erasure
from publisher.log.releases.erasure import ErasureRelease
from publisher.log.session import Session
from publisher.log.transparency import erasure_ledger, successions
from publisher.log.transparency.erasure_ledger import LedgerEntry

type CleanBesides = Callable[[Path, Sequence[tuple[str, str]]], bool]
"""Called with a folder like the home, and the erased records (dataset, id), to delete what is about them.

→ whether there was anything.
"""


def erase_again(database: Database, ledger: Sequence[LedgerEntry], now: datetime) -> Sequence[str]:
    """Destroy the contents, files and names of clerks in a ledger that a database still has.

    → ids of the records, and digests: of the files, the submissions, and the entries that erased names.
    """
    destroyed: list[str] = []
    by_dataset: dict[str, list[str]] = {}
    for one in ledger:
        by_dataset.setdefault(one.dataset, []).append(one.record)
    by_dataset.pop("", None)
    with database.write() as conn:
        names = [one for one in ledger if one.releases]
        destroyed += [one.record for one in names if erasure.destroy_actors(conn, one.releases, now)]
        submissions = [digest for one in ledger for digest in one.submissions]
        destroyed += two_persons.destroy_names_again(conn, submissions, now)
        files = list(destroy_files(conn, ledger))
        for dataset, records in by_dataset.items():
            try:
                row = registry.dataset_row(conn, dataset)
            except LogError:
                continue  # the dataset is younger than the backup
            destroyed += ErasureRelease(database, conn, row).erase_again(records, now, release=None)
            files += erased_files.drop_drafted_records(conn, row.key, records)
        if destroyed or files:
            erased_files.require_scrub(conn)
    return [*destroyed, *files]


def destroy_files(conn: Connection, ledger: Sequence[LedgerEntry]) -> Sequence[str]:
    """Destroy the files of a ledger, before its records: what the log knows as destroyed is skipped."""
    of_records = {digest for one in ledger if one.dataset for digest in one.sources}
    others = {digest for one in ledger for digest in one.sources}
    pages = {digest for one in ledger for digest in one.pages}
    return erased_files.destroy_again(conn, of_records, others, pages)


def list_pending(conn: Connection, erased: Sequence[str]) -> Sequence[str]:
    """List those of erased records that the log has, but not the release that erased them."""
    r = t.record.c
    query = select(r.id).where(among(conn, r.id, erased), r.erased_by.is_(None))
    return conn.scalars(query.order_by(r.key)).all()


def forget_erased(session: Session, folder: Path, clean_besides: CleanBesides) -> tuple[int, Sequence[Path]]:
    """Rewrite every backup of the folder without the records that are erased by now.

    ``clean_besides``: deletes the same records from what a backup has besides the log.
    → number of rewritten backups, and those that cannot be rewritten: dumps of PostgreSQL from before an
    erasure, and damaged backups. Raises ``LogError('backup-running')``.
    """
    with backups.locked(folder):
        backups.delete_remains(folder)
        backups.update_ledger(session, folder)
        ledger = erasure_ledger.read_ledger(folder / erasure_ledger.NAME)
        rewritten, others = 0, []
        for backup in manifests.list_backups(folder):
            try:
                manifest = manifests.read_manifest(backup)
                if manifest.kind == "sqlite":
                    rewritten += _rewrite(backup, manifest, ledger, clean_besides)
                elif _erased_since(session, manifest, ledger):
                    others.append(backup)
            except (LogError, DatabaseError, sqlite3.DatabaseError):
                others.append(backup)
        backups.delete_remains(folder)
        backups.sweep_sources(session, folder)
        return rewritten, others


def _erased_since(session: Session, manifest: BackupManifest, ledger: Sequence[LedgerEntry]) -> bool:
    """Report whether records, or names of clerks, were erased after the backup.

    If a succession gave up the last entries of the backup, the log has only those before them: an erasure of
    the ledger that is not among these may be later than the backup.
    """
    c, kept = entry_tables.entry.c, kept_checkpoint.of_backup(manifest)
    known: set[str] = set()
    with session.read() as conn:
        given_up = [one.size for one in successions.successions(conn) if kept.is_given_up(one)]
        size = min([manifest.checkpoint.size, *given_up])
        query = select(c.position, c.kind, c.digest, c.document).where(c.kind.in_(("release", "erasure")))
        for row in stream(conn, query.where(c.document.is_not(None))):
            erased = [row.digest] if row.kind == "erasure" else msgspec.json.decode(row.document)["erased"]
            if erased and row.position >= size:
                return True
            known.update(erased)
    of_log = (one.record for one in ledger if one.dataset or one.is_of_name())
    return bool(given_up) and not known.issuperset(of_log)


def _rewrite(
    backup: Path, manifest: BackupManifest, ledger: Sequence[LedgerEntry], clean_besides: CleanBesides
) -> bool:
    """Write the backup again without erased records, then delete the old one. → whether it had any."""
    part = backup.with_name(f"{backups.PART}{backup.name}")
    shutil.copytree(backup, part)
    file = part / manifest.files[0].name
    database = Database(sqlite_url(file))
    try:
        migrate(database)
        with database.read() as conn:  # by an erasure that was not completed, or by a migration
            has_deleted = conn.scalar(select(t.site.c.scrub_pending))
        destroyed = erase_again(database, ledger, utc_now())
        with database.write() as conn:
            conn.execute(update(t.site).values(scrub_pending=False))
        database.vacuum(())
        with database.read() as conn:
            sources = erasure.referenced_sources(conn)
    finally:
        database.close()
    records = [(one.dataset, one.record) for one in ledger if one.dataset]
    if not (clean_besides(part / backups.SITE_FILES, records) or destroyed or has_deleted):
        shutil.rmtree(part)
        return False
    for suffix in (".db-wal", ".db-shm"):
        file.with_suffix(suffix).unlink(missing_ok=True)
    files = tuple(manifests.describe_file(part, part / one.name) for one in manifest.files)
    remaining = tuple(digest for digest in manifest.sources if digest in sources)
    text = msgspec.json.encode(msgspec.structs.replace(manifest, files=files, sources=remaining))
    (part / manifests.NAME).write_bytes(msgspec.json.format(text) + b"\n")
    target = backup.with_name(f"{backup.name[:-1]}rZ")
    if target.exists():  # by a process that was killed before it deleted the old one
        backups.delete_backup(target)
    part.rename(target)
    backups.delete_backup(backup)
    return True
