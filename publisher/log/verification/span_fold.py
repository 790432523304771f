"""Spans of one record, folded from its changes: a second implementation of ``releases.bitemporal_spans``.

Publication writes spans with SQL for all records at once. This one reads one record at a time in plain
Python, so a fault of one of them is a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from publisher.log.clocks import FOREVER
from publisher.log.database.tables import TITLE_LENGTH

FIELDS = (
    *("made", "effective_from", "effective_to", "known_from", "known_to"),
    *("dataset", "status", "revision", "part", "brought", "title"),
)
MADE, FIRST, END, KNOWN_FROM, KNOWN_TO, DATASET, STATUS, TITLE = 0, 1, 2, 3, 4, 5, 6, 10

type FoldedSpan = list[Any]
"""Values in the order of :data:`FIELDS`."""


class ReleaseRow(msgspec.Struct, frozen=True):
    """The values of a release on which spans depend."""

    sequence: int
    dataset: int
    dataset_name: str
    number: int
    published_at: int
    effective_on: int
    catalogue: str

    def __str__(self) -> str:
        return f"第{self.number}次发布 release {self.dataset_name}/{self.number}"


def fold(releases: Iterable[tuple[ReleaseRow, Sequence[Any]]]) -> list[FoldedSpan]:
    """Fold changes, grouped by release, in order, into spans in the order of their keys."""
    spans: list[FoldedSpan] = []
    for release, changes in releases:
        _apply(spans, release, changes)
    spans.sort(key=lambda span: (span[MADE], span[FIRST]))
    return spans


def _apply(spans: list[FoldedSpan], release: ReleaseRow, changes: Sequence[Any]) -> None:
    old = [span for span in spans if span[KNOWN_TO] == FOREVER]
    for span in old:
        first, end = span[FIRST], span[END]
        touching = [c for c in changes if first < c.effective_to and end > c.effective_from]
        if not touching:
            continue
        begin = min(c.effective_from for c in touching)
        if first < begin:
            spans.append(_remainder(span, release, first, begin))
        after = max(c.effective_to for c in touching)
        if end > after:
            spans.append(_remainder(span, release, after, end))
        span[KNOWN_TO] = release.published_at
    for change in changes:
        end = change.effective_to
        status = change.kind if change.kind in ("removed", "withdrawn") else "stated"
        spans.append(_state(change, release, change.effective_from, end, status))
        if end < FOREVER and not any(span[FIRST] <= end < span[END] for span in old):
            next_day = min((span[FIRST] for span in old if span[FIRST] > end), default=FOREVER)
            spans.append(_state(change, release, end, next_day, "removed"))


def _remainder(span: FoldedSpan, release: ReleaseRow, first: int, end: int) -> FoldedSpan:
    return [release.sequence, first, end, release.published_at, FOREVER, *span[DATASET:]]


def _state(change: Any, release: ReleaseRow, first: int, end: int, status: str) -> FoldedSpan:
    own = (release.sequence, first, end, release.published_at, FOREVER, release.dataset, status)
    return [*own, change.revision, change.part, release.sequence, (change.title or "")[:TITLE_LENGTH]]
