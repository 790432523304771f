"""One search of the cluster: the same sets, order, marks and cursor as in process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch, NotFoundError

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, Hit, Match, Page, Request, SearchError
from search.elastic import response, term_statistics
from search.elastic.indices import Indices
from search.elastic.multi_search import Body, FailedError, several
from search.elastic.query_dsl import spelled
from search.elastic.response import Answer, Counted
from search.elastic.term_statistics import Facts, Token
from search.hits import cursor
from search.hits.cursor import Place
from search.hits.presentation import ENOUGH, FACET_VALUES, WINDOW, Facets, Showing
from search.indexed_document import Shown, shown_texts, tie
from search.query import parser
from search.query.conditions import TIER, Asked, Condition, Counting, Frequency, counting, present, wanted
from search.query.parser import Query
from search.ranking.reranker import Candidate, Ranking, Statistics, counted_terms

_shown = msgspec.json.Decoder(Shown)

_KEPT = "2m"
"""How long a point in time waits for the next page; after that, pages go on from the newest state."""


type Conditions = tuple[Condition, Counting]


@dataclass(frozen=True, slots=True)
class Found:
    match: Match
    total: int
    whole: int
    facets: Facets
    hits: Sequence[response.Found]


async def page(
    client: AsyncElasticsearch, indices: Indices, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> Page:
    """Raises :class:`search.contract.CursorError`."""
    place = cursor.read(request)
    asked_for = parser.parse(request.text, analyzer, lexicon)
    await indices.check(client)
    search = Search(client, indices, request, asked_for, analyzer, place)
    asking = asyncio.ensure_future(search.answer())
    await asyncio.sleep(0)  # the request has left: what the cluster need not be waited for is done meanwhile
    showing_them = Showing(request, asked_for, analyzer, lexicon)
    answered = await asking
    if answered is None:
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None)
    found, facts = answered
    place = search.place
    if search.ranks:
        counted = Statistics(facts.state.documents, facts.state.average_length, facts.frequency)
        shown, following = _ranked(found, place, request, Ranking(asked_for, counted, analyzer))
        more = following.offset < found.total
    else:
        shown = [(0.0, hit) for hit in found.hits[: request.limit]]
        more = len(found.hits) > request.limit
        following = Place(0, place.known_at, after=shown[-1][1].sort if shown else ())
    if place.moment and not more:
        await _forget(client, place.moment)
    return Page(
        hits=tuple(_hit(hit, score, showing_them) for score, hit in shown),
        total=found.total,
        match=found.match,
        whole=found.whole,
        facets=found.facets,
        cursor=cursor.write(following, request) if more and shown else None,
    )


class Search:
    """The calls of one page: one, where nothing unexpected is found and the set need not widen.

    What a search is made of depends on two things that only the index knows: which of the words it holds, and
    since when it is as it is. So the first call asks for both and for the search as it would be were both as
    expected; where they are not, the search is sent again.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        indices: Indices,
        request: Request,
        asked_for: Query,
        analyzer: Analyzer,
        place: Place | None,
    ) -> None:
        self._client = client
        self._indices = indices
        self._request = request
        self._asked_for = asked_for
        self._analyzer = analyzer
        self._is_first = place is None
        self._goes_on = place is not None and bool(place.moment)
        self.place = place or Place(0, min(request.known_at, indices.newest))
        self.ranks = request.sort == "relevance" and not asked_for.blank
        self._end = self.place.offset + request.limit
        self._asked, self._counting = self._as_known(indices.known.expected)

    async def answer(self) -> tuple[Found, Facts] | None:
        """None where there is no index, or an empty one."""
        if self.ranks and self._end >= WINDOW and not self.place.moment and not await self._open():
            return None
        expected = self._conditions("all")
        try:
            answered = await self._together(self._body("all", expected))
        except FailedError:
            if not self._goes_on:
                raise
            # The point in time has run out, or its index was rebuilt: pages go on from the newest state.
            if not await self._open():
                return None
            answered = await self._together(self._body("all", expected))
        if answered is None or not answered[0].state.documents:
            return None
        facts, first = answered
        newest = self._indices.newest = facts.state.newest
        if self._is_first:
            self.place = msgspec.structs.replace(self.place, known_at=min(self._request.known_at, newest))
        self._asked, self._counting = self._as_known(facts.frequency)
        known = self._conditions("all") == expected
        return await self._widened(first if known else None), facts

    def _as_known(self, frequency: Frequency) -> tuple[Asked, Counting]:
        within = present(self._request, self.place.known_at)
        asked = Asked(frequency, self._analyzer, within, self._asked_for)
        return asked, counting(self._request, self.place.known_at)

    async def _together(self, body: Body) -> tuple[Facts, Answer] | None:
        """The search, and of the words those that nobody asked since something was written."""
        tokens, known = self._tokens(), self._indices.known
        for asked in (known.lacking(tokens), tokens):
            found = await self._several([*term_statistics.counting(asked), body])
            if found is None:
                return None
            if facts := known.learned(found, asked, tokens):
                return facts, found[-1]
        raise AssertionError("all the words were asked")

    async def _several(self, bodies: Sequence[Body]) -> list[Answer] | None:
        return await several(
            self._client, bodies, index=self._indices.alias, moment=self.place.moment, kept=_KEPT
        )

    def _tokens(self) -> list[Token]:
        tokens = wanted(self._asked_for)
        if self.ranks and self.place.offset < WINDOW:
            tokens += counted_terms(self._asked_for, self._analyzer)
        return list(dict.fromkeys(tokens))

    async def _open(self) -> bool:
        """Behind the second stage pages follow each other in one state of the index."""
        try:
            opened = await self._client.open_point_in_time(index=self._indices.alias, keep_alive=_KEPT)
        except NotFoundError:
            return False
        self.place = msgspec.structs.replace(self.place, moment=opened["id"])
        return True

    async def _widened(self, first: Answer | None) -> Found:
        """The narrowest set with enough hits, else the widest; a wider set with no more is not named."""
        chosen: Found | None = None
        whole = 0
        for match in self._asked.sets():
            answer = first or await self._one(self._body(match, self._conditions(match)))
            first = None
            found = self._read(match, answer, whole)
            if chosen is None:
                whole = found.total
                found = replace(found, whole=whole)
            if chosen is None or found.total > chosen.total:
                chosen = found
            if found.total >= ENOUGH:
                break
        assert chosen is not None  # noqa: S101 - there is always a first set
        return chosen

    async def _one(self, body: Body) -> Answer:
        found = await self._several([body])
        if found is None:
            raise SearchError("搜索索引不存在 / the search index does not exist", retry_after=5)
        return found[0]

    def _read(self, match: Match, answer: Answer, whole: int) -> Found:
        facets = {name: _values(answer.aggregations[name]) for name in self._request.facets}
        return Found(match, answer.hits.total.value, whole, facets, answer.hits.hits)

    def _conditions(self, match: Match) -> Conditions:
        """All of a search that hangs on what the index holds: of the hits, and of the facets."""
        asked = self._asked
        return asked.ranked(match) if self.ranks else asked.members(match), self._counting

    def _body(self, match: Match, conditions: Conditions) -> dict[str, Any]:
        request, place = self._request, self.place
        condition, counting = conditions
        if self.ranks:
            size = max(WINDOW, self._end)
            sort: list[dict[str, str]] = [{"_score": "desc"}, {"order": "desc"}, {"span": "asc"}]
            if place.offset >= WINDOW:
                size = request.limit
        else:
            size = request.limit + 1
            way = "asc" if request.sort == "date" else "desc"
            sort = [{"order": way}, {"span": way}]
        body: dict[str, Any] = {
            "query": spelled(condition),
            "size": min(size, 10_000),
            "sort": sort,
            "track_total_hits": True,
            "aggs": {name: self._values_of(name, match, within) for name, within in counting.items()},
        }
        if place.after:
            body["search_after"] = list(place.after)
        return body

    def _values_of(self, name: str, match: Match, within: Condition | None) -> dict[str, Any]:
        values = {"terms": {"field": f"facets.{name}", "size": FACET_VALUES}}
        if within is None:
            return values
        members = spelled(self._asked.members(match, within))
        return {"global": {}, "aggs": {"within": {"filter": members, "aggs": {"within": values}}}}


def _values(counted: Counted) -> tuple[FacetValue, ...]:
    """They come as they are shown: the most frequent first, ties by code point."""
    while counted.within is not None:
        counted = counted.within
    return tuple([FacetValue(bucket.key, bucket.doc_count) for bucket in counted.buckets])


def _ranked(
    found: Found, place: Place, request: Request, ranking: Ranking
) -> tuple[list[tuple[float, response.Found]], Place]:
    """The second stage orders the first :data:`WINDOW`; behind them the cluster's own order goes on."""
    start, end = place.offset, place.offset + request.limit
    if start >= WINDOW:
        shown = [(0.0, hit) for hit in found.hits[: request.limit]]
        last = shown[-1][1] if shown else None
    else:
        window = found.hits[:WINDOW]
        ordered = ranking.order([_candidate(number, hit) for number, hit in enumerate(window)])
        shown = [(score, window[c.number]) for score, c in ordered[start:end]]
        shown += [(0.0, hit) for hit in found.hits[WINDOW:end]]
        last = found.hits[min(end, len(found.hits)) - 1] if end >= WINDOW and found.hits else None
    after = last.sort if last is not None else ()
    return shown, Place(end, place.known_at, after=after, moment=place.moment)


def _candidate(number: int, hit: response.Found) -> Candidate:
    order = int(hit.sort[1])
    return Candidate(number, tie(order), int((hit.score or 0.0) // TIER), hit.source.folded.texts)


def _hit(hit: response.Found, score: float, shown: Showing) -> Hit:
    document = _shown.decode(hit.source.document)
    folded = (text for _, text in hit.source.folded.texts)
    return shown.hit(document, dict(zip(shown_texts(document), folded, strict=True)), score)


async def _forget(client: AsyncElasticsearch, moment: str) -> None:
    try:
        await client.close_point_in_time(id=moment)
    except NotFoundError:
        return
