"""The search page: results, facets, removable filters, and a day to search at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

import msgspec
from litestar.concurrency import sync_to_thread
from markupsafe import Markup
from msgspec import structs

from publisher.log.model import Dataset, View
from publisher.views.api.answers import common
from publisher.views.api.hit_explanation import explain_reason
from publisher.views.api.routes import search as api
from publisher.views.pages import home
from publisher.views.pages.printing import field_html, filters, labels, marked_text, price_history
from publisher.views.pages.printing.field_html import FieldValue
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Pairs, Visit, run_read
from publisher.views.pages.printing.table_file import link_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.scope import Scope, make_scope
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply
from schemas.definition.catalogue import Catalogue
from schemas.words import STATUSES
from search.chinese.thesaurus import load_language
from search.contract import ENDED, STATUS, HighlightedText, Hit, Page, Status

DEFAULT_FACETS = ("dataset", "body", "type", "division", "year")
_PLAIN = ("word", "phrase")
"""Ways of matching that the marks in the text already show."""
SORTS = (
    ("relevance", "按相关度", "Best match"),
    ("-date", "按时间从新到旧", "Newest first"),
    ("date", "按时间从旧到新", "Oldest first"),
)
STATUS_CHOICES: tuple[tuple[tuple[Status, ...], str, str], ...] = (
    (("current",), "现行", "In force"),
    (("current", *ENDED), "含已移出、已撤回公布的", "With removed and withdrawn ones"),
    (ENDED, "只看已移出、已撤回公布的", "Only removed and withdrawn ones"),
)
_NO_FILTERS = ("q", "cursor", "sort", "facets", "limit", "explain")
_FIRST_SIMILAR = 5
"""Documents that are near by meaning, on the first page; the rest is one choice away."""
_MOST_ENDED = 3
"""Results under the others that are not in force any more; the rest is one choice away."""
_MOST_LISTS = 10
"""Lists above the results whose titles contain the query; how many others there are is said."""
_RELEASE = re.compile(r"第\s*([0-9]{1,9})\s*次发布|\brelease ([0-9]{1,9})\b")
_MOST_RELEASES = 10
"""Lists whose release is looked up, if a query names one by its number."""
MATCHES = {
    "all": ("以下结果包含全部搜索词", "All results contain all search terms"),
    "most": (
        "完全匹配的结果较少，已显示包含大部分搜索词的结果",
        "Few results contain all search terms; showing those that contain most",
    ),
    "any": (
        "完全匹配的结果较少，已显示包含任一搜索词的结果",
        "Few results contain most search terms; showing those that contain any",
    ),
}


class Result(msgspec.Struct, frozen=True):
    dataset: Dataset | None
    title: Markup
    excerpts: Sequence[tuple[str, Markup]]
    """(title of the field, marked excerpt)."""
    address: str
    dataset_title: str
    facts: Sequence[FieldValue]
    status: str
    """Empty if it is in force."""
    why: Sequence[str]
    """Reasons that the marks do not show: an alias, a synonym, a 文号."""


async def search(press: Press, visit: Visit) -> AsyncReply:
    service = visit.service
    state = await run_read(service, home.read_state, service)
    datasets = {dataset.name: dataset for dataset in state[0]}
    text = " ".join(visit.values("q"))
    head = _head(visit, text)
    if not text and not visit.pairs_without(*_NO_FILTERS):
        return _blank_page(press, visit, head, state)
    searchable = await api.read_searchable(service)
    params = visit.parse_query(searchable.grammar(), clocks=True)
    explain = params.explain or not visit.values("explain")
    query = await api.make_search(
        service,
        searchable,
        structs.replace(params, facets=params.facets or DEFAULT_FACETS, explain=explain),
        similar=params.limit if visit.values("cursor") else _FIRST_SIMILAR,
    )
    own = visit.pairs_without("cursor", "facets", "limit", "explain")
    pin = tuple(pair for pair in visit.pairs if pair[0] == "release")

    async def build() -> bytes:
        results = await query.fetch_page(service)
        catalogues = searchable.scope.catalogues
        hits, similar = results.page.hits, results.page.similar
        similar_hits = similar.hits if similar else ()
        ended = await _fetch_ended(visit, query, results)
        ended_hits = ended.hits if ended else ()
        meant = results.did_you_mean
        searched = tuple((name, meant if meant and name == "q" else value) for name, value in own)
        lists = await run_read(service, _match_titles, visit, text, datasets.values())
        facets = name_lists(visit, results.facets, datasets)
        every_hit = (*hits, *similar_hits, *ended_hits)
        facts = await run_read(service, _read_facts, visit, query.view, every_hit)

        def result(hit: Hit) -> Result:
            return _result(visit, pin, hit, datasets, catalogues, facts.get(hit.span, ()))

        return press.page(
            "search.html",
            visit,
            head,
            page=results.page,
            did_you_mean=meant,
            query_text=text,
            as_written=visit.here(q=f'"{text}"'),
            feed=head.scope.path("atom"),
            files=() if results.missing else link_files(visit, "/search", searched, ("xlsx", "csv")),
            missing=results.missing,
            lists=lists[:_MOST_LISTS],
            other_lists=len(lists[_MOST_LISTS:]),
            results=[result(hit) for hit in hits],
            continues_similar=query.request.similar_cursor is not None,
            similar=[result(hit) for hit in similar_hits],
            next_similar=filters.next_page(visit, results.next_similar),
            ended=[result(hit) for hit in ended_hits],
            ended_total=ended.total if ended else 0,
            statuses=_status_choices(visit, query.request.statuses),
            pin=params.view.release,
            facets=[filters.choices(visit, facet) for facet in facets if filters.is_useful(visit, facet)],
            chips=list(filters.chips(visit, facets, datasets)),
            match=visit.t(*MATCHES[results.page.match]) if text else "",
            next_page=filters.next_page(visit, results.next_cursor),
            sorts=SORTS,
        )

    validity = structs.replace(query.validity, tokens=(*query.validity.tokens, tuple(datasets.values())))
    return AsyncReply(validity, build, HEADERS)


def _head(visit: Visit, text: str) -> Head:
    title = visit.t("搜索", "Search")
    title = f"{text[:60]} · {title}" if text else title
    scope = _feed_scope(visit)
    is_blank = not visit.pairs and not visit.clocks
    return Head(title, indexable=is_blank, scope=scope, feeds_title=title if scope.needs_search else "")


def _blank_page(
    press: Press, visit: Visit, head: Head, state: tuple[tuple[Dataset, ...], int, date]
) -> AsyncReply:
    """Render the form with examples of searches. ``state``: datasets, newest sequence and day."""

    async def build() -> bytes:
        examples = await sync_to_thread(home.examples, visit, state[0])
        return press.page("search.html", visit, head, page=None, examples=examples)

    datasets, sequence, day = state
    return AsyncReply(Validity(("", sequence, day, datasets)), build, HEADERS)


async def _fetch_ended(visit: Visit, query: api.Search, results: api.SearchResults) -> Page | None:
    """Find records that are no longer in force, for the first page of those in force."""
    request = query.request
    if request.statuses != ("current",) or request.cursor is not None or request.similar_cursor is not None:
        return None
    return await query.fetch_ended(visit.service, results.did_you_mean or request.text, limit=_MOST_ENDED)


def _status_choices(visit: Visit, statuses: tuple[Status, ...]) -> list[tuple[str, str, bool]]:
    """List (title, address, whether it is chosen) of each choice of statuses."""
    others = visit.pairs_without(STATUS, "cursor")
    return [
        (
            visit.t(zh, en),
            visit.url(visit.path, [*others, *((STATUS, one) for one in values if values != ("current",))]),
            values == statuses,
        )
        for values, zh, en in STATUS_CHOICES
    ]


def _match_titles(visit: Visit, text: str, datasets: Iterable[Dataset]) -> list[tuple[str, str]]:
    """List (title, address) of the lists whose title contains every part of a query, in any characters.

    If the query also names a release by its number, list these releases.
    """
    folded = _fold_title(text)
    match = _RELEASE.search(folded)
    parts = _RELEASE.sub(" ", folded).split()
    titles = ((d, _fold_title(f"{d.title} {d.title_en}")) for d in datasets if parts)
    lists = [d for d, title in titles if all(part in title for part in parts)]
    if match is None:
        return [(visit.title_of(d), visit.url(f"/datasets/{d.name}")) for d in lists]
    number = int(match[1] or match[2])
    return [
        (
            visit.t(f"{d.title}，第{number}次发布", f"{d.title_en or d.title}, release {number}"),
            visit.url(f"/datasets/{d.name}/releases/{number}"),
        )
        for d in lists[:_MOST_RELEASES]
        if any(
            one.number == number and visit.shows(one) for one in visit.service.log.queries.releases(d.name)
        )
    ]


@lru_cache(4096)
def _fold_title(title: str) -> str:
    """Fold width, case and traditional characters, as search does."""
    return load_language()[0].fold_text(title)


def _feed_scope(visit: Visit) -> Scope:
    """Build the scope of the feed of this search: of what comes, whatever day or release the page shows."""
    filters: dict[str, list[str]] = {}
    for name, value in visit.pairs_without(*_NO_FILTERS, STATUS, "release"):
        filters.setdefault(name, []).append(value)
    return make_scope(text=" ".join(visit.values("q")), filters=filters)


def _read_facts(visit: Visit, view: View, hits: Sequence[Hit]) -> Mapping[str, Sequence[FieldValue]]:
    """Map the spans of hits to the facts that their catalogue puts first, such as a charge.

    ``view``: of the search.
    """
    queries, names = visit.service.log.queries, {hit.dataset for hit in hits}
    catalogues = {name: visit.service.catalogue_in_view(name, view) for name in names}
    with_facts = {name for name, catalogue in catalogues.items() if catalogue.facts}
    spans = list(queries.spans(ids=[hit.span for hit in hits if hit.dataset in with_facts]))
    facts = {s.id: field_html.list_facts(visit, catalogues[s.dataset], s.content) for s in spans}
    numbered = [s for s in spans if price_history.has_numbers(catalogues[s.dataset], facts[s.id])]
    changes = queries.changed_values([s.record for s in numbered]) if numbered else ()
    for span in numbered if changes else ():
        own = [c for c in changes if c.record == span.record and price_history.led_to_state(c, span, view)]
        facts[span.id] = price_history.note_changes(visit, catalogues[span.dataset], facts[span.id], own)
    return facts


def _result(
    visit: Visit,
    pin: Pairs,
    hit: Hit,
    datasets: Mapping[str, Dataset],
    catalogues: Mapping[str, Catalogue],
    facts: Sequence[FieldValue],
) -> Result:
    dataset, catalogue = datasets.get(hit.dataset), catalogues.get(hit.dataset)
    reasons = [explain_reason(r, catalogue) for r in hit.reasons if r.how not in _PLAIN] if catalogue else []
    fields = catalogue.by_name if catalogue else {}
    return Result(
        dataset=dataset,
        title=marked_text.mark_matches(hit.title.text, hit.title.marks),
        excerpts=[
            (
                visit.title_of(fields[e.field]) if e.field in fields else e.field,
                _mark_excerpt(visit, e),
            )
            for e in hit.excerpts
        ],
        address=visit.url(f"/datasets/{hit.dataset}/records/{hit.record}", pin),
        dataset_title=visit.title_of(dataset) if dataset else hit.dataset,
        facts=facts,
        status="" if hit.status == "current" else labels.word_for(visit, STATUSES, hit.status),
        why=[visit.t(reason.text, reason.text_en) for reason in reasons],
    )


def _mark_excerpt(visit: Visit, excerpt: HighlightedText) -> Markup:
    return marked_text.mark_matches(excerpt.text, excerpt.marks, field_html.work_addresses(visit))


def name_lists(
    visit: Visit, facets: Iterable[common.Facet], datasets: Mapping[str, Dataset]
) -> list[common.Facet]:
    """Give the lists of a facet, which the API names in Chinese, their titles in the reader's language."""

    def with_title(value: common.FacetValue) -> common.FacetValue:
        dataset = datasets.get(value.value)
        title = visit.title_of(dataset) if dataset else value.title
        return structs.replace(value, title=title)

    return [
        structs.replace(facet, values=tuple(map(with_title, facet.values)))
        if facet.field == "dataset"
        else facet
        for facet in facets
    ]
