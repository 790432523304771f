"""Pairs of names, labelled by hand, by which :mod:`publisher.checks.approval_names` is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from publisher.checks.approval_names import compare_names, find_name, names_in
from publisher.checks.cancellation import NO_APPROVAL
from publisher.checks.labelled_sets import Measures

type Names = tuple[str, str]
"""A name of an item of a decision, and one that a list has."""


class LabelledPair(msgspec.Struct, frozen=True):
    """A pair of names with ``label``: same, derived (a penalty that hangs on it), unsure, other."""

    item: str
    listed: str
    kind: str
    """Type of the listed power."""
    label: str


_COLUMNS = ("source", "live", "live_type", "label")


def read_pairs(path: Path) -> Iterator[LabelledPair]:
    """Read JSON Lines: the fields of a pair, called as in the data that were labelled."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield LabelledPair(*(row[name] for name in _COLUMNS))


type ExplainedPair = tuple[Names, tuple[tuple[str, ...], ...]]
"""Both names, and the words of each that have no partner in the other."""


def measure_pairs(path: Path) -> Measures[ExplainedPair]:
    """Measure on labelled pairs: ``same`` should match, ``derived`` and ``other`` should not."""
    pairs = [pair for pair in read_pairs(path) if pair.label != "unsure"]
    same = [pair for pair in pairs if pair.label == "same"]
    matches = [pair for pair in pairs if pair.kind not in NO_APPROVAL and is_match((pair.item, pair.listed))]
    right = [pair for pair in matches if pair in same]
    return Measures(
        len(same),
        len(pairs) - len(same),
        len(right) / len(matches) if matches else 1.0,
        len(right) / len(same) if same else 1.0,
        tuple(_explain(pair) for pair in same if pair not in matches),
        tuple(_explain(pair) for pair in matches if pair not in same),
    )


def _explain(pair: LabelledPair) -> ExplainedPair:
    items, others = names_in(pair.item), names_in(pair.listed)
    words = compare_names(items[0], others[0]).words if items and others else ()
    return (pair.item, pair.listed), words


def is_match(pair: Names) -> bool:
    """Test whether the check takes both names for the same approval."""
    return find_name(pair[1], pair[0]) is not None
