"""Search of one commit of the embedded index: the set of hits, its total, facets, order and excerpts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tantivy
from msgspec import structs
from tantivy import Order

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Match, Page, Request, Similar
from search.embedded.similar import (
    QueryVectors,
    is_nothing_near,
    list_nearest,
    list_similar,
    present_similar,
)
from search.embedded.tantivy_index import Reader, to_query
from search.hits import cursor, presentation
from search.hits.cursor import Place
from search.hits.presentation import ENOUGH, WINDOW, Facets, HitPresenter
from search.query import parser
from search.query.conditions import (
    Among,
    Constant,
    Every,
    Except,
    FacetConditions,
    HitSets,
    build_facet_conditions,
    build_present_condition,
)
from search.query.parser import Query
from search.ranking.reranker import Ranking
from search.semantic.similarity import NEAREST, is_searched_by_meaning
from search.semantic.vector_file import Comparison

type ScoredAddresses = list[tuple[float, tantivy.DocAddress]]


def search_page(
    reader: Reader | None,
    vectors: QueryVectors | None,
    request: Request,
    analyzer: Analyzer,
    lexicon: Lexicon,
) -> Page:
    """Return one page of hits. Raises :class:`search.contract.CursorError`."""
    place, similar_place = cursor.decode_cursor(request), cursor.decode_similar_cursor(request)
    offers_similar = vectors is not None and request.similar > 0 and place is None
    if reader is None or not reader.documents:
        similar = Similar((), 0, None) if offers_similar else None
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None, similar)
    known_at = (similar_place or place or Place(0, min(request.known_at, reader.newest))).known_at
    query = parser.parse_query(request.text, analyzer, lexicon)
    by_meaning = is_searched_by_meaning(query) and (offers_similar or request.sort == "relevance")
    compare = vectors.start(query).result if vectors is not None and by_meaning else _compare_nothing
    within = build_present_condition(request, known_at)
    sets = HitSets(reader.frequency, analyzer, within, query, all_words=request.all_words)
    counting = build_facet_conditions(request, known_at)
    all_words_total, (match, total, facets) = _widen(reader, sets, counting, request.facet_values)
    presenter = HitPresenter(request, query, analyzer, lexicon)
    page = Page((), total, match, all_words_total, facets, None)
    if similar_place is None:
        place = place or Place(0, known_at)
        if request.sort == "relevance" and not query.blank:
            hits, next_place = _rank_by_relevance(
                reader, sets, match, request, query, analyzer, place, compare
            )
            more = next_place.offset < total
        else:
            hits, next_place, more = _rank_by_date(reader, sets, match, request, place)
        page = structs.replace(
            page,
            hits=tuple(presenter.hit(*reader.stored_document(address), score) for score, address in hits),
            cursor=cursor.encode_cursor(next_place, request) if more and hits else None,
        )
    if vectors is not None and offers_similar:
        comparison = compare()
        offered = list_similar(reader, comparison, sets.outside(match))
        similar = present_similar(reader, offered, similar_place or Place(0, known_at), request, presenter)
        if comparison is not None and not all_words_total:
            nothing_near = is_nothing_near(reader, vectors.vectors, comparison, sets.all_allowed())
            similar = structs.replace(similar, nothing_near=nothing_near)
        page = structs.replace(page, similar=similar)
    return page


def _compare_nothing() -> None:
    """Stand for the comparison of a query that is searched by its words alone."""


def _widen(
    reader: Reader, sets: HitSets, facets: FacetConditions, most_values: int
) -> tuple[int, tuple[Match, int, Facets]]:
    """Return the count of documents with all the words, and the narrowest set with enough hits, else the
    widest. Of sets of equal size the narrower is returned."""
    chosen: tuple[Match, int, Facets] = ("all", -1, {})
    all_words_total = -1
    for match in sets.sets():
        total, counts = _count_facets(reader, sets, match, facets, most_values)
        all_words_total = total if all_words_total < 0 else all_words_total
        if total > chosen[1]:
            chosen = match, total, counts
        if total >= ENOUGH:
            break
    return all_words_total, chosen


def _rank_by_relevance(
    reader: Reader,
    sets: HitSets,
    match: Match,
    request: Request,
    query: Query,
    analyzer: Analyzer,
    place: Place,
    compare: Callable[[], Comparison | None],
) -> tuple[ScoredAddresses, Place]:
    """Reorder the candidates by the second stage. Later hits keep the index's order.

    Candidates are the first :data:`WINDOW` hits, and those of the :data:`NEAREST` documents by meaning that
    are hits.
    """
    start, end = place.offset, place.offset + request.limit
    ranked = sets.ranked_members(match)
    candidates = reader.searcher.search(to_query(reader.schema, ranked), limit=WINDOW, count=False).hits
    comparison = compare()  # not before: it takes as long as what was searched so far
    near: ScoredAddresses = []
    if comparison is not None and len(candidates) == WINDOW:
        candidate_keys = set(reader.integers("key", [address for _, address in candidates]))
        nearest = list_nearest(reader, comparison, sets.all_allowed())
        among = Among("span", tuple(one.span for one in nearest if one.key not in candidate_keys))
        members = Every((ranked, Constant(among, 0.0)))
        near = reader.searcher.search(to_query(reader.schema, members), limit=NEAREST, count=False).hits
        candidates += near
        ranked = Except(ranked, among)
    hits: ScoredAddresses = []
    if start < len(candidates):
        with_texts = reader.candidates(candidates, comparison)
        by_meaning = any(one.similarity is not None for one in with_texts)
        ranking = Ranking(query, reader.statistics(), analyzer, by_meaning=by_meaning)
        ordered = ranking.order(with_texts)
        hits = [(score, candidates[c.number][1]) for score, c in ordered[start:end]]
    if end > len(candidates):
        offset = max(start, len(candidates))
        others = reader.searcher.search(
            to_query(reader.schema, ranked), limit=end - offset, offset=offset - len(near), count=False
        ).hits
        hits += [(0.0, address) for _, address in others]
    return hits, Place(end, place.known_at)


def _rank_by_date(
    reader: Reader, sets: HitSets, match: Match, request: Request, place: Place
) -> tuple[ScoredAddresses, Place, bool]:
    """Page by keyset (day, key of the span). An empty query without a sort order is newest first."""
    descending = request.sort != "date"
    members = (
        sets.members(match) if place.last < 0 else sets.members_from(match, place.last, descending=descending)
    )
    matches = reader.searcher.search(
        to_query(reader.schema, members),
        limit=request.limit + 1,
        offset=place.offset,
        count=False,
        order_by_field="order",
        order=Order.Desc if descending else Order.Asc,
    ).hits
    page_hits, more = matches[: request.limit], len(matches) > request.limit
    hits = [(0.0, address) for _, address in page_hits]
    last = int(page_hits[-1][0]) if page_hits else place.last
    ties = sum(1 for value, _ in page_hits if value == last)
    offset = ties + (place.offset if last == place.last else 0)
    return hits, Place(offset, place.known_at, last), more


def _count_facets(
    reader: Reader, sets: HitSets, match: Match, facets: FacetConditions, most_values: int
) -> tuple[int, Facets]:
    """Count the set and each facet value exactly."""

    def values_of(name: str) -> dict[str, Any]:
        return {"terms": {"field": f"facets.{name}", "size": most_values}}

    aggregations = {"total": {"value_count": {"field": "version"}}}
    aggregations |= {f"of {name}": values_of(name) for name, within in facets.items() if within is None}
    counts = reader.searcher.aggregate(to_query(reader.schema, sets.members(match)), aggregations)
    for name, within in facets.items():
        if within is not None:
            members = to_query(reader.schema, sets.members(match, within))
            counts |= reader.searcher.aggregate(members, {f"of {name}": values_of(name)})
    by_facet = {
        name: presentation.facet_values(
            {str(b["key"]): b["doc_count"] for b in counts[f"of {name}"]["buckets"]}
        )
        for name in facets
    }
    return int(counts["total"]["value"]), by_facet
