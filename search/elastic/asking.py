"""One search of the cluster: the same sets, order, marks and cursor as in process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch, NotFoundError

from search import cursor, query, showing
from search.analysis import Analyzer
from search.asked import TIER, Asked, Condition, Frequency, counting, present, wanted
from search.body import key, shown_texts
from search.cursor import Place
from search.elastic import statistics
from search.elastic.indices import Indices
from search.elastic.several import FailedError, several
from search.elastic.spelling import spelled
from search.elastic.statistics import Facts, Raw, Token
from search.engine import Document, Hit, Match, Page, Request, SearchError
from search.lexicon import Lexicon
from search.query import Query
from search.ranking import Candidate, Ranking, Statistics, counted_terms
from search.showing import ENOUGH, FACET_VALUES, WINDOW, Facets, Showing

_KEPT = "2m"
"""How long a point in time waits for the next page; after that, pages go on from the newest state."""


@dataclass(frozen=True, slots=True)
class Found:
    match: Match
    total: int
    whole: int
    facets: Facets
    hits: Sequence[Raw]


async def page(
    client: AsyncElasticsearch, indices: Indices, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> Page:
    """Raises :class:`search.engine.CursorError`."""
    place = cursor.read(request)
    asked_for = query.parse(request.text, analyzer, lexicon)
    await indices.check(client)
    search = Search(client, indices, request, asked_for, analyzer, place)
    answered = await search.answer()
    if answered is None:
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None)
    found, facts = answered
    place = search.place
    if search.ranks:
        counted = Statistics(facts.documents, facts.average_length, facts.frequency)
        shown, following = _ranked(found, place, request, Ranking(asked_for, counted, analyzer))
        more = following.offset < found.total
    else:
        shown = [(0.0, hit) for hit in found.hits[: request.limit]]
        more = len(found.hits) > request.limit
        following = Place(0, place.known_at, after=tuple(shown[-1][1]["sort"]) if shown else ())
    if place.moment and not more:
        await _forget(client, place.moment)
    showing_them = Showing(request, asked_for, analyzer, lexicon)
    return Page(
        hits=tuple(_hit(hit, score, showing_them) for score, hit in shown),
        total=found.total,
        match=found.match,
        whole=found.whole,
        facets=found.facets,
        cursor=cursor.write(following, request) if more and shown else None,
    )


def _expected(_stream: str, _token: str) -> int:
    """Of every word, until it is known: that some document holds it."""
    return 1


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
        self._asked, self._counting = self._as_known(_expected)

    async def answer(self) -> tuple[Found, Facts] | None:
        """None where there is no index, or an empty one."""
        if self.ranks and self._end >= WINDOW and not self.place.moment and not await self._open():
            return None
        expected = self.body("all")
        try:
            answered = await self._together(expected)
        except FailedError:
            if not self._goes_on:
                raise
            # The point in time has run out, or its index was rebuilt: pages go on from the newest state.
            if not await self._open():
                return None
            answered = await self._together(expected)
        if answered is None or not answered[0].documents:
            return None
        facts, first = answered
        self._indices.newest = facts.newest
        if self._is_first:
            self.place = msgspec.structs.replace(
                self.place, known_at=min(self._request.known_at, facts.newest)
            )
        self._asked, self._counting = self._as_known(facts.frequency)
        known = self.body("all") == expected
        return await self._widened(first if known else None), facts

    def _as_known(self, frequency: Frequency) -> tuple[Asked, Mapping[str, Condition | None]]:
        within = present(self._request, self.place.known_at)
        asked = Asked(frequency, self._analyzer, within, self._asked_for)
        return asked, counting(self._request, self.place.known_at)

    async def _together(self, body: Raw) -> tuple[Facts, Raw] | None:
        tokens = self._tokens()
        beside = statistics.counting(tokens)
        answers = await self._several([*beside, body])
        if answers is None:
            return None
        return statistics.facts(answers[: len(beside)], tokens), answers[-1]

    async def _several(self, bodies: Sequence[Raw]) -> list[Raw] | None:
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

    async def _widened(self, first: Raw | None) -> Found:
        """The narrowest set with enough hits, else the widest; a wider set with no more is not named."""
        chosen: Found | None = None
        whole = 0
        for match in self._asked.sets():
            answer = first or await self._one(self.body(match))
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

    async def _one(self, body: Raw) -> Raw:
        answers = await self._several([body])
        if answers is None:
            raise SearchError("检索索引不见了 / the search index has gone", retry_after=5)
        return answers[0]

    def _read(self, match: Match, answer: Raw, whole: int) -> Found:
        counted = answer.get("aggregations", {})
        facets = {
            name: showing.values({b["key"]: b["doc_count"] for b in _buckets(counted[name])})
            for name in self._request.facets
        }
        return Found(match, answer["hits"]["total"]["value"], whole, facets, answer["hits"]["hits"])

    def body(self, match: Match) -> dict[str, Any]:
        request, place = self._request, self.place
        if self.ranks:
            condition, size = self._asked.ranked(match), max(WINDOW, self._end)
            sort: list[dict[str, str]] = [{"_score": "desc"}, {"order": "desc"}, {"span": "asc"}]
            if place.offset >= WINDOW:
                size = request.limit
        else:
            condition, size = self._asked.members(match), request.limit + 1
            way = "asc" if request.sort == "date" else "desc"
            sort = [{"order": way}, {"span": way}]
        body: dict[str, Any] = {
            "query": spelled(condition),
            "size": min(size, 10_000),
            "sort": sort,
            "track_total_hits": True,
            "aggs": {name: self._values_of(name, match, within) for name, within in self._counting.items()},
        }
        if place.after:
            body["search_after"] = list(place.after)
        return body

    def _values_of(self, name: str, match: Match, within: Condition | None) -> dict[str, Any]:
        values = {"terms": {"field": f"facets.{name}", "size": FACET_VALUES}}
        if within is None:
            return values
        members = spelled(self._asked.members(match, within))
        return {"global": {}, "aggs": {"open": {"filter": members, "aggs": {"values": values}}}}


def _buckets(counted: Raw) -> Iterable[Raw]:
    found: Iterable[Raw] = counted["open"]["values"]["buckets"] if "open" in counted else counted["buckets"]
    return found


def _ranked(
    found: Found, place: Place, request: Request, ranking: Ranking
) -> tuple[list[tuple[float, Raw]], Place]:
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
    after = tuple(last["sort"]) if last is not None else ()
    return shown, Place(end, place.known_at, after=after, moment=place.moment)


def _candidate(number: int, hit: Raw) -> Candidate:
    texts = hit["_source"]["folded"]["texts"]
    return Candidate(number, key(hit["_id"]), int(hit["_score"] // TIER), texts)


def _hit(hit: Raw, score: float, shown: Showing) -> Hit:
    document = msgspec.convert(hit["_source"]["document"], Document)
    folded = (text for _, text in hit["_source"]["folded"]["texts"])
    return shown.hit(document, dict(zip(shown_texts(document), folded, strict=True)), score)


async def _forget(client: AsyncElasticsearch, moment: str) -> None:
    try:
        await client.close_point_in_time(id=moment)
    except NotFoundError:
        return
