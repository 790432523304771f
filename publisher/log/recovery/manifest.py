"""The manifest of a backup: what was copied, its digests, and the newest checkpoint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import Connection, select

from publisher.log.database import tables as t
from publisher.log.model import LogError
from publisher.log.transparency import checkpoints, entry_log
from publisher.log.transparency.successions import KnownCheckpoint

NAME = "manifest.json"
_FOLDER = re.compile(r"\d{8}T\d{12}r*Z")
"""Instant in UTC; an ``r`` for each time that the backup was rewritten."""
_CHUNK = 1 << 20


class CopiedFile(msgspec.Struct, frozen=True):
    """A file below the folder of the backup."""

    name: str
    size: int
    sha256: str


class BackupManifest(msgspec.Struct, frozen=True):
    """One backup. ``docs/operate.md`` describes the folder."""

    format: int
    made_at: str
    base: str
    software_version: str
    kind: Literal["sqlite", "postgresql"]
    checkpoint: KnownCheckpoint
    """The newest root of the tree, and its note if it is signed."""
    files: tuple[CopiedFile, ...]
    """The database first."""
    sources: tuple[str, ...]
    """Digests of the sources next to the backups; on PostgreSQL they are in the database."""
    origin: str = ""
    """Name of the log at that time, as in its checkpoints; empty in a backup by an earlier version."""


_decode = msgspec.json.Decoder(BackupManifest).decode


def describe_tree(conn: Connection) -> KnownCheckpoint:
    """Describe the tree of a log as it is now."""
    size = entry_log.size(conn)
    return KnownCheckpoint(
        size, entry_log.tree(conn, size).root().hex(), checkpoints.note_of_size(conn, size)
    )


def base_of(conn: Connection) -> str:
    return conn.scalar(select(t.site.c.base)) or ""


def origin_of(conn: Connection) -> str:
    return checkpoints.origin(conn) if base_of(conn) else ""


def list_backups(folder: Path) -> Sequence[Path]:
    """List the complete backups in a folder, oldest first."""
    return sorted(
        path for path in folder.glob("*Z") if _FOLDER.fullmatch(path.name) and (path / NAME).exists()
    )


def read_manifest(backup: Path) -> BackupManifest:
    """Raises ``LogError('backup-damaged')``."""
    try:
        return _decode((backup / NAME).read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise damaged(backup / NAME) from error


def check_files(backup: Path, manifest: BackupManifest) -> None:
    """Compare every file with its digest. Raises ``LogError('backup-damaged')``."""
    for file in manifest.files:
        path = backup / file.name
        if not path.is_file() or describe_file(backup, path) != file:
            raise damaged(path)


def describe_file(backup: Path, path: Path) -> CopiedFile:
    """Hash a file of a backup."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return CopiedFile(path.relative_to(backup).as_posix(), size, digest.hexdigest())


def damaged(path: Path) -> LogError:
    return LogError(
        "backup-damaged",
        f"备份已损坏或不完整：{path}。请改用另一份备份（--backup）。",
        f"The backup is damaged or incomplete: {path}. Use another one (--backup).",
    )
