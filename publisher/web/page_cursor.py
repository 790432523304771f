"""Opaque cursors: the position in a paged query, and the state that all its pages show."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import date, datetime
from typing import Any

import msgspec

from publisher.web.problems import ProblemError


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Position in a paged query. ``query`` is its digest, so that a cursor cannot be used for another query.

    A cursor is neither secret nor signed: a forged one gives access to public data only.
    """

    query: str
    after: tuple[str | int | float | None, ...] = ()
    total: int = 0
    as_of: date | None = None
    known_at: datetime | None = None
    inner: str = ""
    """The search engine's own cursor."""
    meant: str = ""
    """The query of the first page, if it differs from the typed one."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def query_digest(*parts: Any) -> str:
    """Compute a short digest of a query, equal for equal queries."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(_encoder.encode(cursor)).rstrip(b"=").decode()


def decode_optional(text: str | None, expected_query: str) -> Cursor | None:
    """Decode the cursor of a request; None for a first page. Raises as :func:`decode`."""
    return None if text is None else decode(text, expected_query)


def decode(text: str, expected_query: str) -> Cursor:
    """Decode a cursor. Raises ``invalid-cursor`` if it is malformed or of another query."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = _decoder.decode(raw)
    except (binascii.Error, UnicodeError, msgspec.DecodeError) as error:
        raise ProblemError("invalid-cursor") from error
    if cursor.query != expected_query:
        raise ProblemError("invalid-cursor")
    return cursor
