"""Ranked lists against labels: nDCG@10, MRR@10 and recall@10 of an engine, asked as the service asks it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from time import perf_counter
from typing import Literal

from search.contract import Document, Hit, Page, Request, SearchEngine
from search.evaluation.judgement_files import Judged

DEPTH = 10
DRAWS = 2_000
"""Resamples of the queries behind an interval."""

type Measure = Literal["ndcg@10", "mrr@10", "recall@10"]
MEASURES: tuple[Measure, ...] = ("ndcg@10", "mrr@10", "recall@10")


@dataclass(frozen=True, slots=True)
class Scored:
    """One query's list and what it is worth."""

    id: str
    text: str
    scores: Mapping[Measure, float]
    found: tuple[str, ...]
    """The first ten, by the ids of the labels."""


@dataclass(frozen=True, slots=True)
class Report:
    documents: int
    queries: tuple[Scored, ...]
    seconds: float
    """Spent asking."""

    def mean(self, measure: Measure) -> float:
        return sum(self.column(measure)) / (len(self.queries) or 1)

    def column(self, measure: Measure) -> list[float]:
        return [query.scores[measure] for query in self.queries]

    def figures(self) -> dict[str, float | int | list[float]]:
        """Means, each with the interval that holds it in 95 of 100 draws of as many queries."""
        shown: dict[str, float | int | list[float]] = {
            "documents": self.documents,
            "queries": len(self.queries),
        }
        shown |= {measure: round(self.mean(measure), 4) for measure in MEASURES}
        shown |= {f"{m}_95": [round(end, 4) for end in interval(self.column(m))] for m in MEASURES}
        return shown | {"ms_a_query": round(1000 * self.seconds / (len(self.queries) or 1), 2)}


@dataclass(frozen=True, slots=True)
class Change:
    """A query whose list got better or worse."""

    id: str
    text: str
    before: float
    after: float
    lost: tuple[str, ...]
    """Documents that stood among the first ten before, and do no more."""
    gained: tuple[str, ...]


def changes(before: Sequence[Scored], after: Sequence[Scored], measure: Measure = "ndcg@10") -> list[Change]:
    """Queries of both runs that scored otherwise, the worst loss first."""
    earlier = {query.id: query for query in before}
    found = [
        Change(
            query.id,
            query.text,
            old.scores[measure],
            query.scores[measure],
            tuple(d for d in old.found if d not in query.found),
            tuple(d for d in query.found if d not in old.found),
        )
        for query in after
        if (old := earlier.get(query.id)) is not None
    ]
    moved = [c for c in found if abs(c.after - c.before) > 1e-9]
    return sorted(moved, key=lambda c: (c.after - c.before, c.id))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Bootstrap: the 2.5th and 97.5th percentile of the mean over :data:`DRAWS` draws with replacement.

    The draws are the same for every run, so that an interval moves only where the scores do.
    """
    if not values:
        return 0.0, 0.0
    draw = random.Random(DRAWS)  # noqa: S311 - a sample, no secret
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(DRAWS))
    return means[DRAWS * 25 // 1000], means[DRAWS * 975 // 1000 - 1]


async def evaluate(engine: SearchEngine, corpus: Iterable[Document], judged: Sequence[Judged]) -> Report:
    """Make an index of ``corpus`` alone and ask everything."""
    await engine.rebuild(corpus)
    return await ask(engine, judged, as_of=1)


async def ask(
    engine: SearchEngine,
    judged: Sequence[Judged],
    *,
    as_of: int,
    named: Callable[[Hit], str] = lambda hit: hit.record,
    find: Callable[[Request], Awaitable[Page]] | None = None,
) -> Report:
    """Ask a filled engine. ``as_of``: day (ordinal). ``named``: what the labels call a hit. ``find``: asks as
    the service does, names mended, where that is judged."""
    search = find or engine.search
    documents = await engine.count()
    started = perf_counter()
    scored: list[Scored] = []
    for query in judged:
        page = await search(Request(query.text, as_of=as_of, limit=DEPTH, highlight=False))
        found = tuple(named(hit) for hit in page.hits)
        scored.append(Scored(query.id, query.text, score(found, query.grades), found))
    return Report(documents, tuple(scored), perf_counter() - started)


def score(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[Measure, float]:
    """nDCG@10 with gains 2^grade - 1 (Burges 2005), reciprocal rank and recall at 10."""
    top = ranked[:DEPTH]
    gain = sum((2 ** grades.get(d, 0) - 1) / log2(rank + 2) for rank, d in enumerate(top))
    best = sum(
        (2**g - 1) / log2(rank + 2) for rank, g in enumerate(sorted(grades.values(), reverse=True)[:DEPTH])
    )
    first = next((1 / rank for rank, d in enumerate(top, 1) if d in grades), 0.0)
    return {"ndcg@10": gain / best, "mrr@10": first, "recall@10": sum(d in grades for d in top) / len(grades)}
