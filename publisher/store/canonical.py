"""Canonical JSON (RFC 8785) and the hashes that commit to it."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")
_ASTRAL = re.compile(rb"[\xf0-\xf4]")
_BIG_NUMBER = re.compile(rb"[0-9]{16}")
_SAFE = 2**53 - 1
SALT_BYTES = 16


class NotCanonicalError(ValueError):
    """A value that RFC 8785 cannot write exactly: a float, an integer past 2^53-1, half a surrogate pair."""


def canonical(value: Any) -> bytes:
    """The one text of a JSON value. Floats are refused: decimals are strings in a record."""
    _refuse_floats(value)
    try:
        text = _ENCODER.encode(value)
    except (UnicodeEncodeError, TypeError) as error:
        raise NotCanonicalError(str(error)) from error
    if _BIG_NUMBER.search(text):
        _refuse_big_integers(value)
    # RFC 8785 sorts names by UTF-16, msgspec by code point: they differ only past the basic plane.
    if _ASTRAL.search(text):
        text = msgspec.json.encode(_sorted_by_utf16(value))
    return text


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256 over salt and canonical JSON, hexadecimal."""
    return hashlib.sha256(salt + content).hexdigest()


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def _refuse_floats(value: Any) -> None:
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,):
        kind = type(item)
        if kind is str or kind is int or kind is bool or item is None:
            continue
        if not isinstance(item, (dict, list, str, int)):
            raise NotCanonicalError(f"{kind.__name__} has no canonical form here")
        _refuse_floats(item)


def _refuse_big_integers(value: Any) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _refuse_big_integers(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_big_integers(item)
    elif isinstance(value, int) and abs(value) > _SAFE:
        raise NotCanonicalError("an integer past 2^53-1 is not exact in JSON")


def _sorted_by_utf16(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted_by_utf16(value[name]) for name in names}
    if isinstance(value, list):
        return [_sorted_by_utf16(item) for item in value]
    return value
