"""The lock and the deletion of files generated from the log.

A process that writes contents of the log to a file holds a shared lock from before the read until the file
is in place; a sweep holds it alone. So no file with erased contents exists after a sweep, or appears later.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.log.model import LogError

_LOCK, _GATE = ".lock", ".gate"
_PAUSE = 0.05
_SWEEP_PATIENCE = 600
"""Seconds."""


def choose_folder(files: Path) -> Path:
    """Return ``files``, or a private folder for temporary files if the home is on a read-only medium.

    All processes of this user choose the same one. Raises ``PermissionError`` if it is somebody else's.
    """
    nearest = next(path for path in (files.absolute(), *files.absolute().parents) if path.exists())
    if os.access(nearest, os.W_OK):
        return files
    name = hashlib.sha256(os.fsencode(files.absolute())).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"qingdan-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o077:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    return folder


@contextmanager
def locked(folder: Path, *, patience: float, exclusive: bool) -> Iterator[None]:
    """Hold the lock of the folder, in this process and others. The kernel releases it on a crash.

    While an exclusive holder waits, no new holder gets past the gate, so that it gets its turn.
    Raises ``LogError('files-busy')`` if the lock is not free within ``patience`` seconds.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    with _open_lock(folder / _LOCK) as lock:
        with _open_lock(folder / _GATE) as gate:
            _wait(gate, kind, deadline)
            _wait(lock, kind, deadline)
        yield


@contextmanager
def _open_lock(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _wait(handle: int, kind: int, deadline: float) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            raise LogError(
                "files-busy",
                "另一个文件正在生成，请稍后重试。",
                "Another file is being generated; retry later.",
            )
        time.sleep(_PAUSE)


def sweep(folder: Path) -> None:
    """Delete every generated file. Files are generated again on request."""
    if not folder.exists():
        return
    with locked(folder, patience=_SWEEP_PATIENCE, exclusive=True):
        for path in folder.iterdir():
            if path.name not in (_LOCK, _GATE):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
