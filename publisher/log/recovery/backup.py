"""Backups of a running site: the database as of one moment, source bytes, settings, and a manifest."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict, Unpack

import msgspec
from sqlalchemy import Connection, func, select

from publisher.log.blob_store import FolderBlobs, sync_folder
from publisher.log.clocks import utc_now
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, file_lock
from publisher.log.database.sqlite import read_only_address, sqlite_url
from publisher.log.model import LogError
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery import postgresql_dump
from publisher.log.recovery.manifest import BackupManifest
from publisher.log.recovery.source_copies import Fault, UncopiedSource, copy_sources, name_uncopied
from publisher.log.releases import erasure
from publisher.log.session import Session
from publisher.log.transparency import erasure_ledger
from publisher.log.transparency.successions import KnownCheckpoint

SOURCES = "sources"
SITE_FILES = "site"
"""Folder of a backup with what a site keeps in addition to its log."""
_SITE_PATHS = ("sources.toml", "catalogues")
PART = ".part-"
"""Beginning of the names of folders that are written or deleted."""


class BackupReport(msgspec.Struct, frozen=True):
    """The backup that was written."""

    backup: Path
    entries: int
    size: int
    """Bytes of the database's copy."""
    sources: int
    new_sources: int
    """Sources that no backup in the folder had."""
    keys: int
    """Private keys copied to a folder of their own."""
    not_copied: Sequence[UncopiedSource] = ()
    """Sources that the site lacks, or has with other bytes, and that are not in the folder either."""


class Options(TypedDict, total=False):
    """Options of a backup."""

    keys: Path | None
    """Folder for the private keys, which must not lie where the data does; without it they are not copied."""
    other_keys: Sequence[Path]
    """Files with further secrets, copied to the same folder; those that do not exist are left out."""
    keep: int | None
    """Number of newest backups that stay; the others are deleted."""
    copy_besides: Callable[[Path], None]
    """Copies what the site has in addition to its log into a folder that corresponds to the home."""
    excluded_tables: Sequence[str]
    """Tables of a database server whose rows are in no backup."""


def write_backup(session: Session, home: Path, folder: Path, **options: Unpack[Options]) -> BackupReport:
    """Write a backup into ``folder``, next to earlier ones, whose sources it shares, and verify it.

    Sources that are missing or damaged are left out, and reported.
    Raises ``LogError``: ``backup-running``, ``backup-tool``, ``backup-damaged``, ``keys-beside-data``.
    """
    keys, keep = options.get("keys"), options.get("keep")
    if keys is not None and (
        _lie_together(keys.resolve(), folder.resolve()) or keys.resolve().is_relative_to(home.resolve())
    ):
        raise LogError(
            "keys-beside-data",
            "密钥的备份不能与数据或其备份放在一起：得到备份的人就能以本站名义签名。请另选文件夹或介质。",
            "Keys must not be copied beside the data or its backup: whoever gets it could sign as this site.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        delete_remains(folder)
        made_at = utc_now()
        part = folder / f"{PART}{made_at:%Y%m%dT%H%M%S%f}"
        part.mkdir(mode=0o700)
        _copy_site_files(home, part / SITE_FILES)
        if "copy_besides" in options:
            options["copy_besides"](part / SITE_FILES)
        copy = _copy_database(session.database, part, options.get("excluded_tables", ()))
        new_sources, faults = _copy_sources(session, folder, copy.sources)
        digests = tuple(digest for digest in copy.sources if digest not in faults)
        manifest = _describe(session.database, part, copy, digests, made_at.isoformat())
        manifests.check_files(part, manifest)
        with (part / manifests.NAME).open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        update_ledger(session, folder)
        backup = part.rename(folder / f"{made_at:%Y%m%dT%H%M%S%f}Z")
        sync_folder(folder)
        if keep is not None:
            _drop_oldest(session, folder, keep)
        return BackupReport(
            backup=backup,
            entries=manifest.checkpoint.size,
            size=manifest.files[0].size,
            sources=len(manifest.sources),
            new_sources=new_sources,
            not_copied=_name_uncopied(session, faults),
            keys=0 if keys is None else copy_keys(session.keys.folder, keys, options.get("other_keys", ())),
        )


def update_ledger(session: Session, folder: Path) -> None:
    """Add the erasures of the log to the list beside the backups, and those that the site's own list has.

    A restored log may lack what was erased: a draft that was dropped, or records that were lost.
    """
    with session.read() as conn:
        erasures = [*erasure_ledger.erasures(conn), *erasure_ledger.read_ledger(ledger_of(session))]
    erasure_ledger.update_ledger(folder / erasure_ledger.NAME, erasures)


def ledger_of(session: Session) -> Path:
    """Return the site's own list of erasures."""
    return session.files.with_name(erasure_ledger.NAME)


def _lie_together(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _drop_oldest(session: Session, folder: Path, keep: int) -> None:
    for backup in manifests.list_backups(folder)[:-keep]:
        delete_backup(backup)
    sweep_sources(session, folder)


def delete_backup(backup: Path) -> None:
    """Delete a backup. Under another name first, so that :func:`delete_remains` finds one half deleted."""
    shutil.rmtree(backup.rename(backup.with_name(f"{PART}{backup.name}")))


def delete_remains(folder: Path) -> None:
    """Delete what a killed process left in a folder of backups."""
    for remains in folder.glob(f"{PART}*"):
        shutil.rmtree(remains)


def sweep_sources(session: Session, folder: Path) -> None:
    """Delete sources to which no backup refers any more; none while a manifest cannot be read."""
    try:
        of_backups = list(map(manifests.read_manifest, manifests.list_backups(folder)))
    except LogError:
        return
    referenced = frozenset(digest for manifest in of_backups for digest in manifest.sources)
    with session.read() as conn:
        FolderBlobs(folder / SOURCES).sweep(conn, referenced)


class _Copy(msgspec.Struct, frozen=True):
    """A copy of the database, and what is in it."""

    file: Path
    base: str
    origin: str
    checkpoint: KnownCheckpoint
    sources: Sequence[str] = ()
    """Digests of the files beside the database to which it refers."""


def _copy_database(database: Database, part: Path, excluded_tables: Sequence[str]) -> _Copy:
    """Copy one state of the database. What the manifest says of it is read from the same state."""
    if database.file is not None:
        file = copy_sqlite(database.file, part / "qingdan.db")
        _scrub_copy(file)
        with open_copy(file) as conn:
            sources = sorted(erasure.referenced_sources(conn))
            return _describe_copy(file, conn, sources)
    file = part / "qingdan.dump"
    with database.read() as conn:
        copy = _describe_copy(file, conn)
        snapshot = str(conn.scalar(select(func.pg_export_snapshot())))
        postgresql_dump.dump(database.url, file, snapshot, excluded_tables)
    postgresql_dump.list_dump(file)
    return copy


def _describe_copy(file: Path, conn: Connection, sources: Sequence[str] = ()) -> _Copy:
    base, origin = manifests.base_of(conn), manifests.origin_of(conn)
    return _Copy(file, base, origin, manifests.describe_tree(conn), sources)


def _scrub_copy(file: Path) -> None:
    """Rewrite a copy of a database whose erasure is not completed: its free pages have what was erased."""
    with open_copy(file) as conn:
        is_pending = conn.scalar(select(t.site.c.scrub_pending))
    if is_pending:
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("VACUUM")


def copy_sqlite(source: Path, target: Path) -> Path:
    """Copy a database while others read and write it. Raises ``LogError('backup-damaged')``."""
    with (
        closing(sqlite3.connect(read_only_address(source), uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)  # one read transaction: nobody waits for it
        # A copy in write-ahead mode could not be read from a read-only medium.
        new.execute("PRAGMA journal_mode = DELETE")
        if new.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise manifests.damaged(target)
    target.chmod(0o600)
    return target


def _describe(
    database: Database, part: Path, copy: _Copy, sources: tuple[str, ...], made_at: str
) -> BackupManifest:
    files = sorted(path for path in part.rglob("*") if path.is_file() and path != copy.file)
    return BackupManifest(
        format=1,
        made_at=made_at,
        base=copy.base,
        origin=copy.origin,
        software_version=version("qingdan"),
        kind="sqlite" if database.sqlite else "postgresql",
        checkpoint=copy.checkpoint,
        files=tuple(manifests.describe_file(part, path) for path in (copy.file, *files)),
        sources=sources,
    )


@contextmanager
def open_copy(file: Path) -> Iterator[Connection]:
    """Open the copy of a SQLite database for reading."""
    database = Database(sqlite_url(file), read_only=True)
    try:
        with database.read() as conn:
            yield conn
    finally:
        database.close()


def _copy_sources(session: Session, folder: Path, digests: Sequence[str]) -> tuple[int, Mapping[str, Fault]]:
    """Copy the sources that the folder lacks → their number, and the faults of those that are left out."""
    blobs = FolderBlobs(folder / SOURCES)
    with session.read() as conn:
        new = [digest for digest in digests if not blobs.has(conn, digest)]
    faults = copy_sources(session.sources, blobs, new)
    return len(new) - len(faults), faults


def _name_uncopied(session: Session, faults: Mapping[str, Fault]) -> Sequence[UncopiedSource]:
    with session.read() as conn:  # a state after the copy: what was erased meanwhile is missing rightly
        if not session.database.sqlite:  # the database itself has the sources
            stored = conn.scalars(select(t.source_bytes.c.digest))
            faults = dict.fromkeys(erasure.referenced_sources(conn).difference(stored), "missing")
        return name_uncopied(conn, faults)


def _copy_site_files(home: Path, target: Path) -> None:
    for name in _SITE_PATHS:
        path = home / name
        if path.is_dir():
            shutil.copytree(path, target / name)
        elif path.exists():
            target.mkdir(exist_ok=True)
            shutil.copy2(path, target / name)


def copy_keys(source: Path, target: Path, others: Sequence[Path] = ()) -> int:
    """Copy private keys, and ``others`` that exist, for the owner only → their number."""
    keys = [*sorted(source.glob("*.pem")), *(key for key in others if key.exists())]
    for key in keys:
        copy_key(key, target / key.name)
    return len(keys)


def copy_key(key: Path, copy: Path) -> None:
    """Copy a file with a secret, for the owner only. A copy on itself stays as it is."""
    secret = key.read_bytes()
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    part.replace(copy)
    sync_folder(copy.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of backups. Raises ``LogError('backup-running')``."""
    with file_lock(folder / ".lock") as is_locked:
        if not is_locked:
            raise LogError(
                "backup-running", "另一个备份正在写入此文件夹。", "Another backup writes into this folder."
            )
        yield
