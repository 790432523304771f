"""Canonical JSON (RFC 8785) and salted hashes of it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from publisher.log.model import LogError

_ENCODER = msgspec.json.Encoder(order="sorted")
_SAFE = 2**53 - 1
SALT_BYTES = 16


class NotCanonicalError(ValueError):
    """The value has no exact form in RFC 8785: a float, an integer above 2^53-1, half a surrogate pair."""


def canonical(value: Any) -> bytes:
    """Encode a JSON value in its canonical form. Raises :class:`NotCanonicalError`, also for floats: decimals
    are strings in a record."""
    by_code_point = _check(value)
    try:
        # RFC 8785 sorts names by UTF-16, msgspec by code point: they differ outside the basic plane only.
        return _ENCODER.encode(value) if by_code_point else msgspec.json.encode(_sorted_by_utf16(value))
    except UnicodeEncodeError as error:
        raise NotCanonicalError(str(error)) from error


def canonical_line(values: Sequence[str | int | None]) -> bytes:
    """Encode a flat list of texts and small integers without checks. For values built by this package."""
    return _ENCODER.encode(values)


def salted_hash(salt: bytes, content: bytes) -> str:
    """Hash salt and canonical JSON with SHA-256, as hexadecimal text.

    The contract and ``docs/proof.md`` call it the commitment to the content.
    """
    return hashlib.sha256(salt + content).hexdigest()


def value_hash(salt: bytes, value: Any) -> str:
    """Return the salted hash of a JSON value. Raises :class:`NotCanonicalError`."""
    return salted_hash(salt, canonical(value))


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def bad_content(error: ValueError, locator: Mapping[str, Any]) -> LogError:
    """Create the error for a record without a canonical form. ``locator``: its place in the file."""
    return LogError(
        "bad-content",
        f"记录内容无法保存：{error}。",
        f"A record cannot be stored: {error}.",
        details=(locator,),
    )


def _check(value: Any) -> bool:
    """Report whether UTF-16 and code-point order agree for all names. Raises :class:`NotCanonicalError`."""
    sorted_alike = True
    if isinstance(value, dict):
        for name in value:
            if type(name) is not str:
                raise NotCanonicalError("a name that is not a text has no canonical form")
            sorted_alike = sorted_alike and name.isascii()
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
            sorted_alike = _check(item) and sorted_alike
        else:
            raise NotCanonicalError(f"{kind.__name__} has no canonical form here")
    return sorted_alike


def _sorted_by_utf16(value: Any) -> Any:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted_by_utf16(value[name]) for name in names}
    if isinstance(value, list):
        return [_sorted_by_utf16(item) for item in value]
    return value
