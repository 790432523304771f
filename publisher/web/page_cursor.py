"""Opaque cursors: where a walk over pages stands, and which state all its pages are of."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import date, datetime
from typing import Any

import msgspec

from publisher.web.problems import ProblemError


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """``walk`` names the query, so that a cursor cannot be carried to another one.

    A cursor is not secret and not signed: whoever forges one sees only what he may ask for anyway.
    """

    walk: str
    after: tuple[str | int | float | None, ...] = ()
    total: int = 0
    as_of: date | None = None
    known_at: datetime | None = None
    inner: str = ""
    """The search engine's own cursor."""
    meant: str = ""
    """What the first page was found by, where that is not what was typed."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def walk(*what: Any) -> str:
    """A short name of a query, equal for equal queries."""
    return hashlib.blake2b(repr(what).encode(), digest_size=8).hexdigest()


def encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(_encoder.encode(cursor)).rstrip(b"=").decode()


def given(text: str | None, expected_walk: str) -> Cursor | None:
    """The cursor of a request; None where it asks for a first page. Raises as :func:`decode`."""
    return None if text is None else decode(text, expected_walk)


def decode(text: str, expected_walk: str) -> Cursor:
    """Raises ``invalid-cursor`` for what :func:`encode` did not make, or made for another query."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = _decoder.decode(raw)
    except (binascii.Error, UnicodeError, msgspec.DecodeError) as error:
        raise ProblemError("invalid-cursor") from error
    if cursor.walk != expected_walk:
        raise ProblemError("invalid-cursor")
    return cursor
