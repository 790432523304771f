"""Merge of the hits that became known with those that ceased to be, for every engine."""

from __future__ import annotations

from collections.abc import Sequence

from search.contract import HitChange, HitChanges
from search.query.conditions import KnownBound

KNOWN_BOUNDS: Sequence[KnownBound] = ("known_from", "known_to")
"""Fields of a document with the instants from which and until which it was known."""


def merge_changes(by_bound: Sequence[Sequence[HitChange]], limit: int) -> HitChanges:
    """Merge the newest ``limit`` changes of each bound. A full list may lack changes older than its last."""
    oldest_of_full_lists = [changes[-1].at for changes in by_bound if len(changes) == limit]
    unread_until = max(oldest_of_full_lists, default=None)
    unique = dict.fromkeys(change for changes in by_bound for change in changes)
    complete = (change for change in unique if unread_until is None or change.at > unread_until)
    return HitChanges(tuple(sorted(complete, key=lambda change: (-change.at, change.record))), unread_until)
