"""Metrics of ranked lists against labels: nDCG@10, MRR@10 and recall@10 of an engine."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from math import log2
from time import perf_counter
from typing import Literal

import msgspec

from search.contract import Document, Hit, Page, Request, SearchEngine
from search.evaluation.judgement_files import JudgedQuery

DEPTH = 10
DRAWS = 2_000
"""Bootstrap samples of the queries for one interval."""

_ENCODED_AT_ONCE = 256

type Measure = Literal["ndcg@10", "mrr@10", "recall@10"]
MEASURES: tuple[Measure, ...] = ("ndcg@10", "mrr@10", "recall@10")


class ScoredQuery(msgspec.Struct, frozen=True):
    """One query with its hits and scores."""

    id: str
    text: str
    scores: Mapping[Measure, float]
    top_ids: tuple[str, ...]
    """Ids of the first ten hits, as the labels use them."""


class Report(msgspec.Struct, frozen=True):
    documents: int
    queries: tuple[ScoredQuery, ...]
    seconds: float
    """Duration of all searches."""

    def mean(self, measure: Measure) -> float:
        return sum(self.column(measure)) / (len(self.queries) or 1)

    def column(self, measure: Measure) -> list[float]:
        return [query.scores[measure] for query in self.queries]

    def figures(self) -> dict[str, float | int | list[float]]:
        """Return the mean of each measure with its 95 % interval."""
        figures: dict[str, float | int | list[float]] = {
            "documents": self.documents,
            "queries": len(self.queries),
        }
        figures |= {measure: round(self.mean(measure), 4) for measure in MEASURES}
        figures |= {f"{m}_95": [round(end, 4) for end in estimate_interval(self.column(m))] for m in MEASURES}
        return figures | {"ms_a_query": round(1000 * self.seconds / (len(self.queries) or 1), 2)}


class Change(msgspec.Struct, frozen=True):
    """A query whose list got better or worse."""

    id: str
    text: str
    before: float
    after: float
    lost: tuple[str, ...]
    """Documents that are no longer among the first ten."""
    gained: tuple[str, ...]


def compare_runs(before: Sequence[ScoredQuery], after: Sequence[ScoredQuery]) -> list[Change]:
    """List the queries whose nDCG@10 differs between two runs, the worst loss first."""
    earlier = {query.id: query for query in before}
    changes_of_queries = [
        Change(
            query.id,
            query.text,
            old.scores["ndcg@10"],
            query.scores["ndcg@10"],
            tuple(d for d in old.top_ids if d not in query.top_ids),
            tuple(d for d in query.top_ids if d not in old.top_ids),
        )
        for query in after
        if (old := earlier.get(query.id)) is not None
    ]
    changed = [c for c in changes_of_queries if abs(c.after - c.before) > 1e-9]
    return sorted(changed, key=lambda c: (c.after - c.before, c.id))


def estimate_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of the mean over :data:`DRAWS` bootstrap samples.

    The samples are the same for every run, so that an interval changes only with the scores.
    """
    if not values:
        return 0.0, 0.0
    draw = random.Random(DRAWS)  # noqa: S311 - a sample, not a secret
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(DRAWS))
    return means[DRAWS * 25 // 1000], means[DRAWS * 975 // 1000 - 1]


async def evaluate(engine: SearchEngine, corpus: Iterable[Document], judged: Sequence[JudgedQuery]) -> Report:
    """Index ``corpus`` alone, encode it if the engine has a model, and run all queries."""
    await engine.rebuild(corpus)
    await encode_all(engine)
    return await run_queries(engine, judged, as_of=1)


async def encode_all(engine: SearchEngine) -> None:
    """Encode every document, if the engine has a model."""
    while await engine.encode(_ENCODED_AT_ONCE):
        pass


async def run_queries(
    engine: SearchEngine,
    judged: Sequence[JudgedQuery],
    *,
    as_of: int,
    label_of: Callable[[Hit], str] = lambda hit: hit.record,
    find: Callable[[Request], Awaitable[Page]] | None = None,
) -> Report:
    """Run the queries on a filled engine. ``as_of``: day (ordinal). ``label_of``: id of a hit in the labels.
    ``find``: the service's search with corrections, if that is judged."""
    search = find or engine.search
    documents = await engine.count()
    started = perf_counter()
    scored: list[ScoredQuery] = []
    for query in judged:
        page = await search(Request(query.text, as_of=as_of, limit=DEPTH, highlight=False))
        ids = tuple(label_of(hit) for hit in page.hits)
        scored.append(ScoredQuery(query.id, query.text, score_ranking(ids, query.grades), ids))
    return Report(documents, tuple(scored), perf_counter() - started)


def score_ranking(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[Measure, float]:
    """Compute nDCG@10 with gains 2^grade - 1 (Burges 2005), reciprocal rank and recall at 10."""
    top = ranked[:DEPTH]
    gain = sum((2 ** grades.get(d, 0) - 1) / log2(rank + 2) for rank, d in enumerate(top))
    best = sum(
        (2**g - 1) / log2(rank + 2) for rank, g in enumerate(sorted(grades.values(), reverse=True)[:DEPTH])
    )
    first = next((1 / rank for rank, d in enumerate(top, 1) if d in grades), 0.0)
    return {"ndcg@10": gain / best, "mrr@10": first, "recall@10": sum(d in grades for d in top) / len(grades)}
