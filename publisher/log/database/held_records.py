"""Files of records: the table ``held``, and files of which an archive does not say what they contained."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, func, or_, select

from publisher.log.database import tables as t

COMPLETED = -1
"""``import.entries`` of a file whose rows nobody knows: its release was completed from an archive."""
REREAD_SIGN = "reread"
"""``detected_by`` of imports whose stored file was read again."""
UPLOADED = ("upload", REREAD_SIGN)
"""``detected_by`` of files that were handed in."""
_MODULUS = 2**256


def digests(rows: Iterable[Any]) -> Mapping[int, str]:
    """Map each import to a digest of its records, from (record, import): the sum of SHA-256 of their keys.

    The sum does not depend on the order of the rows, which no index gives by import.
    """
    sums: defaultdict[int, int] = defaultdict(int)
    for record, key in rows:
        sums[key] += int.from_bytes(hashlib.sha256(b"%d" % record).digest())
    return {key: f"{total % _MODULUS:064x}" for key, total in sums.items()}


def select_files(of_records: Callable[[Any], ColumnElement[bool]]) -> CompoundSelect[Any]:
    """Select record and import of the files that contained records, or that may have contained them.

    A file of a completed release that was handed in and is no whole list may have contained every record that
    was in its part on its day: an archive names only those that it changed. An erasure cannot let it stay.
    ``of_records``: condition of the keys of records.
    """
    h, i, s, r, b = t.held.c, t.import_.c, t.span.c, t.record.c, t.release.c
    own, other = t.part.alias("own").c, t.part.alias("other").c
    joined = (
        t.span.join(t.record, r.key == s.record)
        .join(t.import_, i.dataset == s.dataset)
        .join(t.release, b.sequence == i.release)
        .outerjoin(own.key.table, own.key == s.part)
        .outerjoin(other.key.table, other.key == i.part)
    )
    possible = select(s.record, i.key).select_from(joined)
    return (
        select(h.record, h["import"])
        .where(of_records(h.record))
        .union(
            possible.where(
                of_records(s.record),
                *(i.entries == COMPLETED, i.mode != "snapshot", i.detected_by.in_(UPLOADED)),
                *(s.known_from <= b.published_at, s.known_to > b.published_at),
                *(s.effective_from <= i.effective_from, s.effective_to > i.effective_from),
                func.coalesce(own.merged_into, own.key).is_not_distinct_from(
                    func.coalesce(other.merged_into, other.key)
                ),
                s.status != "removed",
                or_(r.erased_by.is_(None), r.erased_by > i.release),
            )
        )
    )
