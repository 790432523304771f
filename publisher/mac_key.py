"""Keys with which a site authenticates what it gives to clients, in files of their own."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

_KEY_SIZE, _CHECKSUM_SIZE = 32, 8


def read_or_create_key(path: Path) -> bytes:
    """Read a key, or create it with mode 0600; on a read-only medium it is not stored.

    The file contains the key and a checksum. One without a checksum, of an earlier version, gets it.
    """
    key = read_key(path)
    if key is not None and path.stat().st_size > _KEY_SIZE:
        return key
    new_key = key or secrets.token_bytes(_KEY_SIZE)
    is_replaced = path.exists()
    with suppress(OSError):
        # A name of its own: what a killed process left must not be in the way, and in a container ids recur.
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(new_key + _checksum(new_key))
            if is_replaced:
                temporary.replace(path)
            else:
                os.link(temporary, path)
        except FileExistsError:  # another process was faster
            new_key = read_key(path) or new_key
        finally:
            temporary.unlink(missing_ok=True)
    return new_key


def read_key(path: Path) -> bytes | None:
    """Return a key, or None if there is none or its file is damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    key, checksum = stored[:_KEY_SIZE], stored[_KEY_SIZE:]
    return key if len(key) == _KEY_SIZE and checksum in (b"", _checksum(key)) else None


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_CHECKSUM_SIZE]
