"""Feeds of all changes, datasets, kinds of change, searches and source pages, in three formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

from litestar.concurrency import sync_to_thread
from msgspec import structs

from openapi.operation import Operation, Parameter
from publisher.log.model import Dataset, View
from publisher.log.proofs import FirstCheckpoint
from publisher.views.api import filter_values, requested_view
from publisher.views.api.parameter_docs import EFFECTIVE_BY, KNOWN_AT, RELEASE
from publisher.views.api.routes.search import index_values, only_dataset
from publisher.views.api.search_scope import SearchScope, make_search_scope
from publisher.views.syndication import scope as scopes
from publisher.views.syndication import selection
from publisher.views.syndication.feed import build_feed, record_title, render, scope_datasets
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.views.syndication.opml import MEDIA, build_opml
from publisher.views.syndication.scope import (
    ALL,
    LISTED_FACETS,
    SEARCH,
    TERMS,
    Form,
    Scope,
)
from publisher.views.syndication.selection import NoSuchArchiveError
from publisher.views.syndication.sources_feed import SOURCES, render_sources_feed
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, AsyncReply, AsyncRoute, Call, Reply, Route, async_route
from publisher.web.service import Service
from search.contract import Request

_ARCHIVE = frozenset({"archive"})
_GRAMMAR = Grammar(names=requested_view.VIEW | _ARCHIVE, filters={"change": "string", "record": "string"})
_SOURCES_GRAMMAR = Grammar(names=_ARCHIVE)
_NAME = Parameter(
    "dataset",
    "数据集的名称；`all` 为全部数据集 / Name of a dataset; `all` is every dataset",
    {"type": "string"},
    where="path",
    required=True,
    example="shili-fees",
)
_CHANGE = Parameter(
    "change",
    "只要这些变化，可多次 / Only these kinds of change; repeat for or: "
    + ", ".join(f"{term} {title}" for term, title in TERMS.items()),
    {"type": "array", "items": {"type": "string", "enum": list(TERMS)}},
)
_RECORD = Parameter(
    "record",
    "只要这一条记录的变化，须有一个数据集 / Only the changes of this record; it needs one dataset",
    {"type": "string"},
)
ARCHIVE = Parameter(
    "archive",
    "以往的一份存档（RFC 5005），见订阅中的 prev-archive / An archive of the feed (RFC 5005): from its "
    "prev-archive link",
    {"type": "integer", "minimum": 1},
)
_CLOCKS = (
    EFFECTIVE_BY,
    structs.replace(
        KNOWN_AT, description="截至该时刻的订阅：只含当时已发布的变化 / The feed as it stood at that instant"
    ),
    structs.replace(
        RELEASE,
        description="某次发布时的订阅，同时固定两者，不与 as_of、known_at 同用，须有一个数据集 / "
        "The feed as of that release: pins both clocks, so it goes with neither as_of nor known_at, "
        "and needs one dataset",
    ),
)
_QUERY = Parameter(
    "q",
    "搜索词，须全部包含 / Search terms: an entry contains all of them, before or after the change",
    {"type": "string", "minLength": 1},
    example="价格鉴证",
)
_FILTERS = Parameter(
    "filters",
    "与搜索相同的筛选：dataset、body、type、division、year 及清单自己的统计字段；同名参数为“或”关系 / The "
    "filters of search: these facets or those of a catalogue; repeat a name for or",
    {"type": "object", "additionalProperties": {"type": "string"}},
    free_form=True,
)


def _log_feed_route(form: Form) -> Route:
    """Build the route of a feed of one dataset or of all, read from the log."""
    operation = Operation(
        name=f"get_{form}_feed",
        path=f"/feeds/{{dataset}}.{form}",
        tag="feeds",
        summary=f"变化订阅（{FEED_FORMATS[form].title}）",
        description="最近的变化，逐次发布，新的在前，至少100条、不足200条；识读改进不作为变化。更早的见存档。\n\n"
        "The newest changes, release by release: 100, and the rest of the archive in which they end; "
        "parser improvements are not included. "
        "What is older is in the archives.",
        parameters=(_NAME, _CHANGE, _RECORD, ARCHIVE, *_CLOCKS),
        problems=("no-such-dataset", "no-such-record", "no-such-release"),
        media_type=FEED_FORMATS[form].content_type,
    )

    def handle(service: Service, call: Call) -> Reply:
        params, scope = _feed_scope(service, call)
        if scope.record:
            service.log.queries.history(scope.dataset or "", scope.record)
        validity = _validity(service, scope.dataset)

        def build() -> bytes:
            with _refuse_missing_archive():
                selected = selection.select_from_log(service.log, scope, params.archive)
            address = requested_view.link_as_requested(service, call)
            return render(
                build_feed(service.log, scope, selected, form, hub=service.hub, address=address), form
            )

        return Reply(validity, build, _headers(service, scope, params, form))

    return Route(operation, handle, "validate-in-loop")


def _search_feed_route(form: Form) -> AsyncRoute:
    """Build the route of a feed of the changes that a search matches."""
    operation = Operation(
        name=f"search_{form}_feed",
        path=f"/feeds/search.{form}",
        tag="feeds",
        summary=f"搜索的订阅（{FEED_FORMATS[form].title}）",
        description="符合搜索和筛选条件的记录的变化：变化前或变化后包含全部搜索词即为命中；"
        "参数与 /v1/search 相同。\n\n"
        "The changes of what a search finds: its record held all the words before or after. The parameters "
        "are those of /v1/search; give q, a filter or both.",
        parameters=(_QUERY, _FILTERS, _CHANGE, ARCHIVE, *_CLOCKS),
        problems=("no-such-dataset", "no-such-release", "search-unavailable"),
        media_type=FEED_FORMATS[form].content_type,
    )

    async def handle(service: Service, call: Call) -> AsyncReply:
        scope, params, search_scope, validity = await sync_to_thread(_parse_search, service, call)
        # The index may lag behind the log, so its position is part of the validity.
        position = await service.search_position()

        async def build() -> bytes:
            with _refuse_missing_archive():
                selected = await selection.select(
                    service.log, service.search, search_scope.fields(), scope, params.archive
                )
            return await sync_to_thread(
                lambda: render(
                    build_feed(
                        service.log,
                        scope,
                        selected,
                        form,
                        facet_titles=search_scope.facets,
                        hub=service.hub,
                        address=requested_view.link_as_requested(service, call),
                    ),
                    form,
                )
            )

        headers = _headers(service, scope, params, form)
        tokens = (position, *validity.tokens, search_scope.facets)
        return AsyncReply(Validity(tokens, validity.modified, decides=False), build, headers)

    return AsyncRoute(operation, handle)


def _headers(service: Service, scope: Scope, params: Parameters, form: Form) -> Mapping[str, str]:
    """Return the links to the WebSub hub and topic. Subscribers read the headers first (section 4)."""
    if not service.hub or not scope.sent_to_hub or params.archive is not None:
        return {}
    return {"link": f'<{service.hub}>; rel="hub", <{service.link(scope.path(form))}>; rel="self"'}


@async_route(
    Operation(
        name="get_opml",
        path="/feeds.opml",
        tag="feeds",
        summary="全部订阅（OPML）",
        description="可列出的全部订阅：全站、各数据集、各种变化、各部门、行政区划、类型与主题。\n\n"
        "Every feed that can be listed: everything, datasets, kinds of change, bodies, divisions, types and "
        "topics; a reader takes them in at once.",
        problems=("search-unavailable",),
        media_type=MEDIA,
    )
)
async def get_opml(service: Service, call: Call) -> AsyncReply:
    requested_view.refuse_parameters(call)

    def read_scope() -> tuple[SearchScope, tuple[Dataset, ...], Validity]:
        datasets = service.log.datasets.all()
        return make_search_scope(service.log), datasets, _validity(service, None)

    search_scope, datasets, validity = await sync_to_thread(read_scope)
    position, today = await service.search_position(), service.today()

    async def build() -> bytes:
        facets = tuple(name for name in LISTED_FACETS if name in search_scope.facets)
        query = Request("", as_of=today.toordinal(), limit=1, facets=facets, highlight=False)
        page = await service.search.search(query)
        values = {name: sorted(value.value for value in counts) for name, counts in page.facets.items()}
        return build_opml(service.site, datasets, values, search_scope.facets, modified=validity.modified)

    tokens = (position, today, datasets, *validity.tokens, search_scope.facets)
    return AsyncReply(Validity(tokens, validity.modified, decides=False), build)


def _parse_search(service: Service, call: Call) -> tuple[Scope, Parameters, SearchScope, Validity]:
    """Parse a search: its scope and parameters, the searchable fields, and the validity of the log's part."""
    search_scope = make_search_scope(service.log)
    params = query_parameters.parse(
        call.query,
        Grammar(
            names=requested_view.VIEW | _ARCHIVE | {"q"},
            filters=search_scope.filters() | {"change": "string"},
        ),
    )
    filters = {f.field: index_values(f.field, f.values) for f in params.filters if f.field != "change"}
    if not params.text and not filters:
        raise query_parameters.bad_value("q", "请给出搜索词或筛选条件。", "Enter a search term, or filter.")
    requested_view.check_not_future(service, params.view)
    resolved_view = params.view
    if resolved_view.release is not None:
        resolved_view = requested_view.resolve_release(service, only_dataset(params), resolved_view)
    scope = scopes.make_scope(
        kinds=_kinds(params), text=params.text, filters=filters, view=params.view, seen=resolved_view
    )
    return scope, params, search_scope, _validity(service, None)


@lru_cache(1024)
def _parse_query(dataset: str, query: bytes) -> tuple[Parameters, Scope]:
    """Parse a query. Cached, since readers request the same address for years.

    The release of the scope is not resolved yet.
    """
    params = query_parameters.parse(query, _GRAMMAR)
    name = None if dataset == ALL else dataset
    record = filter_values.single(params, "record") or ""
    if record and name is None:
        raise query_parameters.conflict(
            "record", "一条记录属于一个数据集。", "A record belongs to one dataset; name it in the address."
        )
    return params, scopes.make_scope(dataset=name, kinds=_kinds(params), view=params.view, record=record)


def _feed_scope(service: Service, call: Call) -> tuple[Parameters, Scope]:
    params, scope = _parse_query(requested_view.dataset_name(call), call.query)
    requested_view.check_not_future(service, params.view)
    if params.view.release is not None:
        scope = structs.replace(scope, seen=_at_release(service, scope.dataset, params.view))
    return params, scope


def _at_release(service: Service, name: str | None, view: View) -> View:
    if name is not None:
        return requested_view.resolve_release(service, name, view)
    raise query_parameters.conflict(
        "release",
        "发布的编号属于一个数据集，不能用于全部数据集的订阅。",
        "The number of a release is one dataset's own; the feed of all has none.",
    )


def parse_feed_address(service: Service, address: str) -> Scope:
    """Parse the scope of the feed at an address of this site: a path such as ``/feeds/all.atom``, or a URL.

    Raises ``ProblemError`` and ``LogError`` like the feed itself, and for an archive or a past state.
    """
    path, _, query = address.removeprefix(service.site.base).partition("?")
    match = re.fullmatch(rf"/feeds/([a-z0-9-]+)\.(?:{'|'.join(FEED_FORMATS)})", path)
    if match is None:
        raise ProblemError("no-such-route")
    call = Call({"dataset": match[1]}, query.encode(), path)
    if match[1] == SEARCH:
        scope, params, *_ = _parse_search(service, call)
    else:
        params, scope = _feed_scope(service, call)
        scope_datasets(service.log, scope)
        record_title(service.log, scope)
    if params.archive is not None or params.view != View():
        raise ProblemError("no-such-route")
    return scope


def _kinds(params: Parameters) -> tuple[str, ...]:
    return filter_values.change_terms(params, "change")


@contextmanager
def _refuse_missing_archive() -> Iterator[None]:
    """Raise ``invalid-parameters`` for an archive that the feed does not have."""
    try:
        yield
    except NoSuchArchiveError:
        raise query_parameters.bad_value(
            "archive", "没有这份存档；请从订阅的 prev-archive 进入。", "No such archive; follow prev-archive."
        ) from None


def _validity(service: Service, name: str | None) -> Validity:
    """Return the validity of a feed. Later withdrawals and erasures change archives too: none is immutable.

    ``modified`` is the time of the releases, not of the changes: an erasure removes words and adds no entry.
    """
    sequence = service.log.queries.sequence(name)
    checkpoint = service.newest_checkpoint(name or "", sequence)
    site = service.site_details()
    tokens: tuple[object, ...] = (sequence, service.hub)
    if name is not None:
        published = service.dataset_changed_at(name, sequence)
    else:
        published = service.datasets_changed_at(sequence)
        if not sequence:  # then a feed contains the time at which the first dataset was created
            tokens = (*tokens, *(dataset.name for dataset in service.log.datasets.all()))
    return _with_checkpoint(tokens, published, checkpoint).extended(site.details, site.changed_at)


def _with_checkpoint(
    tokens: tuple[object, ...], published: datetime | None, checkpoint: FirstCheckpoint | None
) -> Validity:
    """Add the checkpoint that a feed contains: all older releases are signed if the newest one is."""
    if checkpoint is None:
        return Validity(tokens, published)
    modified = None if published is None else max(published, checkpoint.signed_at)
    return Validity((*tokens, checkpoint.note), modified)


ROUTES: Mapping[Form, Route] = {form: _log_feed_route(form) for form in FEED_FORMATS}
"""Suffix of the address → route."""
SEARCH_ROUTES: tuple[AnyRoute, ...] = (*(_search_feed_route(form) for form in FEED_FORMATS), get_opml)


def _sources_feed_route(form: Form) -> Route:
    operation = Operation(
        name=f"get_sources_{form}_feed",
        path=f"/feeds/{SOURCES}.{form}",
        tag="feeds",
        summary=f"来源网页的变化（{FEED_FORMATS[form].title}）",
        description="所采集的网页在来源网站上的变化、消失和恢复，新的在前，至多200条；"
        "更早的见存档。\n\nPages of the collected sites that changed, disappeared or returned; "
        "the newest, up to 200. What is older is in the archives.",
        parameters=(ARCHIVE,),
        media_type=FEED_FORMATS[form].content_type,
    )

    def handle(service: Service, call: Call) -> Reply:
        params = query_parameters.parse(call.query, _SOURCES_GRAMMAR)
        version, site = service.log.evidence.notices_version(), service.site_details()
        address = requested_view.link_as_requested(service, call)

        def build() -> bytes:
            with _refuse_missing_archive():
                return render_sources_feed(service.log, form, params.archive, address)

        return Reply(Validity(("sources", version)).extended(site.details, site.changed_at), build)

    return Route(operation, handle)


SOURCE_ROUTES: tuple[AnyRoute, ...] = tuple(_sources_feed_route(form) for form in FEED_FORMATS)
