"""The whole log as one archive, for ``verify.py``."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from publisher.log.log import Log

_README = """# 存证档案 / Archive of the log

本站日志的全部条目、存证文件、变化清单和修订版，用于离线核验：
请从本软件的源代码（而不是本站）取得 `verify.py`，核对其 SHA-256，然后运行 `python verify.py log.zip`。

Every entry of this site's log with documents, manifests and revisions, for verification offline. Take
`verify.py` from the repository of the project, not from this site, check its SHA-256 there, and run
`python verify.py log.zip`. Formats: docs/proof.md.
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def log_archive_writer(log: Log, *, with_actors: bool) -> Callable[[Path], None]:
    """Create a function that writes the archive. Equal logs give equal bytes."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
            sums = [_add(archive, "README.md", [_README.encode()])]
            for name, pieces in log.queries.log_archive(with_actors=with_actors):
                sums.append(_add(archive, name, pieces))
            _add(archive, "SHA256SUMS", ["".join(sums).encode()])

    return write


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> str:
    """Add a file → its line in ``SHA256SUMS``."""
    digest = hashlib.sha256()
    with archive.open(_entry(name), "w", force_zip64=True) as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return f"{digest.hexdigest()}  {name}\n"


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
