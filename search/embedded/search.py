"""One search against one commit of the index: which set of hits, its total, facets, order and excerpts."""

from __future__ import annotations

from typing import Any

import tantivy
from tantivy import Order

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Match, Page, Request
from search.embedded.tantivy_index import Reader, spelled
from search.hits import cursor, presentation
from search.hits.cursor import Place
from search.hits.presentation import ENOUGH, FACET_VALUES, WINDOW, Facets, Showing
from search.query import parser
from search.query.conditions import Asked, Counting, counting, present
from search.query.parser import Query
from search.ranking.reranker import Ranking

type Found = list[tuple[float, tantivy.DocAddress]]


def page(reader: Reader | None, request: Request, analyzer: Analyzer, lexicon: Lexicon) -> Page:
    """Raises :class:`search.contract.CursorError`."""
    place = cursor.read(request)
    if reader is None or not reader.documents:
        return Page((), 0, "all", 0, dict.fromkeys(request.facets, ()), None)
    place = place or Place(0, min(request.known_at, reader.newest))
    asked_for = parser.parse(request.text, analyzer, lexicon)
    asked = Asked(reader.frequency, analyzer, present(request, place.known_at), asked_for)
    whole, (match, total, facets) = _widen(reader, asked, counting(request, place.known_at))
    if request.sort == "relevance" and not asked_for.blank:
        hits, following = _by_relevance(reader, asked, match, request, asked_for, analyzer, place)
        more = following.offset < total
    else:
        hits, following, more = _by_date(reader, asked, match, request, place)
    shown = Showing(request, asked_for, analyzer, lexicon)
    return Page(
        hits=tuple(shown.hit(*reader.shown(address), score) for score, address in hits),
        total=total,
        match=match,
        whole=whole,
        facets=facets,
        cursor=cursor.write(following, request) if more and hits else None,
    )


def _widen(reader: Reader, asked: Asked, facets: Counting) -> tuple[int, tuple[Match, int, Facets]]:
    """How many hold all the words; the narrowest set with enough hits, else the widest. A wider set that
    holds no more is not named."""
    chosen: tuple[Match, int, Facets] = ("all", -1, {})
    whole = -1
    for match in asked.sets():
        total, counted = _counted(reader, asked, match, facets)
        whole = total if whole < 0 else whole
        if total > chosen[1]:
            chosen = match, total, counted
        if total >= ENOUGH:
            break
    return whole, chosen


def _by_relevance(
    reader: Reader,
    asked: Asked,
    match: Match,
    request: Request,
    asked_for: Query,
    analyzer: Analyzer,
    place: Place,
) -> tuple[Found, Place]:
    """The second stage orders the first :data:`WINDOW`; behind them the index's own order goes on."""
    start, end = place.offset, place.offset + request.limit
    ranked = spelled(reader.schema, asked.ranked(match))
    hits: Found = []
    if start < WINDOW:
        found = reader.searcher.search(ranked, limit=WINDOW, count=False).hits
        ordered = Ranking(asked_for, reader.statistics(), analyzer).order(reader.candidates(found))
        hits = [(score, found[c.number][1]) for score, c in ordered[start:end]]
    if end > WINDOW:
        behind = max(start, WINDOW)
        found = reader.searcher.search(ranked, limit=end - behind, offset=behind, count=False).hits
        hits += [(0.0, address) for _, address in found]
    return hits, Place(end, place.known_at)


def _by_date(
    reader: Reader, asked: Asked, match: Match, request: Request, place: Place
) -> tuple[Found, Place, bool]:
    """Keyset paging by (day, key of the span); nothing typed and no order asked is newest first."""
    descending = request.sort != "date"
    members = (
        asked.members(match) if place.last < 0 else asked.before(match, place.last, descending=descending)
    )
    found = reader.searcher.search(
        spelled(reader.schema, members),
        limit=request.limit + 1,
        offset=place.offset,
        count=False,
        order_by_field="order",
        order=Order.Desc if descending else Order.Asc,
    ).hits
    shown, more = found[: request.limit], len(found) > request.limit
    hits = [(0.0, address) for _, address in shown]
    last = int(shown[-1][0]) if shown else place.last
    ties = sum(1 for value, _ in shown if value == last)
    seen = ties + (place.offset if last == place.last else 0)
    return hits, Place(seen, place.known_at, last), more


def _counted(reader: Reader, asked: Asked, match: Match, facets: Counting) -> tuple[int, Facets]:
    """How many, and how many of each value; exact."""
    wanted = {"total": {"value_count": {"field": "version"}}}
    wanted |= {f"of {name}": _values_of(name) for name, within in facets.items() if within is None}
    counted = reader.searcher.aggregate(spelled(reader.schema, asked.members(match)), wanted)
    for name, within in facets.items():
        if within is not None:
            members = spelled(reader.schema, asked.members(match, within))
            counted |= reader.searcher.aggregate(members, {f"of {name}": _values_of(name)})
    found = {
        name: presentation.values({str(b["key"]): b["doc_count"] for b in counted[f"of {name}"]["buckets"]})
        for name in facets
    }
    return int(counted["total"]["value"]), found


def _values_of(name: str) -> dict[str, Any]:
    return {"terms": {"field": f"facets.{name}", "size": FACET_VALUES}}
