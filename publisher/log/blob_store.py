"""Storage for the bytes of sources, addressed by SHA-256: files with SQLite, a table with PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, delete, exists, select

from publisher.log.clocks import moment
from publisher.log.database.connection import Database
from publisher.log.database.tables import source_bytes
from publisher.log.model import LogError, Source


class BlobStore(Protocol):
    """Bytes are durable before a transaction refers to them."""

    def put(self, digest: str, data: bytes) -> None:
        """Store the bytes, also in place of damaged ones; undamaged ones stay."""
        ...

    def get(self, digest: str) -> bytes:
        """Raises ``KeyError``, and ``LogError('source-damaged')`` for bytes of another digest."""
        ...

    def has(self, conn: Connection, digest: str) -> bool: ...

    def drop(self, conn: Connection, digest: str) -> None:
        """Delete one source if it exists. The caller must hold the write lock."""
        ...

    def sweep(self, conn: Connection, keep: Container[str]) -> None:
        """Delete every source that is not in ``keep``. The caller must hold the write lock."""
        ...


class FolderBlobs:
    """Files named ``ab/cdef…``. Writes are atomic: a temporary file is synced and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, digest: str, data: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            if digest_of(path.read_bytes()) == digest:
                return
            path.unlink(missing_ok=True)
        for folder in (self._root, path.parent):
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync_folder(folder.parent)
        while not path.exists():
            temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
            # An erasure may delete the temporary file: then it is written again.
            with suppress(FileNotFoundError), _remove_on_error(temporary):
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
        sync_folder(path.parent)

    def get(self, digest: str) -> bytes:
        try:
            return _check_bytes(digest, self._path(digest).read_bytes())
        except FileNotFoundError:
            raise KeyError(digest) from None

    def has(self, conn: Connection, digest: str) -> bool:  # noqa: ARG002 - argument of the protocol
        return self._path(digest).exists()

    def drop(self, conn: Connection, digest: str) -> None:  # noqa: ARG002 - argument of the protocol
        self._path(digest).unlink(missing_ok=True)

    def sweep(self, conn: Connection, keep: Container[str]) -> None:  # noqa: ARG002 - argument of the protocol
        for path in self._files():
            if path.suffix == ".part" or path.parent.name + path.name not in keep:
                path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:]

    def _files(self) -> Iterator[Path]:
        return (path for folder in self._root.glob("*/") for path in folder.iterdir())


class DatabaseBlobs:
    """A database table, for sites that run on several machines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, digest: str, data: bytes) -> None:
        with self._database.write() as conn:
            stored = conn.scalar(select(source_bytes.c.data).where(source_bytes.c.digest == digest))
            if stored is not None and digest_of(bytes(stored)) == digest:
                return
            self.drop(conn, digest)
            conn.execute(source_bytes.insert().values(digest=digest, data=data))

    def get(self, digest: str) -> bytes:
        with self._database.read() as conn:
            data = conn.scalar(select(source_bytes.c.data).where(source_bytes.c.digest == digest))
        if data is None:
            raise KeyError(digest)
        return _check_bytes(digest, bytes(data))

    def has(self, conn: Connection, digest: str) -> bool:
        return bool(conn.scalar(select(exists().where(source_bytes.c.digest == digest))))

    def drop(self, conn: Connection, digest: str) -> None:
        conn.execute(delete(source_bytes).where(source_bytes.c.digest == digest))

    def sweep(self, conn: Connection, keep: Container[str]) -> None:
        for digest in conn.scalars(select(source_bytes.c.digest)).all():
            if digest not in keep:
                self.drop(conn, digest)


@contextmanager
def _remove_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_bytes(digest: str, data: bytes) -> bytes:
    if digest_of(data) != digest:
        raise LogError(
            "source-damaged",
            f"原始存档 {digest} 已损坏，内容与校验值不符。请重新导入同一文件，即可恢复。",
            f"The source {digest} is damaged: its bytes do not match its digest. Import the same file again "
            "to restore it.",
        )
    return data


def sync_folder(folder: Path) -> None:
    """Make the names of the files in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def source_from_row(row: Any) -> Source:
    return Source(
        digest=row.digest,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        obtained_at=moment(row.obtained_at),
        url=row.url,
        detected_by=row.detected_by,
        partial=row.partial,
        parser_version=row.parser_version,
        salt=None if row.origin_salt is None else bytes(row.origin_salt).hex(),
    )


def source_missing() -> LogError:
    return LogError(
        "source-missing", "来源文件不存在，请重新导入。", "The source file is missing; import it again."
    )
