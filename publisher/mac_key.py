"""Keys with which a site authenticates what it gives to clients, in files of their own."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from publisher.log.blob_store import sync_folder
from publisher.log.model import LogError
from publisher.log.transparency.key_files import unusable

_KEY_SIZE, _CHECKSUM_SIZE = 32, 8

logger = logging.getLogger(__name__)


def read_or_create_key(path: Path) -> bytes:
    """Read a key, or create it with mode 0600.

    The file contains the key and a checksum. One without a checksum, of an earlier version, gets it.
    Raises ``LogError('key-unusable')`` if the file cannot be read or is damaged: it is not overwritten.
    """
    stored = _read_bytes(path)
    key = None if stored is None else _parse(path, stored)
    if key is None:
        return _write_key(path, secrets.token_bytes(_KEY_SIZE), replace=False)
    if stored is not None and len(stored) == _KEY_SIZE:
        with suppress(OSError):
            _write_key(path, key, replace=True)
    return key


def read_or_replace_key(path: Path) -> bytes:
    """Read or create a key that costs little to lose.

    A damaged one is replaced. On a read-only medium a new one lasts as long as the process.
    Raises ``LogError('key-unusable')`` if the file cannot be read.
    """
    stored = _read_bytes(path)
    try:
        return read_or_create_key(path)
    except OSError:
        return secrets.token_bytes(_KEY_SIZE)
    except LogError:
        if stored is None:
            raise
        logger.warning("%s is damaged and is replaced", path)
    new_key = secrets.token_bytes(_KEY_SIZE)
    with suppress(OSError):
        _write_key(path, new_key, replace=True)
    return new_key


def read_key(path: Path) -> bytes | None:
    """Return a key, or None if there is none. Raises ``LogError('key-unusable')``."""
    stored = _read_bytes(path)
    return None if stored is None else _parse(path, stored)


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, "无法读取，请检查其权限", "it cannot be read; check its permissions") from error


def _parse(path: Path, stored: bytes) -> bytes:
    key, checksum = stored[:_KEY_SIZE], stored[_KEY_SIZE:]
    if len(key) == _KEY_SIZE and checksum in (b"", _checksum(key)):
        return key
    raise unusable(
        path,
        "内容已损坏，请从备份恢复；没有备份时请将其删除，会重新生成，由旧密钥签署或封存的内容随之失效",
        "it is damaged. Restore it from a backup; without one delete it, and a new one is made, with which "
        "what the old one signed or sealed is not valid any more",
    )


def _write_key(path: Path, key: bytes, *, replace: bool) -> bytes:
    """Write a key, durably, unless another process was faster → the key that the file contains."""
    # A name of its own: what a killed process left must not be in the way, and in a container ids recur.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key + _checksum(key))
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError:
        return read_key(path) or key
    finally:
        temporary.unlink(missing_ok=True)
    return key


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_CHECKSUM_SIZE]
