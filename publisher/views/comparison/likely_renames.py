"""Pairs of removed and added records that look like one record with a new name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from publisher.log.queries.comparison import Difference
from publisher.views.comparison.text_diff import LONGEST

LIKELY = 0.6
"""Two records less alike than this are not suggested as one."""
MOST_COMPARED = 2_000
"""Removed, and added, records among which likely renames are looked for."""
_MOST_ALIKE_BY_TITLE = 10


@dataclass(frozen=True, slots=True)
class Likely:
    """A removed and an added record that may be one. A guess: nobody published it."""

    before: Difference
    after: Difference
    likeness: float
    """0 to 1."""


def likely_renames(differences: Sequence[Difference]) -> tuple[Likely, ...]:
    """The likeliest pairs first, each record in one at most.

    Only what shares a pair of characters in its title is held side by side; of each removed record the few
    nearest titles.
    """
    added = [d for d in differences if d.kind == "added"][:MOST_COMPARED]
    removed = [d for d in differences if d.kind == "removed"][:MOST_COMPARED]
    by_pair: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(added):
        for pair in _pairs(one.title):
            by_pair[pair].append(n)
    found: list[Likely] = []
    for old in removed:
        shared: dict[int, int] = defaultdict(int)
        for pair in _pairs(old.title_before):
            for n in by_pair.get(pair, ()):
                shared[n] += 1
        nearest = sorted(shared, key=lambda n: (-shared[n], n))[:_MOST_ALIKE_BY_TITLE]
        found += [
            Likely(old, added[n], likeness) for n in nearest if (likeness := _alike(old, added[n])) >= LIKELY
        ]
    found = [one for one in found if one.likeness >= LIKELY]
    found.sort(key=lambda one: (-one.likeness, one.before.key, one.after.key))
    taken: set[int] = set()
    kept: list[Likely] = []
    for likely in found:
        if taken.isdisjoint((likely.before.key, likely.after.key)):
            taken |= {likely.before.key, likely.after.key}
            kept.append(likely)
    return tuple(kept)


def _pairs(title: str) -> set[str]:
    return {title[n : n + 2] for n in range(len(title) - 1)} or {title}


def _alike(old: Difference, new: Difference) -> float:
    """Half the title's likeness, half that of all else that both state."""
    title = fuzz.ratio(old.title_before, new.title) / 100
    names = sorted({*(old.before or {}), *(new.after or {})})
    shares = [_value_alike((old.before or {}).get(name), (new.after or {}).get(name)) for name in names]
    return round((title + sum(shares) / len(shares)) / 2, 2) if shares else round(title, 2)


def _value_alike(before: Any, after: Any) -> float:
    if before == after:
        return 1.0
    if isinstance(before, str) and isinstance(after, str):
        return fuzz.ratio(before[:LONGEST], after[:LONGEST]) / 100
    return 0.0
