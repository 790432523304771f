"""Opaque ids: of records, from the dataset and the first identity; of spans, from what wrote them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from publisher.log.canonical_json import canonical_line

# 20 letters of Crockford's base 32 (no i, l, o, u), 100 bits: no two of 10⁹ records share them by chance.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_BYTES = 13
_SHIFTS = tuple(range(90, -1, -10))


def identity_digest(dataset: str, identity: Sequence[str]) -> str:
    """What matches rows to a record, and the record's id where no other had this identity before."""
    return _short(canonical_line((dataset, *identity)))


def later_id(digest: str, turn: int) -> str:
    """The id of the next record that comes with an identity which an earlier record had and lost."""
    return _short(f"{digest}:{turn}".encode())


def span_id(record: str, made: int, effective_from: int) -> str:
    """The same for the same log, so a rebuilt span is the document that search knows."""
    return f"{record}.{made}.{effective_from}"


def _short(data: bytes) -> str:
    number = int.from_bytes(hashlib.sha256(data).digest()[:_BYTES])
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
