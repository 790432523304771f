"""Opaque ids: of records, from dataset and first identity; of spans, from record, release and day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from publisher.log.canonical_json import canonical_line

# 20 letters of Crockford's base 32 (no i, l, o, u), 100 bits: a collision among 10⁹ records is negligible.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_BYTES = 13
_SHIFTS = tuple(range(90, -1, -10))


def identity_digest(dataset: str, identity: Sequence[str]) -> str:
    """Digest that matches rows to a record. Also its id, unless an earlier record had the identity."""
    return _short(canonical_line((dataset, *identity)))


def later_id(digest: str, turn: int) -> str:
    """Id of a new record whose identity belonged to an earlier record."""
    return _short(f"{digest}:{turn}".encode())


def span_id(record: str, release_sequence: int, effective_from: int) -> str:
    """Id of a span. Deterministic, so that a rebuilt span keeps its document in the search index."""
    return f"{record}.{release_sequence}.{effective_from}"


def _short(data: bytes) -> str:
    number = int.from_bytes(hashlib.sha256(data).digest()[:_BYTES])
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
