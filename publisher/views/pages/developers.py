"""For developers: the API in one page, of examples that are run as the page is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.log.model import RecordQuery
from publisher.views.api.routes import changes, comparison, datasets, records, search
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar
from publisher.web.route import AsyncReply, AsyncRoute, Call, Route
from publisher.web.service import Service
from search.contract import SearchError

_PLAIN = Grammar()
_ITEMS = 1
"""Items of a list that an example shows."""
_TEXT = 60
"""Characters of a text that it shows."""
_encode = msgspec.json.Encoder(decimal_format="string").encode


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that the page puts to the API."""

    title: tuple[str, str]
    route: Route | AsyncRoute
    names: Mapping[str, str]
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    address: str
    """Absolute, as it is put into a program."""
    link: str
    answer: str
    """JSON, abridged; empty while search is away."""


async def developers(press: Press, visit: Visit) -> AsyncReply:
    visit.asked(_PLAIN)
    service = visit.service
    sequence, day, kept = await sync_to_thread(_state, service)
    try:
        position: int | None = await service.search.position()
    except SearchError:
        position = None
    head = Head(
        title=visit.t("开发者说明", "For developers"),
        description=visit.t(
            "只读接口，无须注册；示例均在本站实际执行。",
            "A read-only API without registration; the examples were run on this site.",
        ),
    )

    async def build() -> bytes:
        asked = await sync_to_thread(_questions, service)
        shown = [await _run(visit, one) for one in asked]
        return press.page("developers.html", visit, head, examples=shown)

    return AsyncReply(Validity((sequence, day, kept, position)), build, HEADERS)


def _state(service: Service) -> tuple[object, ...]:
    return (*service.log.queries.validator(), service.log.datasets.all())


def _questions(service: Service) -> list[_Asked]:
    """Of the list with most releases and its first record."""
    log = service.log
    asked = [_Asked(("全部数据集", "Every dataset"), datasets.list_datasets, {})]
    kept = max(log.datasets.all(), key=lambda d: len(log.queries.releases(d.name)), default=None)
    if kept is None:
        return asked
    name = {"dataset": kept.name}
    releases = log.queries.releases(kept.name)
    asked.append(
        _Asked(
            ("筛选、排序、统计", "Filter, sort, count"),
            records.list_records,
            name,
            (("limit", "1"), ("facets", "part")),
        )
    )
    found = log.queries.records(kept.name, RecordQuery(limit=1)).records
    if found:
        one = {**name, "record": found[0].id}
        asked.append(_Asked(("一条记录", "One record"), records.get_record, one))
        asked.append(_Asked(("历次变化", "Its history"), changes.get_history, one))
        asked.append(
            _Asked(
                ("搜索", "Search"),
                search.search,
                {},
                (("q", found[0].title[:20]), ("facets", "dataset"), ("limit", "1")),
            )
        )
    if len(releases) > 1:
        earlier, later = sorted(r.number for r in releases)[-2:]
        day = min(r.effective_on for r in releases).isoformat()
        asked.append(
            _Asked(
                ("历史日期的清单", "The list on a past date"),
                records.list_records,
                name,
                (("as_of", day), ("limit", "1")),
            )
        )
        asked.append(
            _Asked(
                ("比较两次发布", "Compare two releases"),
                comparison.compare_states,
                name,
                (("from", str(earlier)), ("to", str(later))),
            )
        )
    asked.append(
        _Asked(
            ("镜像：从头取全部变化", "A mirror: every change from the beginning"),
            changes.list_changes,
            name,
            (("since", "0"), ("limit", "1")),
        )
    )
    return asked


async def _run(visit: Visit, asked: _Asked) -> Example:
    path = asked.route.operation.path.format_map(asked.names)
    query = urlencode(asked.query)
    call = Call(asked.names, query.encode(), path)
    try:
        if isinstance(asked.route, AsyncRoute):
            reply = await asked.route.handle(visit.service, call)
            answer = await reply.build()
        else:
            answer = await sync_to_thread(_answered, asked.route, visit.service, call)
    except SearchError:
        answer = None
    shown = "" if answer is None else _printed(answer)
    return Example(
        visit.t(*asked.title),
        visit.service.link(quote(path)) + (f"?{query}" if query else ""),
        visit.link(path, asked.query),
        shown,
    )


def _answered(route: Route, service: Service, call: Call) -> Any:
    with service.log.snapshot():
        return route.handle(service, call).build()


def _printed(answer: Any) -> str:
    encoded = answer if isinstance(answer, bytes) else _encode(answer)
    return msgspec.json.format(_encode(_abridged(msgspec.json.decode(encoded))), indent=2).decode()


def _abridged(value: Any) -> Any:
    match value:
        case dict():
            return {name: _abridged(one) for name, one in value.items()}
        case list():
            kept = [_abridged(one) for one in value[:_ITEMS]]
            return kept if len(value) <= _ITEMS else [*kept, f"…（共{len(value)}项）"]
        case str() if len(value) > _TEXT:
            return f"{value[:_TEXT]}…"
        case _:
            return value
