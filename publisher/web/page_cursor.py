"""Opaque cursors: the position in a paged query, and the state that all its pages show.

A cursor carries a message authentication code, so its total and its keys are always our own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import date, datetime
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


_CODE_SIZE = 12
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def query_digest(*parts: Any) -> str:
    """Compute a short digest of a query, equal for equal queries."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


class CursorCodec:
    """Encoding of cursors, authenticated by a key that the site's processes share.

    A new key makes the cursors of open pages invalid, and with them the open forms, which it signs too.
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
