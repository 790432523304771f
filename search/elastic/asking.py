"""One search of the cluster: the same sets, order, marks and cursor as in process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError

from search import cursor, query, showing
from search.analysis import Analyzer
from search.asked import TIER, Asked, Condition, counting, present, wanted
from search.body import key, shown_texts
from search.cursor import Place
from search.elastic.indices import Indices
from search.elastic.spelling import spelled
from search.engine import FOREVER, Document, Hit, Match, Page, Request, SearchError
from search.lexicon import Lexicon
from search.ranking import Candidate, Ranking, Statistics, counted_terms
from search.showing import ENOUGH, FACET_VALUES, WINDOW, Facets, Showing

_KEPT = "2m"
"""How long a point in time waits for the next page; after that, pages go on from the newest state."""

type Token = tuple[str, str]
type Raw = Mapping[str, Any]

_FACTS = {
    "documents": {"value_count": {"field": "effective_from"}},
    "length": {"avg": {"field": "length"}},
    "begun": {"max": {"field": "known_from"}},
    "ended": {
        "filter": {"range": {"known_to": {"lt": FOREVER}}},
        "aggs": {"last": {"max": {"field": "known_to"}}},
    },
}


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the whole index, and of the words that were typed."""

    documents: int
    average_length: float
    newest: int
    frequencies: dict[Token, int]

    def frequency(self, stream: str, token: str) -> int:
        return self.frequencies[stream, token]


@dataclass(frozen=True, slots=True)
class Found:
    match: Match
    total: int
    whole: int
    facets: Facets
    hits: Sequence[Raw]
    moment: str


async def page(
    client: AsyncElasticsearch, indices: Indices, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> Page:
    """Raises :class:`search.engine.CursorError`."""
    place = cursor.read(request)
    asked_for = query.parse(request.text, analyzer, lexicon)
    await indices.check(client)
    facts = await facts_of(client, indices.alias, wanted(asked_for))
    if facts is None or not facts.documents:
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None)
    place = place or Place(0, min(request.known_at, facts.newest))
    asked = Asked(facts.frequency, analyzer, present(request, place.known_at), asked_for)
    ranks = request.sort == "relevance" and not asked_for.blank
    terms = counted_terms(asked_for, analyzer)
    search = Search(client, indices.alias, asked, request, place, ranks=ranks)
    found, frequencies = await asyncio.gather(
        search.widened(), _counted(client, indices.alias, terms if ranks and place.offset < WINDOW else ())
    )
    if ranks:
        statistics = Statistics(
            facts.documents, facts.average_length, lambda s, t: frequencies.get((s, t), 0)
        )
        shown, following = _ranked(found, place, request, Ranking(asked_for, statistics, analyzer))
        more = following.offset < found.total
    else:
        shown = [(0.0, hit) for hit in found.hits[: request.limit]]
        more = len(found.hits) > request.limit
        following = Place(0, place.known_at, after=tuple(shown[-1][1]["sort"]) if shown else ())
    if found.moment and not more:
        await _forget(client, found.moment)
    showing_them = Showing(request, asked_for, analyzer, lexicon)
    return Page(
        hits=tuple(_hit(hit, score, showing_them) for score, hit in shown),
        total=found.total,
        match=found.match,
        whole=found.whole,
        facets=found.facets,
        cursor=cursor.write(following, request) if more and shown else None,
    )


class Search:
    """The calls of one page."""

    def __init__(
        self,
        client: AsyncElasticsearch,
        alias: str,
        asked: Asked,
        request: Request,
        place: Place,
        *,
        ranks: bool,
    ) -> None:
        self._client = client
        self._alias = alias
        self._asked = asked
        self._request = request
        self._place = place
        self._ranks = ranks
        self._end = place.offset + request.limit
        self._counting = counting(request, place.known_at)

    async def widened(self) -> Found:
        """The narrowest set with enough hits, else the widest; a wider set with no more is not named."""
        chosen: Found | None = None
        whole = 0
        for match in self._asked.sets():
            found = await self._found(match, chosen.moment if chosen else self._place.moment)
            if chosen is None:
                whole = found.total
            if chosen is None or found.total > chosen.total:
                chosen = found
            if found.total >= ENOUGH:
                break
        assert chosen is not None  # noqa: S101 - there is always a first set
        return replace(chosen, whole=whole)

    async def _found(self, match: Match, moment: str) -> Found:
        body = self.body(match)
        if self._ranks and self._end >= WINDOW:
            answer = await self._at_a_moment(body, moment)
        else:
            answer = await self._client.search(index=self._alias, **body)
        counted = answer.get("aggregations", {})
        facets = {
            name: showing.values({b["key"]: b["doc_count"] for b in _buckets(counted[name])})
            for name in self._request.facets
        }
        hits = answer["hits"]
        return Found(match, hits["total"]["value"], 0, facets, hits["hits"], answer.get("pit_id", ""))

    async def _at_a_moment(self, body: dict[str, Any], moment: str) -> Any:
        """Behind the second stage pages follow each other in one state of the index."""
        if moment:
            try:
                return await self._client.search(pit={"id": moment, "keep_alive": _KEPT}, **body)
            except ApiError:  # it has run out, or its index was rebuilt: 404, 400 or 503
                pass
        opened = await self._client.open_point_in_time(index=self._alias, keep_alive=_KEPT)
        return await self._client.search(pit={"id": opened["id"], "keep_alive": _KEPT}, **body)

    def body(self, match: Match) -> dict[str, Any]:
        request, place = self._request, self._place
        if self._ranks:
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
            "source": ["document", "folded"],
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
    return shown, Place(end, place.known_at, after=after, moment=found.moment)


def _candidate(number: int, hit: Raw) -> Candidate:
    texts = hit["_source"]["folded"]["texts"]
    return Candidate(number, key(hit["_id"]), int(hit["_score"] // TIER), texts)


def _hit(hit: Raw, score: float, shown: Showing) -> Hit:
    document = msgspec.convert(hit["_source"]["document"], Document)
    folded = (text for _, text in hit["_source"]["folded"]["texts"])
    return shown.hit(document, dict(zip(shown_texts(document), folded, strict=True)), score)


async def facts_of(client: AsyncElasticsearch, alias: str, tokens: Sequence[Token]) -> Facts | None:
    """None where there is no index. The facts come from the shards' own cache until something is written."""
    searches: list[dict[str, Any]] = [{}, {"size": 0, "track_total_hits": False, "aggs": _FACTS}]
    unique = list(dict.fromkeys(tokens))
    if unique:
        searches += [{}, _frequencies(unique)]
    answers = (await client.msearch(index=alias, searches=searches))["responses"]
    for answer in answers:
        if answer["status"] == 404:
            return None
        if "error" in answer:
            raise SearchError(
                f"检索服务暂时不能答复 / the search cluster cannot answer: {answer['error']['type']}"
            )
    facts = answers[0]["aggregations"]
    ended = facts["ended"]["last"]["value"] or 0
    return Facts(
        documents=facts["documents"]["value"],
        average_length=facts["length"]["value"] or 1.0,
        newest=int(max(facts["begun"]["value"] or 0, ended)),
        frequencies=dict(_counts(unique, answers[1])) if unique else {},
    )


def _frequencies(tokens: Sequence[Token]) -> dict[str, Any]:
    filters = {str(n): {"term": {stream: token}} for n, (stream, token) in enumerate(tokens)}
    return {"size": 0, "track_total_hits": False, "aggs": {"of": {"filters": {"filters": filters}}}}


def _counts(tokens: Sequence[Token], answer: Raw) -> Iterable[tuple[Token, int]]:
    buckets = answer["aggregations"]["of"]["buckets"]
    return ((token, buckets[str(n)]["doc_count"]) for n, token in enumerate(tokens))


async def _counted(client: AsyncElasticsearch, alias: str, tokens: Sequence[Token]) -> dict[Token, int]:
    """Asked while the search itself runs: only the second stage waits for it."""
    if not tokens:
        return {}
    answer = await client.search(index=alias, **_frequencies(tokens))
    return dict(_counts(tokens, answer.body))


async def _forget(client: AsyncElasticsearch, moment: str) -> None:
    try:
        await client.close_point_in_time(id=moment)
    except NotFoundError:
        return
