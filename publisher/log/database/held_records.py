"""Digests of the records that each file contained (the table ``held``)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

_MODULUS = 2**256


def digests(rows: Iterable[Any]) -> Mapping[int, str]:
    """Map each import to a digest of its records, from (record, import): the sum of SHA-256 of their keys.

    The sum does not depend on the order of the rows, which no index gives by import.
    """
    sums: defaultdict[int, int] = defaultdict(int)
    for record, key in rows:
        sums[key] += int.from_bytes(hashlib.sha256(b"%d" % record).digest())
    return {key: f"{total % _MODULUS:064x}" for key, total in sums.items()}
