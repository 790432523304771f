"""Merge of the changes of hits on both clocks, for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from search.contract import HitChange, HitChanges

type Clock = Literal["known_from", "known_to"]

CLOCKS: Sequence[Clock] = ("known_from", "known_to")


def merge_changes(by_clock: Sequence[Sequence[HitChange]], limit: int) -> HitChanges:
    """Merge the newest ``limit`` changes of each clock. A full list may lack changes older than its last."""
    oldest_of_full_lists = [changes[-1].at for changes in by_clock if len(changes) == limit]
    unread_until = max(oldest_of_full_lists, default=None)
    unique = dict.fromkeys(change for changes in by_clock for change in changes)
    complete = (change for change in unique if unread_until is None or change.at > unread_until)
    return HitChanges(tuple(sorted(complete, key=lambda change: (-change.at, change.record))), unread_until)
