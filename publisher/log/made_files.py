"""Files made from the log: one maker at a time, and an erasure sweeps them with no maker about.

Whoever reads contents out of the log into a file holds the lock from before the read until the file is in
place; so after a sweep no file is left, and none can come, that holds what was erased.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.log.model import LogError

_LOCK = ".lock"
_PAUSE = 0.05


@contextmanager
def locked(folder: Path, *, patience: float) -> Iterator[None]:
    """The folder's own lock, in this process and others; the kernel frees it if the program dies.

    Raises ``LogError('files-busy')`` where another keeps it for longer than ``patience`` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(handle, time.monotonic() + patience)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, until: float) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > until:
            raise LogError(
                "files-busy",
                "另一个文件正在生成，请稍后重试。",
                "Another file is being generated; retry later.",
            )
        time.sleep(_PAUSE)


def sweep(folder: Path, *, patience: float = 600) -> None:
    """Destroy every file made so far; they are made again when asked for."""
    if not folder.exists():
        return
    with locked(folder, patience=patience):
        for path in folder.iterdir():
            if path.name != _LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
