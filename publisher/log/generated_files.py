"""The lock and the deletion of files generated from the log.

A process that writes contents of the log to a file holds the lock from before the read until the file is
in place. So no file with erased contents exists after a sweep, and none can appear later.
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
    """Hold the lock of the folder against this process and others. The kernel releases it on a crash.

    Raises ``LogError('files-busy')`` if another process holds it for longer than ``patience`` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(handle, time.monotonic() + patience)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, deadline: float) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            raise LogError(
                "files-busy",
                "另一个文件正在生成，请稍后重试。",
                "Another file is being generated; retry later.",
            )
        time.sleep(_PAUSE)


def sweep(folder: Path, *, patience: float = 600) -> None:
    """Delete every generated file. Files are generated again on request."""
    if not folder.exists():
        return
    with locked(folder, patience=patience):
        for path in folder.iterdir():
            if path.name != _LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
