"""Whether two engines answer alike: the same ten as a set for each query, ties at the tenth aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isclose

from search.contract import Page, Request, SearchEngine
from search.evaluation.metrics import DEPTH


@dataclass(frozen=True, slots=True)
class Differing:
    """A query that two engines answer otherwise."""

    query: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]
    """Spans in the first :data:`DEPTH` of one engine and not of the other."""


@dataclass(frozen=True, slots=True)
class Agreement:
    queries: int
    differing: tuple[Differing, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.differing) / self.queries if self.queries else 1.0


async def compare(one: SearchEngine, other: SearchEngine, queries: Iterable[str], *, as_of: int) -> Agreement:
    """Ask both engines everything. Totals and the named set must be the same too."""
    differing: list[Differing] = []
    count = 0
    for text in queries:
        request = Request(text, as_of=as_of, limit=DEPTH, highlight=False)
        pages = await one.search(request), await other.search(request)
        count += 1
        if not alike(*pages):
            differing.append(_differing(text, *pages))
    return Agreement(count, tuple(differing))


def alike(one: Page, other: Page) -> bool:
    """The same set of hits, and of its first ten the same ones, but for those that tie at the tenth."""
    if (one.match, one.total) != (other.match, other.total):
        return False
    shared = {hit.span for hit in one.hits} & {hit.span for hit in other.hits}
    return len(one.hits) == len(other.hits) and all(
        isclose(hit.score, page.hits[-1].score, rel_tol=1e-9)
        for page in (one, other)
        for hit in page.hits
        if hit.span not in shared
    )


def _differing(query: str, one: Page, other: Page) -> Differing:
    spans, others = ([hit.span for hit in page.hits] for page in (one, other))
    return Differing(
        query,
        tuple(s for s in spans if s not in others),
        tuple(s for s in others if s not in spans),
    )
