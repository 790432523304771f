"""Restoration of a backup. It is put in its place once all known erasures have been repeated in it.

A backup older than a checkpoint that somebody holds becomes a log that can only be read: see
:mod:`publisher.log.transparency.shortfall`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from publisher.log.blob_store import FolderBlobs, sync_folder
from publisher.log.clocks import utc_now
from publisher.log.database import postgresql
from publisher.log.database.connection import Database
from publisher.log.database.sqlite import sqlite_url
from publisher.log.database.upgrade import migrate
from publisher.log.model import LogError
from publisher.log.recovery import backup as backups
from publisher.log.recovery import kept_checkpoint, postgresql_dump, repeated_erasure
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery.kept_checkpoint import KeptCheckpoint
from publisher.log.recovery.manifest import BackupManifest
from publisher.log.recovery.source_copies import Fault, UncopiedSource, copy_sources, name_uncopied
from publisher.log.transparency import entry_log, erasure_ledger, shortfall
from publisher.log.transparency.checkpoint_text import signed_checkpoint
from publisher.log.transparency.erasure_ledger import LedgerEntry
from publisher.log.transparency.shortfall import Shortfall
from publisher.log.transparency.signed_note import NoteError
from publisher.log.transparency.successions import KnownCheckpoint, first_origin, successions

type EraseBesides = Callable[[Sequence[tuple[str, str]]], None]
"""Called with the erased records (dataset, id)."""


class RestorationReport(msgspec.Struct, frozen=True):
    """The backup that was restored, and numbers of what it contained and lacks."""

    backup: Path
    entries: int
    missing: int
    """Entries up to the newest checkpoint that anybody holds."""
    erased_again: int
    """Records whose contents were destroyed again."""
    not_copied: Sequence[UncopiedSource] = ()
    """Sources to which the log refers, and which the folder of backups lacks, or has with other bytes."""


def restore(
    folder: Path,
    *,
    url: str,
    home: Path,
    name: str | None = None,
    notes: Sequence[str] = (),
    ledgers: Sequence[Path] = (),
    keys: Path | None = None,
    other_keys: Sequence[Path] = (),
    erase_besides: EraseBesides | None = None,
) -> RestorationReport:
    """Restore the backup ``name`` (by default the newest) of a folder into a home without a database.

    Sources that are missing or damaged are left out, and reported: all backups of the folder share them.
    The database can be opened once it is whole: a file of SQLite gets its name at the end, and a database of
    PostgreSQL has a mark until then; what was killed is restored again.

    ``notes``: checkpoints that somebody holds, as signed notes. ``ledgers``: further lists of erasures.
    ``keys``: folder with the private keys; ``other_keys``: where files of these names belong.
    ``erase_besides``: deletes what inbox and desk have about erased records.
    Raises ``LogError``: ``no-such-backup``, ``backup-damaged``, ``backup-tool``, ``other-database``,
    ``home-not-empty``, ``not-a-checkpoint``, ``not-this-log``, ``checkpoint-differs``.
    """
    backup = _choose(folder, name)
    manifest = manifests.read_manifest(backup)
    manifests.check_files(backup, manifest)
    own, others = kept_checkpoint.of_backup(manifest), _kept_checkpoints(folder, backup, manifest, notes)
    target = Database(url)
    try:
        _check_target(target, manifest)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        ledger = _collect_ledgers(home, (folder / erasure_ledger.NAME, *ledgers))
        faults = _copy_files(folder, backup, manifest, home)
        if keys is not None:
            backups.copy_keys(keys, home / "keys")
            for key in other_keys:
                if (keys / key.name).exists():
                    backups.copy_key(keys / key.name, key)
        if target.file is None:
            with target.engine.begin() as conn:
                postgresql.mark_unfinished(conn)
            postgresql_dump.restore(target.url, backup / manifest.files[0].name)
            restored = _prepare(target, backup, own, others, ledger, faults)
            _erase_besides(ledger, erase_besides)
            with target.engine.begin() as conn:
                postgresql.mark_finished(conn)
            return restored
        part = target.file.with_name(f"{target.file.name}.part")
        for remains in part.parent.glob(f"{part.name}*"):
            remains.unlink()
        shutil.copyfile(backup / manifest.files[0].name, part)
        part.chmod(0o600)
        copy = Database(sqlite_url(part))
        try:
            restored = _prepare(copy, backup, own, others, ledger, faults)
            copy.vacuum(())  # also moves the write-ahead log into the file
        finally:
            copy.close()
        _erase_besides(ledger, erase_besides)
        _move_into_place(part, target.file)
        return restored
    finally:
        target.close()


def _choose(folder: Path, name: str | None) -> Path:
    complete = manifests.list_backups(folder)
    chosen = [path for path in complete if name in (None, path.name)]
    if not chosen:
        names = "、".join(path.name for path in complete[-5:])
        raise LogError(
            "no-such-backup",
            f"{folder} 中没有这份备份。现有：{names or '（无）'}",
            f"There is no such backup in {folder}. There are: {names or '(none)'}",
        )
    return chosen[-1]


def _check_target(database: Database, manifest: BackupManifest) -> None:
    if database.sqlite != (manifest.kind == "sqlite"):
        raise LogError(
            "other-database",
            f"备份来自 {manifest.kind}，QINGDAN_DATABASE 却不是。",
            f"The backup is of {manifest.kind}, and QINGDAN_DATABASE is not.",
        )
    is_empty = not database.exists()
    if database.file is None:
        with database.read() as conn:
            is_empty = postgresql.is_empty(conn) or postgresql.is_unfinished(conn)
    if not is_empty:
        raise LogError(
            "home-not-empty",
            "目标处已有数据库，恢复不会覆盖它。请先将其移走（不要删除），或另选空文件夹。",
            "There is a database already, and a restore does not overwrite it. Move it away (do not delete "
            "it), or choose an empty folder.",
        )


def _collect_ledgers(home: Path, paths: Sequence[Path]) -> Sequence[LedgerEntry]:
    own = home / erasure_ledger.NAME
    for path in paths:
        erasure_ledger.update_ledger(own, erasure_ledger.read_ledger(path))
    return erasure_ledger.read_ledger(own)


def _copy_files(folder: Path, backup: Path, manifest: BackupManifest, home: Path) -> Mapping[str, Fault]:
    """Copy sources, each checked by its digest, and what the site keeps in addition to its log.

    → the faults of sources that are left out.
    """
    stored, blobs = FolderBlobs(folder / backups.SOURCES), FolderBlobs(home / "sources")
    faults = copy_sources(stored, blobs, manifest.sources)
    for file in manifest.files[1:]:
        target = home / Path(file.name).relative_to(backups.SITE_FILES)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for suffix in ("-wal", "-shm"):  # of a restoration that was killed
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        shutil.copy2(backup / file.name, target)
    return faults


def _kept_checkpoints(
    folder: Path, backup: Path, manifest: BackupManifest, notes: Sequence[str]
) -> Sequence[KeptCheckpoint]:
    """List the checkpoints of all other backups of the site, and those that were named."""
    host = first_origin(manifest.base)
    checkpoints = [_parse_checkpoint(note, host) for note in notes]
    for other in manifests.list_backups(folder):
        if other == backup:
            continue
        try:
            one = manifests.read_manifest(other)
        except LogError as error:  # it may have the newest checkpoint, without which the log could fork
            raise LogError(
                "backup-damaged",
                f"另一份备份的清单已损坏，读不出它的存证点：{other}。请先将这份备份移到别处，再恢复。",
                f"The manifest of another backup is damaged, so that its checkpoint is not known: {other}. "
                "Move that backup elsewhere, then restore.",
            ) from error
        if one.base == manifest.base:
            checkpoints.append(kept_checkpoint.of_backup(one))
    return checkpoints


def _parse_checkpoint(note: str, host: str) -> KeptCheckpoint:
    try:
        checkpoint = signed_checkpoint(note)
    except NoteError as error:
        raise LogError(
            "not-a-checkpoint",
            f"不是存证点：{error}。应为某站点 /log/checkpoint 的原文。",
            f"It is not a checkpoint: {error}. It should be what /log/checkpoint of the site answered.",
        ) from error
    if checkpoint.origin != host and not checkpoint.origin.startswith(f"{host}-"):
        raise LogError(
            "not-this-log",
            f"这是另一个站点的存证点：{checkpoint.origin}，不是 {host}。",
            f"The checkpoint is of another site: {checkpoint.origin} instead of {host}.",
        )
    known = KnownCheckpoint(checkpoint.size, checkpoint.root.hex(), note)
    return KeptCheckpoint(known, checkpoint.origin)


def _prepare(
    database: Database,
    backup: Path,
    own: KeptCheckpoint,
    others: Sequence[KeptCheckpoint],
    ledger: Sequence[LedgerEntry],
    faults: Mapping[str, Fault],
) -> RestorationReport:
    """Upgrade a restored database, apply erasures, and note what it lacks.

    Entries that a succession gave up are no longer missing: their checkpoints do not fit the successor.
    """
    migrate(database, of_restoration=True)
    erased = repeated_erasure.erase_again(database, ledger, utc_now())
    with database.write() as conn:
        size, past = entry_log.size(conn), successions(conn)
        known = [own, *(one for one in others if not any(map(one.is_given_up, past)))]
        for one in known:
            _check_prefix(conn, one.checkpoint, size)
        newest = max(known, key=lambda one: one.age)
        missing = max(0, newest.checkpoint.size - size)
        pending = repeated_erasure.list_pending(conn, [one.record for one in ledger])
        if missing or pending:
            besides = _count_besides(known, newest, size)
            shortfall.write(conn, Shortfall(newest.checkpoint, tuple(pending), newest.origin, besides))
        records = {one.record for one in ledger if one.dataset}
        return RestorationReport(
            backup,
            size,
            missing,
            len(records.intersection(erased)),
            name_uncopied(conn, faults),
        )


def _count_besides(known: Sequence[KeptCheckpoint], newest: KeptCheckpoint, size: int) -> int:
    """Count the entries after ``size`` of other logs of the site than the newest one."""
    lost: dict[str, int] = {}
    for one in known:
        if one.origin != newest.origin:
            lost[one.origin] = max(lost.get(one.origin, 0), one.checkpoint.size - size)
    return sum(lost.values())


def _erase_besides(ledger: Sequence[LedgerEntry], erase_besides: EraseBesides | None) -> None:
    records = [(one.dataset, one.record) for one in ledger if one.dataset]
    if erase_besides is not None and records:
        erase_besides(records)


def _check_prefix(conn: Connection, checkpoint: KnownCheckpoint, size: int) -> None:
    """Raise ``LogError('checkpoint-differs')`` if the log is not the one of a checkpoint."""
    if 0 < checkpoint.size <= size and entry_log.tree(conn, checkpoint.size).root().hex() != checkpoint.root:
        raise LogError(
            "checkpoint-differs",
            f"备份的前{checkpoint.size}个日志条目与所持存证点不符：不是同一份日志，或曾被改写。",
            f"The first {checkpoint.size} entries of the backup are not those of the checkpoint: another "
            "log, or one that was rewritten.",
        )


def _move_into_place(part: Path, target: Path) -> None:
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    for suffix in ("-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    part.replace(target)
    sync_folder(target.parent)
