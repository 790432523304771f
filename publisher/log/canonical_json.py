"""Canonical JSON (RFC 8785) and the hashes that commit to it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")
_SAFE = 2**53 - 1
SALT_BYTES = 16


class NotCanonicalError(ValueError):
    """A value that RFC 8785 cannot write exactly: a float, an integer past 2^53-1, half a surrogate pair."""


def canonical(value: Any) -> bytes:
    """The one text of a JSON value. Floats are refused: decimals are strings in a record."""
    by_code_point = _checked(value)
    try:
        # RFC 8785 sorts names by UTF-16, msgspec by code point: they differ past the basic plane only.
        return _ENCODER.encode(value) if by_code_point else msgspec.json.encode(_sorted_by_utf16(value))
    except UnicodeEncodeError as error:
        raise NotCanonicalError(str(error)) from error


def canonical_line(values: Sequence[str | int | None]) -> bytes:
    """The same for a flat list of texts and small numbers of our own, where there is nothing to check."""
    return _ENCODER.encode(values)


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256 over salt and canonical JSON, hexadecimal."""
    return hashlib.sha256(salt + content).hexdigest()


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def _checked(value: Any) -> bool:
    """Whether all names sort alike by UTF-16 and by code point. Raises :class:`NotCanonicalError`."""
    plain = True
    if isinstance(value, dict):
        for name in value:
            if type(name) is not str:
                raise NotCanonicalError("a name that is not a text has no canonical form")
            plain = plain and name.isascii()
        items: Iterable[Any] = value.values()
    else:
        items = value if isinstance(value, list) else (value,)
    for item in items:
        kind = type(item)
        if kind is str or kind is bool or item is None:
            continue
        if kind is int:
            if not -_SAFE <= item <= _SAFE:
                raise NotCanonicalError("an integer past 2^53-1 is not exact in JSON")
        elif kind is dict or kind is list:
            plain = _checked(item) and plain
        else:
            raise NotCanonicalError(f"{kind.__name__} has no canonical form here")
    return plain


def _sorted_by_utf16(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted_by_utf16(value[name]) for name in names}
    if isinstance(value, list):
        return [_sorted_by_utf16(item) for item in value]
    return value
