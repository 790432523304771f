"""Zip archives with checksums. Equal contents give equal bytes."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""The earliest time that a zip can state."""


class SummedZip(msgspec.Struct):
    """A zip archive that records size and digest of every entry."""

    file: zipfile.ZipFile
    timestamp: datetime
    sums: dict[str, tuple[int, str]] = msgspec.field(default_factory=dict)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        info = zipfile.ZipInfo(name, self.timestamp.astimezone(UTC).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.file.open(info, "w", force_zip64=True) as entry:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                entry.write(piece)
        self.sums[name] = (size, digest.hexdigest())

    def finish(self) -> None:
        """Add ``SHA256SUMS`` for ``sha256sum -c``."""
        lines = "".join(f"{digest}  {name}\n" for name, (_, digest) in self.sums.items())
        self.add("SHA256SUMS", [lines.encode()])


@contextmanager
def summed_zip(path: Path, timestamp: datetime | None = None) -> Iterator[SummedZip]:
    """Write a zip whose last entry is ``SHA256SUMS``. ``timestamp``: of its entries."""
    with zipfile.ZipFile(path, "w", compresslevel=5) as file:
        package = SummedZip(file, max(timestamp or _EPOCH, _EPOCH))
        yield package
        package.finish()
