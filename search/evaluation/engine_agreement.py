"""Agreement of two engines: the same set of ten hits for each query, except for ties at the tenth."""

from __future__ import annotations

from collections.abc import Iterable
from math import isclose

import msgspec

from search.contract import Page, Request, SearchEngine
from search.evaluation.metrics import DEPTH


class Difference(msgspec.Struct, frozen=True):
    """A query for which two engines return different hits."""

    query: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    """Spans in the first :data:`DEPTH` of one engine and not of the other."""


class Agreement(msgspec.Struct, frozen=True):
    queries: int
    differing: tuple[Difference, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.differing) / self.queries if self.queries else 1.0


async def compare(one: SearchEngine, other: SearchEngine, queries: Iterable[str], *, as_of: int) -> Agreement:
    """Run all queries on both engines. Totals and the named set must be equal too."""
    differing: list[Difference] = []
    count = 0
    for text in queries:
        request = Request(text, as_of=as_of, limit=DEPTH, highlight=False)
        pages = await one.search(request), await other.search(request)
        count += 1
        if not are_same_hits(*pages):
            differing.append(_describe_difference(text, *pages))
    return Agreement(count, tuple(differing))


def are_same_hits(one: Page, other: Page) -> bool:
    """Report whether two pages have the same set and total, and the same hits except for ties at the last."""
    if (one.match, one.total) != (other.match, other.total):
        return False
    shared = {hit.span for hit in one.hits} & {hit.span for hit in other.hits}
    return len(one.hits) == len(other.hits) and all(
        isclose(hit.score, page.hits[-1].score, rel_tol=1e-9)
        for page in (one, other)
        for hit in page.hits
        if hit.span not in shared
    )


def _describe_difference(query: str, one: Page, other: Page) -> Difference:
    spans, others = ([hit.span for hit in page.hits] for page in (one, other))
    return Difference(
        query,
        tuple(s for s in spans if s not in others),
        tuple(s for s in others if s not in spans),
    )
