"""The feeds of the service: of everything, a dataset, kinds of change and searches, in three formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from litestar.concurrency import sync_to_thread

from openapi.operation import Operation, Parameter
from publisher.log.model import Dataset, View
from publisher.views.api import requested_view
from publisher.views.api.parameter_docs import AS_OF, KNOWN_AT, RELEASE
from publisher.views.api.routes.search import indexed, only_dataset
from publisher.views.api.search_scope import SearchScope, scope_of
from publisher.views.syndication import scope as scopes
from publisher.views.syndication import selection
from publisher.views.syndication.feed import datasets_of, feed, rendered
from publisher.views.syndication.harvest_feed import SOURCES, sources_feed
from publisher.views.syndication.opml import MEDIA, opml
from publisher.views.syndication.scope import ALL, FILED, FORMS, SEARCH, TERMS, TITLES, Form, Scope
from publisher.views.syndication.selection import NoSuchArchiveError, Selection
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault, ProblemError
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, AsyncReply, AsyncRoute, Call, Reply, Route, async_route
from publisher.web.service import Service
from search.contract import Request

_OWN = frozenset({"archive"})
_GRAMMAR = Grammar(names=requested_view.VIEW | _OWN, filters={"change": "string"})
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
ARCHIVE = Parameter(
    "archive",
    "以往的一份存档（RFC 5005），见订阅中的 prev-archive / An archive of the feed (RFC 5005): from its "
    "prev-archive link",
    {"type": "integer", "minimum": 1},
)
_CLOCKS = (
    replace(
        AS_OF,
        description="只含截至该日（北京时间）已生效的变化；默认包括将来生效的 / Only what had taken effect "
        "by that day (Asia/Shanghai); by default also what takes effect later",
    ),
    replace(
        KNOWN_AT, description="截至该时刻的订阅：只含当时已发布的变化 / The feed as it stood at that instant"
    ),
    replace(
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


def _of_log(form: Form) -> Route:
    """The changes of a dataset or of all, straight from the log."""
    operation = Operation(
        name=f"get_{form}_feed",
        path=f"/feeds/{{dataset}}.{form}",
        tag="订阅",
        summary=f"变化订阅（{TITLES[form]}）",
        description="最近的变化，逐次发布，新的在前，至多100条；识读改进不作为变化。更早的见存档。\n\n"
        "The newest changes, release by release, at most 100; parser improvements are not included. "
        "What is older is in the archives.",
        parameters=(_NAME, _CHANGE, ARCHIVE, *_CLOCKS),
        problems=("no-such-dataset", "no-such-release"),
        media_type=_media(form),
    )

    def handle(service: Service, call: Call) -> Reply:
        asked, scope = _scope(service, call)
        validity = _validity(service, scope.dataset)

        def build() -> bytes:
            chosen = _selected(service, scope, asked.archive)
            return rendered(feed(service.log, scope, chosen, form, hub=service.hub), form)

        return Reply(validity, build, _headers(service, scope, asked, form))

    return Route(operation, handle, "asked")


def _of_search(form: Form) -> AsyncRoute:
    """The changes of whatever a search finds."""
    operation = Operation(
        name=f"search_{form}_feed",
        path=f"/feeds/search.{form}",
        tag="订阅",
        summary=f"搜索的订阅（{TITLES[form]}）",
        description="符合搜索和筛选条件的记录的变化：变化前或变化后包含全部搜索词即为命中；"
        "参数与 /v1/search 相同。\n\n"
        "The changes of what a search finds: its record held all the words before or after. The parameters "
        "are those of /v1/search; give q, a filter or both.",
        parameters=(_QUERY, _FILTERS, _CHANGE, ARCHIVE, *_CLOCKS),
        problems=("no-such-dataset", "no-such-release", "search-unavailable"),
        media_type=_media(form),
    )

    async def handle(service: Service, call: Call) -> AsyncReply:
        scope, asked, known, tokens, modified = await sync_to_thread(_searched, service, call)
        # The index follows the log at its own pace, so its position is a part of what is answered.
        position = await service.search.position()

        async def build() -> bytes:
            try:
                chosen = await selection.searched(
                    service.log, service.search, known.fields(), scope, asked.archive
                )
            except NoSuchArchiveError:
                raise no_such_archive() from None
            return await sync_to_thread(
                lambda: rendered(
                    feed(service.log, scope, chosen, form, named=known.facets, hub=service.hub), form
                )
            )

        headers = _headers(service, scope, asked, form)
        return AsyncReply(Validity((position, *tokens), modified), build, headers)

    return AsyncRoute(operation, handle)


def _headers(service: Service, scope: Scope, asked: Parameters, form: Form) -> Mapping[str, str]:
    """Hub and topic of WebSub (W3C Recommendation, section 4), which looks for them here first."""
    if not service.hub or not scope.told or asked.archive is not None:
        return {}
    return {"link": f'<{service.hub}>; rel="hub", <{service.link(scope.path(form))}>; rel="self"'}


@async_route(
    Operation(
        name="get_opml",
        path="/feeds.opml",
        tag="订阅",
        summary="全部订阅（OPML）",
        description="可列出的全部订阅：全站、各数据集、各种变化、各部门、行政区划、类型与主题。\n\n"
        "Every feed that can be listed: everything, datasets, kinds of change, bodies, divisions, types and "
        "topics; a reader takes them in at once.",
        problems=("search-unavailable",),
        media_type=MEDIA,
    )
)
async def get_opml(service: Service, call: Call) -> AsyncReply:
    query_parameters.parse(call.query, Grammar())

    def read() -> tuple[SearchScope, tuple[Dataset, ...], Validity]:
        datasets = service.log.datasets.all()
        return scope_of(service.log), datasets, _validity(service, None)

    known, datasets, validity = await sync_to_thread(read)
    position, today = await service.search.position(), service.today()

    async def build() -> bytes:
        facets = tuple(name for name in FILED if name in known.facets)
        asked = Request("", as_of=today.toordinal(), limit=1, facets=facets, highlight=False)
        page = await service.search.search(asked)
        values = {name: sorted(value.value for value in found) for name, found in page.facets.items()}
        return opml(service.site, datasets, values, known.facets, modified=validity.modified)

    return AsyncReply(Validity((position, today, *validity.tokens, known.facets), validity.modified), build)


def _media(form: Form) -> str:
    return FORMS[form] + ("" if form == "json" else "; charset=utf-8")


def _searched(
    service: Service, call: Call
) -> tuple[Scope, Parameters, SearchScope, tuple[object, ...], datetime | None]:
    """Scope, parameters, what there is to search in, and of which state of the log the answer is."""
    known = scope_of(service.log)
    asked = query_parameters.parse(
        call.query,
        Grammar(names=requested_view.VIEW | _OWN | {"q"}, filters=known.filters() | {"change": "string"}),
    )
    filters = {f.field: indexed(f.field, f.values) for f in asked.filters if f.field != "change"}
    if not asked.text and not filters:
        raise _fault("q", "请给出搜索词或筛选条件。", "Enter a search term, or filter.")
    requested_view.check_known(service, asked.view)
    seen = asked.view
    if seen.release is not None:
        seen = requested_view.both_clocks(service, only_dataset(asked), seen)
    scope = scopes.scope(kinds=_kinds(asked), text=asked.text, filters=filters, view=asked.view, seen=seen)
    validity = _validity(service, None)
    return scope, asked, known, (*validity.tokens, known.facets), validity.modified


@lru_cache(1024)
def _asked(dataset: str, query: bytes) -> tuple[Parameters, Scope]:
    """Readers come back to one address for years. The scope does not know its release's clocks yet."""
    asked = query_parameters.parse(query, _GRAMMAR)
    name = None if dataset == ALL else dataset
    return asked, scopes.scope(dataset=name, kinds=_kinds(asked), view=asked.view)


def _scope(service: Service, call: Call) -> tuple[Parameters, Scope]:
    asked, scope = _asked(requested_view.dataset_name(call), call.query)
    requested_view.check_known(service, asked.view)
    if asked.view.release is not None:
        scope = replace(scope, seen=_at_release(service, scope.dataset, asked.view))
    return asked, scope


def _at_release(service: Service, name: str | None, view: View) -> View:
    if name is not None:
        return requested_view.both_clocks(service, name, view)
    raise query_parameters.invalid(
        [
            Fault(
                parameter="release",
                code="conflict",
                detail="发布的编号属于一个数据集，不能用于全部数据集的订阅。",
                detail_en="The number of a release is one dataset's own; the feed of all has none.",
            )
        ]
    )


def scope_at(service: Service, address: str) -> Scope:
    """What the feed at an address of this site is of: a path such as ``/feeds/all.atom``, or the whole.

    Raises ``ProblemError`` and ``LogError`` as the feed itself does, and for an archive or a past state.
    """
    path, _, query = address.removeprefix(service.site.base).partition("?")
    found = re.fullmatch(rf"/feeds/([a-z0-9-]+)\.(?:{'|'.join(FORMS)})", path)
    if found is None:
        raise ProblemError("no-such-route")
    call = Call({"dataset": found[1]}, query.encode(), path)
    if found[1] == SEARCH:
        scope, asked, *_ = _searched(service, call)
    else:
        asked, scope = _scope(service, call)
        datasets_of(service.log, scope)
    if asked.archive is not None or asked.view != View():
        raise ProblemError("no-such-route")
    return scope


def _kinds(asked: Parameters) -> tuple[str, ...]:
    kinds = asked.values_of("change")
    for kind in kinds:
        if kind not in TERMS:
            near = query_parameters.nearest(kind, TERMS)
            every = ", ".join(TERMS)
            raise _fault("change", f"没有这种变化；有：{every}。", f"No such kind; there are: {every}.", near)
    return kinds


def _selected(service: Service, scope: Scope, archive: int | None) -> Selection:
    try:
        return selection.plain(service.log, scope, archive)
    except NoSuchArchiveError:
        raise no_such_archive() from None


def no_such_archive() -> ProblemError:
    """What :class:`NoSuchArchiveError` is to whoever asked."""
    return _fault(
        "archive", "没有这份存档；请从订阅的 prev-archive 进入。", "No such archive; follow prev-archive."
    )


def _fault(parameter: str, zh: str, en: str, near: str | None = None) -> ProblemError:
    return query_parameters.invalid(
        [Fault(parameter=parameter, code="bad-value", detail=zh, detail_en=en, nearest=near)]
    )


def _validity(service: Service, name: str | None) -> Validity:
    """No feed is immutable: what is withdrawn or erased later leaves the feeds of every day, archives too.

    ``modified`` is that of the releases, not of the changes: an erasure takes words out and adds no entry.
    """
    sequence = service.log.queries.sequence(name)
    if name is not None:
        return Validity((sequence,), service.published_at(name, sequence))
    # Before anything is published a feed tells when the first dataset was made.
    made = () if sequence else tuple(dataset.name for dataset in service.log.datasets.all())
    return Validity((sequence, *made), service.published_anywhere(sequence))


ROUTES: Mapping[Form, Route] = {form: _of_log(form) for form in FORMS}
"""By the suffix that asks for them."""
SEARCHED: tuple[AnyRoute, ...] = (*(_of_search(form) for form in FORMS), get_opml)


_SOURCES_GRAMMAR = Grammar(names=frozenset({"archive"}))


def _of_sources(form: Form) -> Route:
    operation = Operation(
        name=f"get_sources_{form}_feed",
        path=f"/feeds/{SOURCES}.{form}",
        tag="订阅",
        summary=f"来源网页的变化（{TITLES[form]}）",
        description="所采集的网页在来源网站上的变化、消失和恢复，新的在前，至多200条；"
        "更早的见存档。\n\nPages of the collected sites that changed, disappeared or returned; "
        "the newest, up to 200. What is older is in the archives.",
        parameters=(ARCHIVE,),
        media_type=FORMS[form] + ("" if form == "json" else "; charset=utf-8"),
    )

    def handle(service: Service, call: Call) -> Reply:
        asked = query_parameters.parse(call.query, _SOURCES_GRAMMAR)
        noticed = service.log.evidence.notices_version()

        def build() -> bytes:
            try:
                return sources_feed(service.log, form, asked.archive)
            except NoSuchArchiveError:
                raise no_such_archive() from None

        return Reply(Validity(("sources", noticed)), build)

    return Route(operation, handle)


OF_SOURCES: tuple[AnyRoute, ...] = tuple(_of_sources(form) for form in FORMS)
