"""Folder of a demo site: its lock, and the state and version of its sample."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from publisher.log.database.connection import file_lock

MARK = "sample.json"
"""File with the state and the digest of the sample."""
_LOCK = "sample.lock"
_DATABASE = ("qingdan.db", "qingdan.db-wal", "qingdan.db-shm")
_SITE_FILES = (*_DATABASE, "sources", "files", "index", "inbox", "desk", "worker.lock")
"""Names of the content of a site in its home. Signing keys, ``cursor.key`` and other files are never removed.

The key of the desk goes with its accounts.
"""


class DemoError(Exception):
    """The demo cannot run: its folder, a port, or its desk. ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class _Mark(msgspec.Struct, frozen=True):
    state: Literal["loading", "complete"]
    digest: str


_decode_mark = msgspec.json.Decoder(_Mark).decode


@contextmanager
def lock_folder(home: Path) -> Iterator[None]:
    """Create the folder and lock it until the block or the process ends.

    Raises :class:`DemoError` while another demo uses it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file_lock(home / _LOCK) as is_locked:
        if not is_locked:
            raise DemoError(
                f"{home} 正由另一个演示进程使用，请使用该站点，或先结束该进程。",
                f"Another demo uses {home}: open that site, or stop it first.",
            )
        yield


def is_complete(home: Path, digest: str) -> bool:
    """Test whether the folder contains the complete sample with this digest."""
    mark = _read_mark(home)
    return mark is not None and mark.state == "complete" and mark.digest == digest


def begin(home: Path, digest: str) -> None:
    """Prepare the folder for loading; the remains of an interrupted or older sample are removed.

    Raises :class:`DemoError` if it contains other files and no sample was started there.
    """
    if _read_mark(home) is None and any(path.name != _LOCK for path in home.iterdir()):
        raise DemoError(
            f"{home} 中已有其他内容，不是演示站点，请换一个文件夹。",
            f"{home} contains something other than a demo site; choose another folder.",
        )
    _write_mark(home, _Mark("loading", digest))  # first: what is removed in part is not complete
    for name in _SITE_FILES:
        path = home / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def finish(home: Path, digest: str) -> None:
    """Mark the sample as complete."""
    _write_mark(home, _Mark("complete", digest))


def _write_mark(home: Path, mark: _Mark) -> None:
    # Written to another name and renamed, so that an interrupted write leaves no partial mark.
    aside = home / f"{MARK}.new"
    aside.write_bytes(msgspec.json.encode(mark))
    aside.replace(home / MARK)


def _read_mark(home: Path) -> _Mark | None:
    path = home / MARK
    if not path.exists():
        return None
    try:
        return _decode_mark(path.read_bytes())
    except msgspec.MsgspecError:
        return None
