"""Pairs of removed and added records that are likely one renamed record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from rapidfuzz import fuzz

from publisher.log.queries.comparison import Difference
from publisher.views.comparison.text_diff import LONGEST
from schemas.definition.catalogue import Content

LIKELY = 0.6
"""Least similarity of two records to be suggested."""
MAX_COMPARED = 2_000
"""Most removed, and most added, records that a caller should compare: the time grows with both."""
_MAX_NEAREST = 10


class LikelyRename(msgspec.Struct, frozen=True):
    """A removed and an added record that may be one: a suggestion that was not published."""

    before: Difference
    after: Difference
    likeness: float
    """0 to 1."""


def likely_renames(differences: Sequence[Difference]) -> tuple[LikelyRename, ...]:
    """Find candidate renames, the most similar first; each record is in one pair at most.

    Compares only records that share two consecutive characters in their titles, and only the nearest titles
    of each removed record.
    """
    added = [d for d in differences if d.kind == "added"]
    removed = [d for d in differences if d.kind == "removed"]
    by_pair: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(added):
        for pair in _pairs(one.title):
            by_pair[pair].append(n)
    candidates: list[LikelyRename] = []
    for old in removed:
        shared: dict[int, int] = defaultdict(int)
        for pair in _pairs(old.title_before):
            for n in by_pair.get(pair, ()):
                shared[n] += 1
        nearest = sorted(shared, key=lambda n: (-shared[n], n))[:_MAX_NEAREST]
        candidates += [
            LikelyRename(old, added[n], likeness)
            for n in nearest
            if (likeness := _compare_records(old, added[n])) >= LIKELY
        ]
    candidates.sort(key=lambda one: (-one.likeness, one.before.key, one.after.key))
    paired: set[int] = set()
    renames: list[LikelyRename] = []
    for candidate in candidates:
        if paired.isdisjoint((candidate.before.key, candidate.after.key)):
            paired |= {candidate.before.key, candidate.after.key}
            renames.append(candidate)
    return tuple(renames)


def _pairs(title: str) -> set[str]:
    return {title[n : n + 2] for n in range(len(title) - 1)} or {title}


def _compare_records(old: Difference, new: Difference) -> float:
    """Compute the mean of the title's similarity and of the mean of all fields, the title among them.

    Returns 0 as soon as a pair cannot be likely any more. Short values are compared first, since the time for
    long ones grows with the product of their lengths.
    """
    title = fuzz.ratio(old.title_before, new.title) / 100
    pairs = _pair_values(old.before or {}, new.after or {})
    if not pairs:
        return round(title, 2)
    possible = float(len(pairs))  # each pair of values counts 1 until it is compared
    for before, after in pairs:
        possible -= 1 - _compare_values(before, after)
        if round((title + possible / len(pairs)) / 2, 2) < LIKELY:
            return 0.0
    return round((title + possible / len(pairs)) / 2, 2)


def _pair_values(before: Content, after: Content) -> list[tuple[Any, Any]]:
    """Pair the values of each field, the shortest first."""
    pairs = [(before.get(name), after.get(name)) for name in sorted({*before, *after})]
    return sorted(pairs, key=lambda pair: sum(len(value) for value in pair if isinstance(value, str)))


def _compare_values(before: Any, after: Any) -> float:
    if before == after:
        return 1.0
    if isinstance(before, str) and isinstance(after, str):
        return fuzz.ratio(before[:LONGEST], after[:LONGEST]) / 100
    return 0.0
