"""Cache of generated files, addressed by their inputs. Writes are atomic and durable."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from publisher.log.generated_files import locked
from publisher.log.model import LogError

type Coding = Literal["", "gzip", "zstd"]
_CHUNK = 1 << 20
_DIGEST = re.compile("[0-9a-f]{64}")
_MAX_PASSING = 40
"""Most files that are kept of those that are not pinned to a release. The oldest are deleted."""


class FileKey(msgspec.Struct, frozen=True):
    """Inputs of a file; equal keys mean equal bytes by the same version of the program."""

    tokens: tuple[object, ...]
    suffix: str
    coding: Coding = ""
    permanent: bool = False
    """Pinned to a release: only an erasure deletes it. Of the others (``passing``) the oldest are deleted."""

    def name(self, version: str) -> str:
        """Return the path in the cache. ``version``: of the program."""
        digest = hashlib.sha256(repr((version, self.tokens)).encode()).hexdigest()[:40]
        kind = "release" if self.permanent else "passing"
        return f"{kind}/{digest}.{self.suffix}{'.' + self.coding if self.coding else ''}"


class CachedFile(msgspec.Struct, frozen=True):
    path: Path
    sha256: str
    """SHA-256 of the bytes as sent, hexadecimal."""
    size: int


class FileCache:
    """The folder of generated files, shared by all processes of a home."""

    def __init__(self, folder: Path, version: str = "") -> None:
        """``version``: of the program, which finds no file of another one."""
        self._folder, self._version = folder, version

    def find(self, key: FileKey) -> CachedFile | None:
        """Return a file; None if it is missing, or if its digest is damaged: then it is generated again."""
        path = self._folder / key.name(self._version)
        try:
            digest, size = _read_digest(path.with_name(path.name + ".sha256")), path.stat().st_size
        except FileNotFoundError:
            return None
        return CachedFile(path, digest, size) if _DIGEST.fullmatch(digest) else None

    def state(self) -> str:
        """Return a text that differs once a file was added or deleted; a copy of the folder has the same."""
        folders = (self._folder / "release", self._folder / "passing")
        names = sorted(path.name for folder in folders if folder.is_dir() for path in folder.iterdir())
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    @contextmanager
    def generation(self, *, patience: float) -> Iterator[None]:
        """Generate files inside. Reads for a file begin inside too, so that no erasure misses it.

        Raises ``LogError('files-busy')`` if an erasure takes longer than ``patience`` seconds.
        """
        with suppress(LogError), locked(self._folder, patience=0, exclusive=True):  # nobody else generates
            for folder in self._folder.glob("making-*"):  # left by a process that was killed
                shutil.rmtree(folder, ignore_errors=True)
        with locked(self._folder, patience=patience, exclusive=False):
            yield

    def generate(self, key: FileKey, write: Callable[[Path], None]) -> CachedFile:
        """Generate a file, inside :meth:`generation`. It is written to a temporary folder and moved."""
        if (cached := self.find(key)) is not None:
            return cached
        target = self._folder / key.name(self._version)
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=self._folder) as folder:
            plain = Path(folder) / f"file.{key.suffix}"
            if key.coding:
                source = self.generate(FileKey(key.tokens, key.suffix, permanent=key.permanent), write).path
                _compress(source, plain, key.coding)
            else:
                write(plain)
            digest = file_digest(plain)
            digest_file = Path(folder) / "digest"
            digest_file.write_text(digest, "ascii")
            size = plain.stat().st_size
            for path in (plain, digest_file):  # else a power cut may leave their names without their bytes
                _flush(path)
            plain.replace(target)
            digest_file.replace(target.with_name(target.name + ".sha256"))
        if not key.permanent:
            self._delete_oldest(target.parent)
        return CachedFile(target, digest, size)

    def find_damaged(self) -> Iterator[Path]:
        """Yield files whose bytes do not match their digest."""
        for digest_file in sorted(self._folder.glob("*/*.sha256")):
            path = digest_file.with_suffix("")
            with suppress(FileNotFoundError):  # deleted meanwhile
                if file_digest(path) != _read_digest(digest_file):
                    yield path

    def _delete_oldest(self, folder: Path) -> None:
        """Delete the oldest files. Open files stay readable until their readers close them."""
        files = sorted((p for p in folder.iterdir() if p.suffix != ".sha256"), key=_written_at)
        for path in files[:-_MAX_PASSING]:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".sha256").unlink(missing_ok=True)


def _written_at(path: Path) -> int:
    """Return when a file was written; 0 if another thread has deleted it meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _read_digest(path: Path) -> str:
    return path.read_bytes().decode("ascii", "replace")


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compress(source: Path, target: Path, coding: Coding) -> None:
    import pyarrow as pa  # noqa: PLC0415 -- a start does not wait for it

    with source.open("rb") as plain, pa.CompressedOutputStream(os.fspath(target), coding) as compressed:
        while piece := plain.read(_CHUNK):
            compressed.write(piece)
