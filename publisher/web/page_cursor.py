"""Opaque cursors: the position in a paged query, and the state that all its pages show.

A cursor carries a message authentication code, so its total and its keys are always our own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from publisher.web.problems import ProblemError


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Position in a paged query. ``query`` is the digest of the query, so a cursor fits no other."""

    query: str
    after: tuple[str | int | float | None, ...] = ()
    total: int = 0
    as_of: date | None = None
    known_at: datetime | None = None
    inner: str = ""
    """The search engine's own cursor."""
    meant: str = ""
    """The query of the first page, if it differs from the typed one."""
    skipped: int = 0
    """Number of rows before the page. Without ``after`` the page is found by counting them."""


_KEY_SIZE, _CHECKSUM_SIZE, _CODE_SIZE = 32, 8, 12
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def query_digest(*parts: Any) -> str:
    """Compute a short digest of a query, equal for equal queries."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


class CursorCodec:
    """Encoding of cursors, authenticated by a key that the site's processes share.

    A new key makes the cursors of open pages invalid, and nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, cursor: Cursor) -> str:
        content = _encoder.encode(cursor)
        return base64.urlsafe_b64encode(self._code(content) + content).rstrip(b"=").decode()

    def decode(self, text: str, expected_query: str) -> Cursor:
        """Decode a cursor. Raises ``invalid-cursor`` if it is malformed, not ours or of another query."""
        try:
            raw = base64.b64decode(
                text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
            )
            code, content = raw[:_CODE_SIZE], raw[_CODE_SIZE:]
            if not hmac.compare_digest(code, self._code(content)):
                raise ProblemError("invalid-cursor")
            cursor = _decoder.decode(content)
        except (binascii.Error, UnicodeError, msgspec.DecodeError) as error:
            raise ProblemError("invalid-cursor") from error
        if cursor.query != expected_query:
            raise ProblemError("invalid-cursor")
        return cursor

    def decode_optional(self, text: str | None, expected_query: str) -> Cursor | None:
        """Decode the cursor of a request; None for a first page. Raises as :meth:`decode`."""
        return None if text is None else self.decode(text, expected_query)

    def _code(self, content: bytes) -> bytes:
        return hashlib.blake2b(content, key=self._key, digest_size=_CODE_SIZE).digest()


def read_or_create_key(path: Path) -> bytes:
    """Read the site's key of cursors, or create it with mode 0600; on a read-only medium it is not stored.

    The file contains the key and a checksum. One without a checksum, of an earlier version, gets it.
    """
    key = read_key(path)
    if key is not None and path.stat().st_size > _KEY_SIZE:
        return key
    new_key = key or secrets.token_bytes(_KEY_SIZE)
    is_replaced = path.exists()
    with suppress(OSError):
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(new_key + _checksum(new_key))
        try:
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
    """Return the key of cursors, or None if there is none or its file is damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    key, checksum = stored[:_KEY_SIZE], stored[_KEY_SIZE:]
    return key if len(key) == _KEY_SIZE and checksum in (b"", _checksum(key)) else None


def _checksum(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_CHECKSUM_SIZE]
