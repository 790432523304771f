"""The second stage for hits of a cluster: which are reordered, and where the next page begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from search.elastic import stored_vectors
from search.elastic.response import RawHit
from search.hits.cursor import Place
from search.hits.presentation import WINDOW
from search.indexed_document import tie_break
from search.query.conditions import TIER
from search.ranking.reranker import Candidate, Ranking
from search.semantic.encoder import Encoded

type ScoredHits = list[tuple[float, RawHit]]


def rerank(
    hits: Sequence[RawHit],
    near: Sequence[RawHit],
    place: Place,
    limit: int,
    ranking: Callable[..., Ranking],
    vector: Encoded | None,
) -> tuple[ScoredHits, Place]:
    """Reorder the first :data:`WINDOW` hits and those near by meaning. Others keep the cluster's order."""
    start, end = place.offset, place.offset + limit
    spans = {hit.span for hit in near}
    if place.after:
        scored_hits = [(0.0, hit) for hit in hits if hit.span not in spans][:limit]
        last = scored_hits[-1][1] if scored_hits else None
    else:
        first = [*hits[:WINDOW], *near]
        scored_hits = _order(first, ranking, vector)[start:end]
        later = [hit for hit in hits[WINDOW:] if hit.span not in spans][
            : max(0, end - max(start, len(first)))
        ]
        scored_hits += [(0.0, hit) for hit in later]
        last = [*hits[:WINDOW], *later][-1] if hits and end >= len(first) else None
    after = last.sort if last is not None else ()
    return scored_hits, Place(end, place.known_at, after=after, moment=place.moment)


def _order(hits: Sequence[RawHit], ranking: Callable[..., Ranking], vector: Encoded | None) -> ScoredHits:
    similarities: Sequence[float | None] = [None] * len(hits)
    if vector is not None:
        similarities = stored_vectors.compare(vector, [hit.source.encoded for hit in hits])
    candidates = [
        _create_candidate(number, hit, similarity)
        for number, (hit, similarity) in enumerate(zip(hits, similarities, strict=True))
    ]
    by_meaning = any(similarity is not None for similarity in similarities)
    return [(score, hits[one.number]) for score, one in ranking(by_meaning=by_meaning).order(candidates)]


def _create_candidate(number: int, hit: RawHit, similarity: float | None) -> Candidate:
    tier = int((hit.score or 0.0) // TIER)
    return Candidate(number, tie_break(int(hit.sort[1])), tier, hit.source.folded.texts, similarity)
