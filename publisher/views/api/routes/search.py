"""Routes: full-text search over every dataset, and suggestions while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlencode

import msgspec
from litestar.concurrency import sync_to_thread
from msgspec import structs

from openapi.operation import Operation, Parameter
from publisher.indexing.site_names import NamesSnapshot
from publisher.log.clocks import known_instant
from publisher.log.model import View
from publisher.views.api import filter_values, requested_view, titles
from publisher.views.api.answers import common
from publisher.views.api.answers import search as answers
from publisher.views.api.hit_explanation import explain_reason
from publisher.views.api.parameter_docs import LIMIT
from publisher.views.api.search_parameters import MAX_HITS, SEARCH_PARAMETERS, STATUSES
from publisher.views.api.search_scope import SearchScope, make_search_scope
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, AsyncReply, Call, async_route
from publisher.web.service import Service
from schemas.reference import administrative_divisions
from schemas.words import FACETS
from search import contract, find
from search.missing_words import MissingWords
from search.query.name_index import Names

MAX_SUGGESTIONS = 50
_SIMILAR = "~"
"""Begins the engine's cursor if that continues what is similar by meaning. No other begins with it."""
_NAMES = requested_view.VIEW | {"q", "sort", "facets", "limit", "cursor", "explain"}


class Searchable(msgspec.Struct, frozen=True):
    """The searchable fields and names, with the state of the log that the response depends on."""

    scope: SearchScope
    state: tuple[int, date]
    names: NamesSnapshot | None
    """Names of an earlier state, if these are still in use."""

    def grammar(self) -> Grammar:
        return Grammar(
            names=_NAMES,
            filters={**self.scope.filters(), contract.STATUS: "string"},
            facets=frozenset((*self.scope.facets, contract.STATUS)),
            sorts=frozenset({"relevance", "date"}),
            max_limit=MAX_HITS,
        )


async def read_searchable(service: Service) -> Searchable:
    log = service.log
    return await sync_to_thread(
        lambda: Searchable(make_search_scope(log), log.queries.validator(), service.names.outdated())
    )


class SearchResults(msgspec.Struct, frozen=True):
    """A page of results for the API and the pages, with the cursors of the site."""

    page: contract.Page
    did_you_mean: str | None
    missing: MissingWords | None
    facets: tuple[common.Facet, ...]
    next_cursor: str | None
    """Cursor of the next page."""
    next_similar: str | None
    """Cursor of the next page of what is similar by meaning."""


class Search(msgspec.Struct, frozen=True):
    """Validated search request, used by the API, the pages and their files."""

    searchable: Searchable
    request: contract.Request
    view: View
    query_digest: str
    meant: str
    """The text that the first page was searched with, if it differs from the query."""
    validity: Validity

    async def fetch_page(self, service: Service) -> SearchResults:
        async def names() -> Names:
            return (self.searchable.names or await service.names.current()).names

        scope, view = self.searchable.scope, self.view
        answer = await find.find(service.search, names, self.request, scope.fields())
        page, meant = answer.page, answer.did_you_mean or self.meant

        def encode_cursor(inner: str | None, kind: str = "") -> str | None:
            if inner is None:
                return None
            return service.cursors.encode(
                page_cursor.Cursor(
                    self.query_digest,
                    as_of=view.as_of,
                    known_at=view.known_at,
                    inner=kind + inner,
                    meant=meant,
                )
            )

        facets = tuple(
            titles.make_facet(
                name,
                FACETS[name].zh if name == contract.STATUS else scope.facets.get(name, name),
                [(value.value, value.count) for value in values],
                datasets=scope.datasets,
            )
            for name, values in page.facets.items()
        )
        return SearchResults(
            page,
            meant or None,
            answer.missing,
            facets,
            encode_cursor(page.cursor),
            encode_cursor(None if page.similar is None else page.similar.cursor, _SIMILAR),
        )

    async def fetch_ended(self, service: Service, text: str, *, limit: int) -> contract.Page | None:
        """Find records with all words of a text that are no longer in force; None if there are none."""
        request = structs.replace(self.request, text=text)
        return await find.find_ended(service.search, request, self.searchable.scope.fields(), limit=limit)


async def make_search(
    service: Service, searchable: Searchable, params: Parameters, *, similar: int = 0
) -> Search:
    """Make a search. ``params``: parsed by the grammar of ``searchable``. ``similar``: how many documents to
    list that are near by meaning.

    Raises ``invalid-parameters``, ``invalid-cursor``, ``no-such-dataset``, ``no-such-release`` and
    ``SearchError``.
    """
    if not params.filters:
        _check_text(params)
    _check_sort(params)
    query_digest, cursor = requested_view.begin_list(
        service, structs.replace(params, explain=False), "search"
    )
    view = await sync_to_thread(_view, service, params, cursor)
    meant, inner = (cursor.meant, cursor.inner) if cursor else ("", None)
    continues_similar = inner is not None and inner.startswith(_SIMILAR)
    request = contract.Request(
        text=meant or params.text,
        filters={
            f.field: index_values(f.field, f.values) for f in params.filters if f.field != contract.STATUS
        },
        statuses=filter_values.one_of(params, contract.STATUS, STATUSES) or ("current",),
        as_of=requested_view.day_of_view(service, view).toordinal(),
        known_at=known_instant(view.known_at),
        sort=_sort(params),
        limit=params.limit,
        cursor=None if continues_similar else inner,
        facets=params.facets,
        explain=params.explain,
        similar=similar,
        similar_cursor=inner.removeprefix(_SIMILAR) if inner and continues_similar else None,
    )
    # The index may lag behind the log, and the vectors behind the index, so the response depends on both.
    position, encoded = await service.search_position(), await service.search.encoding_progress()
    titles_digest = page_cursor.query_digest(searchable.scope.datasets, searchable.scope.facets)
    names_state = searchable.names and searchable.names.state
    validity = Validity((position, encoded, *searchable.state, request.as_of, titles_digest, names_state))
    return Search(searchable, request, view, query_digest, meant, validity)


@async_route(
    Operation(
        name="search",
        path="/v1/search",
        tag="search",
        summary="全文搜索",
        description="支持简体、繁体和各种文号写法；`match` 说明命中含全部词、多数词还是任一词。"
        "加 as_of 搜索该日有效的内容，加 release 搜索该次发布时的内容。摘录与标记取自原文。"
        "没有内容含全部词，而输入的是某个名称的拼音、首字母或误字时，"
        "命中的是 `did_you_mean`；加引号则按原样搜索。"
        "`not_held` 列出没有任何内容含有的词。`similar` 是不含搜索词而意思相近的内容，另行计数，"
        "不计入 `total`、`match` 和 `facets`。\n\n"
        "Full-text search in every dataset, simplified or traditional, any form of a document "
        "number. `match` says whether hits contain all words, most or any; totals and facets count exactly "
        "that set. With as_of, "
        "what was in effect on that day; with release, what that release contained. If nothing contains all "
        "words and they are the pinyin or a misspelling of a name, hits are of `did_you_mean`; text in "
        "quotes is searched as it is. `not_held` names the words that nothing contains. `similar` is what is "
        "near by meaning without being a hit: it has its own total, and never counts in `total`, `match` or "
        "`facets`.",
        answer=answers.Found,
        parameters=SEARCH_PARAMETERS,
        problems=("no-such-dataset", "no-such-release", "invalid-cursor", "search-unavailable"),
    )
)
async def search(service: Service, call: Call) -> AsyncReply:
    searchable = await read_searchable(service)
    params = query_parameters.parse(call.query, searchable.grammar())
    query = await make_search(service, searchable, params, similar=params.limit)

    async def build() -> answers.Found:
        results = await query.fetch_page(service)
        similar = results.page.similar

        def fill_hits(hits: Sequence[contract.Hit]) -> tuple[answers.Hit, ...]:
            return tuple(_hit(service, searchable.scope, params, hit) for hit in hits)

        return answers.Found(
            total=results.page.total,
            match=results.page.match,
            did_you_mean=results.did_you_mean,
            not_held=() if results.missing is None else results.missing.words,
            hits=fill_hits(results.page.hits),
            similar=None
            if similar is None
            else answers.Similar(
                total=similar.total,
                hits=fill_hits(similar.hits),
                next=requested_view.next_page(service, call, results.next_similar),
            ),
            facets=results.facets,
            links=answers.SearchLinks(
                self=requested_view.link_as_requested(service, call),
                next=requested_view.next_page(service, call, results.next_cursor),
            ),
        )

    return AsyncReply(query.validity, build)


def _check_text(params: Parameters) -> None:
    if not params.text:
        raise query_parameters.bad_value("q", "请给出搜索词。", "Enter a search term.")


def _check_sort(params: Parameters) -> None:
    if params.sort == (("relevance", True),) or len(params.sort) > 1:
        raise query_parameters.bad_value(
            "sort", "应为 relevance、date 或 -date。", "Should be relevance, date or -date."
        )


def index_values(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Convert values to the index's form: a division's code has no trailing zeros there."""
    return tuple(map(administrative_divisions.shorten_code, values)) if name == "division" else values


def _sort(params: Parameters) -> contract.Sort:
    if not params.sort or params.sort[0][0] == "relevance":
        return "relevance"
    return "-date" if params.sort[0][1] else "date"


def _view(service: Service, params: Parameters, cursor: page_cursor.Cursor | None) -> View:
    """Return the state of the first page, which all further pages show.

    Raises ``no-such-dataset``, ``no-such-release``.
    """
    if cursor is not None:
        return View(as_of=cursor.as_of, known_at=cursor.known_at)
    view = params.view
    if view.release is not None:
        view = requested_view.resolve_release(service, only_dataset(params), view)
    known_at = view.known_at or max(service.clock(), _newest_publication(service))
    return View(as_of=requested_view.day_of_view(service, view), known_at=known_at)


def _newest_publication(service: Service) -> datetime:
    """Return the instant of the newest release: it is published even if this machine's clock is behind it."""
    sequence, _ = service.log.queries.validator()
    return service.datasets_changed_at(sequence) or datetime.min.replace(tzinfo=UTC)


def only_dataset(params: Parameters) -> str:
    """Return the dataset that ``release=`` refers to. Raises ``invalid-parameters`` unless there is one."""
    names = params.values_of("dataset")
    if len(names) == 1:
        return names[0]
    raise query_parameters.conflict(
        "release",
        "发布的编号属于一个数据集；请用 dataset= 指明一个。",
        "The number of a release is one dataset's own: name that one with dataset=.",
    )


def _hit(service: Service, scope: SearchScope, params: Parameters, hit: contract.Hit) -> answers.Hit:
    dataset = service.link(f"/v1/datasets/{hit.dataset}")
    home = f"{dataset}/records/{hit.record}"
    return common.fill(
        answers.Hit,
        hit,
        dataset_title=scope.datasets.get(hit.dataset, hit.dataset),
        title=common.fill(answers.Marked, hit.title),
        excerpts=tuple(common.fill(answers.Marked, excerpt) for excerpt in hit.excerpts),
        explanation=tuple(explain_reason(reason, scope.catalogues[hit.dataset]) for reason in hit.reasons)
        if params.explain and hit.dataset in scope.catalogues
        else None,
        links=answers.HitLinks(
            record=home + requested_view.view_query(params.view), history=f"{home}/history", dataset=dataset
        ),
    )


@async_route(
    Operation(
        name="suggest",
        path="/v1/suggest",
        tag="search",
        summary="输入时的搜索建议",
        description="今天有效的名称、部门、文号：先列以输入文字开头的，再列包含它的，"
        "最后列拼音或首字母相符的；记录多的在前。\n\n"
        "While somebody types: titles, bodies and document numbers in effect today that begin with the text, "
        "then those that contain it, then those whose pinyin or first letters match; "
        "the most frequent first.",
        answer=answers.Suggestions,
        parameters=(
            Parameter(
                "q",
                "已输入的文字，也可以是拼音 / What was typed so far, in characters or in pinyin",
                {"type": "string", "minLength": 1},
                required=True,
                example="食品经营",
            ),
            structs.replace(LIMIT, schema={**LIMIT.schema, "maximum": MAX_SUGGESTIONS}),
        ),
    )
)
async def suggest(service: Service, call: Call) -> AsyncReply:
    grammar = Grammar(names=frozenset({"q", "limit"}), max_limit=MAX_SUGGESTIONS)
    params = query_parameters.parse(call.query, grammar)
    _check_text(params)
    site_names = await service.names.current()

    async def build() -> answers.Suggestions:
        return answers.Suggestions(
            suggestions=tuple(
                answers.Suggestion(
                    text=name.text,
                    kind=name.kind,
                    count=name.count,
                    link=service.link(f"/v1/search?{urlencode({'q': name.text})}"),
                )
                for name in site_names.names.complete(params.text, params.limit)
            )
        )

    return AsyncReply(Validity(site_names.state), build)


ROUTES: tuple[AnyRoute, ...] = (search, suggest)
