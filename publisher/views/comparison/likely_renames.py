"""Pairs of removed and added records that are likely one renamed record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from publisher.log.queries.comparison import Difference
from publisher.views.comparison.text_diff import LONGEST

LIKELY = 0.6
"""Least similarity of two records to be suggested."""
MAX_COMPARED = 2_000
"""Most removed, and most added, records that a caller should compare: the time grows with both."""
_MAX_NEAREST = 10


@dataclass(frozen=True, slots=True)
class LikelyRename:
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
    """Compute the similarity: the mean of the title's and that of all other fields."""
    title = fuzz.ratio(old.title_before, new.title) / 100
    names = sorted({*(old.before or {}), *(new.after or {})})
    shares = [_compare_values((old.before or {}).get(name), (new.after or {}).get(name)) for name in names]
    return round((title + sum(shares) / len(shares)) / 2, 2) if shares else round(title, 2)


def _compare_values(before: Any, after: Any) -> float:
    if before == after:
        return 1.0
    if isinstance(before, str) and isinstance(after, str):
        return fuzz.ratio(before[:LONGEST], after[:LONGEST]) / 100
    return 0.0
