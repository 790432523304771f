"""The start of the pages for developers: examples of API requests, executed when the page is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.log.log import Log
from publisher.log.model import Dataset, RecordQuery
from publisher.views.api.routes import changes, comparison, datasets, records, search
from publisher.views.pages import home
from publisher.views.pages.developers import documentation
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, NO_STORE, Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply, AsyncRoute, Call, Route
from publisher.web.service import Service
from search.contract import SearchError

_ITEMS = 1
"""Maximum number of items of a list in an example."""
_MOST_CANDIDATES = 5
"""Number of lists that are looked at for the example of a filter."""
_TEXT = 60
"""Maximum length of a text in an example, in characters."""
_encode = msgspec.json.Encoder(decimal_format="string").encode


class _ExampleRequest(msgspec.Struct, frozen=True):
    """An example request to the API."""

    title: tuple[str, str]
    route: Route | AsyncRoute
    names: Mapping[str, str]
    query: tuple[tuple[str, str], ...] = ()


class Example(msgspec.Struct, frozen=True):
    title: str
    address: str
    """Absolute address, for use in a program."""
    link: str
    answer: str
    """Abridged JSON; empty while search is unavailable."""


async def developers(press: Press, visit: Visit) -> AsyncReply:
    visit.refuse_parameters()
    service = visit.service
    site_datasets, sequence, day = await sync_to_thread(home.read_state, service)
    position = await home.search_position(service)
    head = Head(
        title=visit.t("开发者说明", "For developers"),
        description=visit.t(
            "只读接口，无须注册；示例均在本站实际执行。",
            "A read-only API without registration; the examples were run on this site.",
        ),
    )

    async def render(*, searches: bool) -> bytes:
        requests = await sync_to_thread(_example_requests, service)
        examples = [await _run(visit, request, searches=searches) for request in requests]
        groups = await sync_to_thread(documentation.list_documents, visit)
        return press.page("developers.html", visit, head, examples=examples, groups=groups)

    tokens = (sequence, day, site_datasets, position)
    key = (visit.call.address, visit.call.query, visit.site, tokens)
    more_headers: dict[str, str] = {}

    async def build() -> bytes:
        try:
            return await service.page_cache.find(key, partial(render, searches=position is not None))
        except SearchError:  # search became unavailable meanwhile: the page is not that of its ETag
            more_headers.update(NO_STORE)
            return await render(searches=False)

    return AsyncReply(Validity(tokens), build, HEADERS, lambda _: more_headers)


def find_example_dataset(log: Log) -> Dataset | None:
    """Find the dataset with the most releases."""
    return next(iter(_by_number_of_releases(log)), None)


def _by_number_of_releases(log: Log) -> Sequence[Dataset]:
    """List the datasets, that with the most releases first."""
    return sorted(log.datasets.all(), key=lambda d: -len(log.queries.releases(d.name)))


def _example_requests(service: Service) -> list[_ExampleRequest]:
    """Build requests about the dataset with the most releases and its first record."""
    log = service.log
    requests = [_ExampleRequest(("全部数据集", "Every dataset"), datasets.list_datasets, {})]
    by_releases = _by_number_of_releases(log)
    if not by_releases:
        return requests
    dataset = by_releases[0].name
    requests += filter(None, [_filter_request(log, by_releases[:_MOST_CANDIDATES])])
    requests += _record_requests(log, dataset)
    requests += _time_requests(log, dataset)
    requests.append(
        _ExampleRequest(
            ("镜像：从头取全部变化", "A mirror: every change from the beginning"),
            changes.list_changes,
            {"dataset": dataset},
            (("since", "0"), ("limit", "1")),
        )
    )
    return requests


def _record_requests(log: Log, dataset: str) -> Iterator[_ExampleRequest]:
    """Yield requests about the first record of a dataset, if there is one."""
    for record in log.queries.records(dataset, RecordQuery(limit=1)).records:
        names = {"dataset": dataset, "record": record.id}
        yield _ExampleRequest(("一条记录", "One record"), records.get_record, names)
        yield _ExampleRequest(("历次变化", "Its history"), changes.get_history, names)
        query = (("q", record.title[:20]), ("facets", "dataset"), ("limit", "1"))
        yield _ExampleRequest(("搜索", "Search"), search.search, {}, query)


def _time_requests(log: Log, dataset: str) -> Iterator[_ExampleRequest]:
    """Yield requests for the state on the first day and for the last change, if there are two releases."""
    releases = log.queries.releases(dataset)
    if len(releases) < 2:
        return
    earlier, later = sorted(r.number for r in releases)[-2:]
    day = min(r.effective_on for r in releases).isoformat()
    yield _ExampleRequest(
        ("历史日期的清单", "The list on a past date"),
        records.list_records,
        {"dataset": dataset},
        (("as_of", day), ("limit", "1")),
    )
    yield _ExampleRequest(
        ("比较两次发布", "Compare two releases"),
        comparison.compare_states,
        {"dataset": dataset},
        (("from", str(earlier)), ("to", str(later))),
    )


def _filter_request(log: Log, candidates: Sequence[Dataset]) -> _ExampleRequest | None:
    """Build a request that filters, sorts and counts, on a list where this selects some of many records."""
    for dataset in candidates:
        catalogue = log.queries.catalogue(dataset.name)
        facets = tuple(field.name for field in catalogue.fields if field.facet and not field.personal)
        page = log.queries.records(dataset.name, RecordQuery(limit=1, facets=facets))
        selective = {
            field: values[0][0]
            for field, values in page.facets.items()
            if len(values) > 1 and 1 < values[0][1] < (page.total or 0)
        }
        if selective:
            field, value = next(iter(selective.items()))
            facet_names = ",".join(list(selective)[:2])
            query = (
                (field, value),
                ("sort", f"-{catalogue.title_field}"),
                ("facets", facet_names),
                ("limit", "2"),
            )
            title = ("筛选、排序、统计", "Filter, sort, count")
            return _ExampleRequest(title, records.list_records, {"dataset": dataset.name}, query)
    return None


async def _run(visit: Visit, request: _ExampleRequest, *, searches: bool) -> Example:
    """Run a request, unless it is a search and ``searches`` is false. Raises ``SearchError``."""
    path = request.route.operation.path.format_map(request.names)
    query = urlencode(request.query)
    call = Call(request.names, query.encode(), path)
    answer = None
    if isinstance(request.route, Route):
        answer = await sync_to_thread(_call_route, request.route, visit.service, call)
    elif searches:
        reply = await request.route.handle(visit.service, call)
        answer = await reply.build()
    text = "" if answer is None else format_json(answer)
    return Example(
        visit.t(*request.title),
        visit.service.link(quote(path)) + (f"?{query}" if query else ""),
        visit.link(path, request.query),
        text,
    )


def _call_route(route: Route, service: Service, call: Call) -> Any:
    with service.log.snapshot():
        return route.handle(service, call).build()


def format_json(answer: Any) -> str:
    """Format an answer as indented JSON: of each list its first item, of each text its beginning."""
    encoded = answer if isinstance(answer, bytes) else _encode(answer)
    return msgspec.json.format(_encode(_abridge(msgspec.json.decode(encoded))), indent=2).decode()


def _abridge(value: Any) -> Any:
    match value:
        case dict():
            return {name: _abridge(member) for name, member in value.items()}
        case list():
            items = [_abridge(item) for item in value[:_ITEMS]]
            return items if len(value) <= _ITEMS else [*items, f"…（共{len(value)}项）"]
        case str() if len(value) > _TEXT:
            return f"{value[:_TEXT]}…"
        case _:
            return value
