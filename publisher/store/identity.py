"""Opaque ids: of records, from the dataset and the first identity; of spans, from what wrote them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from publisher.store.canonical import canonical

_LENGTH = 20
"""Base32 letters, 100 bits: no two of 10⁹ records will share them by chance."""


def identity_digest(dataset: str, identity: Sequence[str]) -> str:
    """What matches rows to a record, and the record's id where no other had this identity before."""
    return _short(canonical([dataset, *identity]))


def later_id(digest: str, turn: int) -> str:
    """The id of the next record that comes with an identity which an earlier record had and lost."""
    return _short(f"{digest}:{turn}".encode())


def span_id(record: str, made: int, effective_from: int) -> str:
    """The same for the same log, so a rebuilt span is the document that search knows."""
    return f"{record}.{made}.{effective_from}"


def _short(data: bytes) -> str:
    return base64.b32encode(hashlib.sha256(data).digest()).decode().lower()[:_LENGTH]
