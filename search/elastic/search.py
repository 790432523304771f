"""Search of a cluster, with the same sets, order, highlights and cursors as the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch, NotFoundError
from msgspec import structs

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, Hit, Match, Page, Request, SearchError, Similar
from search.elastic import response, second_stage, stored_vectors, term_statistics
from search.elastic.encoding import IS_UNENCODED
from search.elastic.indices import Indices
from search.elastic.multi_search import Body, FailedError, search_together
from search.elastic.query_dsl import to_query
from search.elastic.response import Aggregation, SearchResponse
from search.elastic.term_statistics import Facts, Token
from search.hits import cursor
from search.hits.cursor import Place
from search.hits.presentation import ENOUGH, WINDOW, Facets, HitPresenter
from search.indexed_document import StoredDocument, stored_texts
from search.query import parser
from search.query.conditions import (
    Among,
    Condition,
    FacetConditions,
    Frequency,
    HitSets,
    build_facet_conditions,
    build_present_condition,
    list_frequency_tokens,
)
from search.query.parser import Query
from search.ranking.reranker import Ranking, list_frequency_terms
from search.semantic.encoder import Encoded, Encoder
from search.semantic.similarity import LEAST, MOST, NEAREST, is_searched_by_meaning

_stored_decoder = msgspec.json.Decoder(StoredDocument)

_KEEP_ALIVE = "2m"
"""Lifetime of a point in time between pages. After it, pages continue in the newest state."""


_BY_SCORE = [{"_score": "desc"}, {"order": "desc"}, {"span": "asc"}]

type Conditions = tuple[Condition, FacetConditions]


class RawPage(msgspec.Struct, frozen=True):
    """One set of hits, before the second stage and the presentation."""

    match: Match
    total: int
    all_words_total: int
    facets: Facets
    hits: Sequence[response.RawHit]


class NearResult(msgspec.Struct, frozen=True):
    """What is near by meaning."""

    members: Sequence[response.RawHit] = ()
    """Hits among the nearest documents, except the first by words."""
    similar: SearchResponse | None = None
    """A page of documents that are not hits; None if there was nothing to compare."""
    is_nothing: bool = False
    """As :attr:`search.contract.Similar.nothing_near`."""


async def search_page(
    client: AsyncElasticsearch,
    indices: Indices,
    request: Request,
    analyzer: Analyzer,
    lexicon: Lexicon,
    encoder: Encoder | None,
) -> Page:
    """Return one page of hits. Raises :class:`search.contract.CursorError`."""
    place, similar_place = cursor.decode_cursor(request), cursor.decode_similar_cursor(request)
    offers_similar = encoder is not None and request.similar > 0 and place is None
    query = parser.parse_query(request.text, analyzer, lexicon)
    await indices.check(client)
    search = Search(client, indices, request, query, analyzer, place, similar_place)
    pending = asyncio.ensure_future(search.answer())
    await asyncio.sleep(0)  # send the request, then encode and prepare while the cluster works
    by_meaning = is_searched_by_meaning(query) and (offers_similar or search.ranks)
    vector = await asyncio.to_thread(encoder.encode_query, query.text) if encoder and by_meaning else None
    presenter = HitPresenter(request, query, analyzer, lexicon)
    answer = await pending
    if answer is None:
        similar = Similar((), 0, None) if offers_similar else None
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None, similar)
    raw_page, facts = answer
    near = await search.find_near(raw_page, vector, offers_similar=offers_similar)
    place, more = search.place, False
    scored_hits: second_stage.ScoredHits = []
    if search.ranks:
        ranking = partial(Ranking, query, facts.statistics(), analyzer)
        scored_hits, next_place = second_stage.rerank(
            raw_page.hits, near.members, place, request.limit, ranking, vector
        )
        more = next_place.offset < raw_page.total
    elif similar_place is None:
        scored_hits = [(0.0, hit) for hit in raw_page.hits[: request.limit]]
        more = len(raw_page.hits) > request.limit
        next_place = Place(0, place.known_at, after=scored_hits[-1][1].sort if scored_hits else ())
    if place.moment and not more:
        await _close_point_in_time(client, place.moment)
    page = Page(
        hits=tuple(_create_hit(hit, score, presenter) for score, hit in scored_hits),
        total=raw_page.total,
        match=raw_page.match,
        all_words_total=raw_page.all_words_total,
        facets=raw_page.facets,
        cursor=cursor.encode_cursor(next_place, request) if more and scored_hits else None,
    )
    if not offers_similar:
        return page
    similar = _present_similar(near.similar, place, request, presenter)
    return structs.replace(page, similar=structs.replace(similar, nothing_near=near.is_nothing))


class Search:
    """The calls of one page: a single one in the usual case, more if the set has to widen.

    A search depends on two facts of the index: the frequencies of the words and the time of the last change.
    So the first call requests both, together with the search for the expected facts. If the facts differ,
    the search is sent again.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        indices: Indices,
        request: Request,
        query: Query,
        analyzer: Analyzer,
        place: Place | None,
        similar_place: Place | None,
    ) -> None:
        self._client = client
        self._indices = indices
        self._request = request
        self._query = query
        self._analyzer = analyzer
        self._similar_place = similar_place
        if similar_place is not None:
            place = Place(0, similar_place.known_at)
        self._is_first = place is None
        self._continues = place is not None and bool(place.moment)
        self.place = place or Place(0, min(request.known_at, indices.newest))
        self.ranks = request.sort == "relevance" and not query.blank and similar_place is None
        self._end = self.place.offset + request.limit
        self._sets, self._facet_conditions = self._build_sets(indices.frequency_cache.expected)

    async def answer(self) -> tuple[RawPage, Facts] | None:
        """Run the search; None if there is no index, or an empty one."""
        if (
            self.ranks
            and self._end >= WINDOW
            and not self.place.moment
            and not await self._open_point_in_time()
        ):
            return None
        expected = self._conditions("all")
        try:
            facts_and_answer = await self._search_with_facts(self._body("all", expected))
        except FailedError:
            if not self._continues:
                raise
            # The point in time has expired, or its index was rebuilt: continue in the newest state.
            if not await self._open_point_in_time():
                return None
            facts_and_answer = await self._search_with_facts(self._body("all", expected))
        if facts_and_answer is None or not facts_and_answer[0].state.documents:
            return None
        facts, first = facts_and_answer
        newest = self._indices.newest = facts.state.newest
        if self._is_first:
            self.place = msgspec.structs.replace(self.place, known_at=min(self._request.known_at, newest))
        self._sets, self._facet_conditions = self._build_sets(facts.frequency)
        as_expected = self._conditions("all") == expected
        return await self._widen(first if as_expected else None), facts

    def _build_sets(self, frequency: Frequency) -> tuple[HitSets, FacetConditions]:
        within = build_present_condition(self._request, self.place.known_at)
        all_words = self._request.all_words
        sets = HitSets(frequency, self._analyzer, within, self._query, all_words=all_words)
        return sets, build_facet_conditions(self._request, self.place.known_at)

    async def _search_with_facts(self, body: Body) -> tuple[Facts, SearchResponse] | None:
        """Run the search together with the frequencies that are not cached for the current state."""
        tokens, cache = self._tokens(), self._indices.frequency_cache
        for requested in (cache.missing(tokens), tokens):
            answers = await self._send([*term_statistics.build_count_requests(requested), body])
            if answers is None:
                return None
            if facts := cache.learn(answers, requested, tokens):
                return facts, answers[-1]
        raise AssertionError("all frequencies were requested")

    async def _send(self, bodies: Sequence[Body]) -> list[SearchResponse] | None:
        return await search_together(
            self._client, bodies, index=self._indices.alias, moment=self.place.moment, keep_alive=_KEEP_ALIVE
        )

    def _tokens(self) -> list[Token]:
        tokens = list_frequency_tokens(self._query)
        if self.ranks and not self.place.after:
            tokens += list_frequency_terms(self._query, self._analyzer)
        return list(dict.fromkeys(tokens))

    async def _open_point_in_time(self) -> bool:
        """Open a point in time, so that pages after the second stage see one state of the index."""
        try:
            opened = await self._client.open_point_in_time(index=self._indices.alias, keep_alive=_KEEP_ALIVE)
        except NotFoundError:
            return False
        self.place = msgspec.structs.replace(self.place, moment=opened["id"])
        return True

    async def _widen(self, first: SearchResponse | None) -> RawPage:
        """Return the narrowest set with enough hits, else the widest. Of sets of equal size the narrower is
        returned."""
        chosen: RawPage | None = None
        all_words_total = 0
        for match in self._sets.sets():
            answer = first or await self._send_one(self._body(match, self._conditions(match)))
            first = None
            raw_page = self._raw_page(match, answer, all_words_total)
            if chosen is None:
                all_words_total = raw_page.total
                raw_page = structs.replace(raw_page, all_words_total=all_words_total)
            if chosen is None or raw_page.total > chosen.total:
                chosen = raw_page
            if raw_page.total >= ENOUGH:
                break
        assert chosen is not None  # noqa: S101 - there is always a first set
        return chosen

    async def _send_one(self, body: Body) -> SearchResponse:
        answers = await self._send([body])
        if answers is None:
            raise SearchError("搜索索引不存在 / the search index does not exist", retry_after=5)
        return answers[0]

    async def find_near(
        self, raw_page: RawPage, vector: Encoded | None, *, offers_similar: bool
    ) -> NearResult:
        """Find what is near a query by meaning, for the set of hits that was chosen."""
        bodies: list[Body] = []
        if ranks_near := vector is not None and self.ranks and raw_page.total > WINDOW:
            bodies.append(self._near_members_body(raw_page, vector))
        if vector is not None and offers_similar:
            bodies.append(self._similar_body(raw_page.match, vector))
            if not raw_page.all_words_total:
                bodies += self._near_or_unencoded_bodies(vector)
        answers = list((await self._send(bodies) if bodies else None) or ())
        members = answers.pop(0).hits.hits if ranks_near and answers else ()
        counts = [answer.hits.total.value for answer in answers[1:]]
        return NearResult(members, answers[0] if answers else None, bool(counts) and not any(counts))

    def _near_members_body(self, raw_page: RawPage, vector: Encoded) -> Body:
        allowed = to_query(self._sets.all_allowed())
        candidates = () if self.place.after else [hit.span for hit in raw_page.hits[:WINDOW]]
        query = {
            "must": [to_query(self._sets.ranked_members(raw_page.match))],
            "filter": [stored_vectors.build_nearest(vector, allowed, NEAREST)],
            "must_not": [to_query(Among("span", tuple(candidates)))],
        }
        return {"query": {"bool": query}, "size": NEAREST, "sort": _BY_SCORE, "track_total_hits": False}

    def _similar_body(self, match: Match, vector: Encoded) -> Body:
        outside = to_query(self._sets.outside(match))
        body: dict[str, Any] = {
            "query": stored_vectors.build_nearest(vector, outside, MOST, LEAST),
            "size": self._request.similar + 1,
            "sort": [{"_score": "desc"}, {"span": "asc"}],
            "track_total_hits": True,
        }
        if self._similar_place is not None:
            body["search_after"] = list(self._similar_place.after)
        return body

    def _near_or_unencoded_bodies(self, vector: Encoded) -> list[Body]:
        """Count whether any document is near, and those that are not encoded."""
        near = stored_vectors.build_nearest(vector, to_query(self._sets.all_allowed()), 1, LEAST)
        return [{"query": query, "size": 0, "track_total_hits": True} for query in (near, IS_UNENCODED)]

    def _raw_page(self, match: Match, answer: SearchResponse, all_words_total: int) -> RawPage:
        facets = {name: _list_facet_values(answer.aggregations[name]) for name in self._request.facets}
        return RawPage(match, answer.hits.total.value, all_words_total, facets, answer.hits.hits)

    def _conditions(self, match: Match) -> Conditions:
        """Return the conditions of the hits and of the facets, which depend on the content of the index."""
        sets = self._sets
        return sets.ranked_members(match) if self.ranks else sets.members(match), self._facet_conditions

    def _body(self, match: Match, conditions: Conditions) -> dict[str, Any]:
        request, place = self._request, self.place
        condition, counting = conditions
        if self.ranks:
            # Of the hits after the second stage, those that are near by meaning were in it.
            size = request.limit + NEAREST if place.after else max(WINDOW, self._end)
            sort = _BY_SCORE
        elif self._similar_place is not None:
            size, sort = 0, _BY_SCORE
        else:
            size = request.limit + 1
            direction = "asc" if request.sort == "date" else "desc"
            sort = [{"order": direction}, {"span": direction}]
        body: dict[str, Any] = {
            "query": to_query(condition),
            "size": min(size, 10_000),
            "sort": sort,
            "track_total_hits": True,
            "aggs": {name: self._values_of(name, match, within) for name, within in counting.items()},
        }
        if place.after:
            body["search_after"] = list(place.after)
        return body

    def _values_of(self, name: str, match: Match, within: Condition | None) -> dict[str, Any]:
        values = {"terms": {"field": f"facets.{name}", "size": self._request.facet_values}}
        if within is None:
            return values
        members = to_query(self._sets.members(match, within))
        return {"global": {}, "aggs": {"within": {"filter": members, "aggs": {"within": values}}}}


def _list_facet_values(aggregation: Aggregation) -> tuple[FacetValue, ...]:
    """Convert the buckets, which are already sorted: the most frequent first, ties by code point."""
    while aggregation.within is not None:
        aggregation = aggregation.within
    return tuple([FacetValue(bucket.key, bucket.doc_count) for bucket in aggregation.buckets])


def _present_similar(
    answer: SearchResponse | None, place: Place, request: Request, presenter: HitPresenter
) -> Similar:
    """Return the page of the documents after a place, which documents encoded meanwhile do not shift."""
    if answer is None:
        return Similar((), 0, None)
    hits = answer.hits.hits[: request.similar]
    scored = [(stored_vectors.similarity_of_score(hit.score or 0.0), hit) for hit in hits]
    more = len(answer.hits.hits) > len(scored)
    after = hits[-1].sort if hits else ()
    return Similar(
        hits=tuple(_create_hit(hit, similarity, presenter) for similarity, hit in scored),
        total=min(answer.hits.total.value, MOST),
        cursor=cursor.encode_similar_cursor(Place(0, place.known_at, after=after), request) if more else None,
    )


def _create_hit(hit: response.RawHit, score: float, presenter: HitPresenter) -> Hit:
    document = _stored_decoder.decode(hit.source.document)
    folded = (text for _, text in hit.source.folded.texts)
    return presenter.hit(document, dict(zip(stored_texts(document), folded, strict=True)), score)


async def _close_point_in_time(client: AsyncElasticsearch, moment: str) -> None:
    try:
        await client.close_point_in_time(id=moment)
    except NotFoundError:
        return
