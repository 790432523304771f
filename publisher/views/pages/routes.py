"""Every page's address and what prints it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from openapi.operation import Operation
from publisher.views.pages import (
    comparison,
    dataset,
    developers,
    error,
    home,
    record,
    record_sitemap,
    release,
    results_file,
    search,
)
from publisher.views.pages.printing import page_request
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HTML, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, AsyncReply, AsyncRoute, Call, Reply, Route
from publisher.web.service import Service

type Page = Callable[[Press, Visit], Reply]
type Waiting = Callable[[Press, Visit], Awaitable[AsyncReply]]

_NAME = re.compile(r"([a-z-]+)\.[0-9a-f]{10}\.([a-z]+)")

PAGES: dict[str, Page] = {
    "/": home.home,
    "/datasets/{dataset}": dataset.dataset,
    "/datasets/{dataset}/compare": comparison.compare,
    "/datasets/{dataset}/releases/{number}": release.release,
    "/problems/{code}": error.kind,
}
WAITING: dict[str, Waiting] = {"/search": search.search, "/developers": developers.developers}
"""Pages that ask the search engine."""
RECORD = "/datasets/{dataset}/records/{record}"


def routes(press: Press) -> tuple[AnyRoute, ...]:
    return (
        *(_page(path, press, page) for path, page in PAGES.items()),
        _page("/datasets/{dataset}/sitemaps/{number}", press, record_sitemap.of_records, record_sitemap.XML),
        *(_waiting(path, press, page) for path, page in WAITING.items()),
        replace(_waiting(RECORD, press, record.record), runs="loop"),
        _taken("/search.csv", results_file.CSV, results_file.as_csv),
        _taken("/search.xlsx", results_file.XLSX, results_file.as_xlsx),
        Route(_operation("/assets/{name}", "application/octet-stream"), _asset(press), "loop"),
    )


def _operation(path: str, media_type: str = HTML) -> Operation:
    return Operation(
        name=f"page:{path}", path=path, tag="", summary="", description="", media_type=media_type
    )


def _page(path: str, press: Press, page: Page, media_type: str = HTML) -> Route:
    return Route(
        _operation(path, media_type), lambda service, call: page(press, page_request.of(service, call))
    )


def _waiting(path: str, press: Press, page: Waiting) -> AsyncRoute:
    async def handle(service: Service, call: Call) -> AsyncReply:
        return await page(press, page_request.of(service, call))

    return AsyncRoute(_operation(path), handle)


def _taken(path: str, media_type: str, take: Callable[[Visit], Awaitable[AsyncReply]]) -> AsyncRoute:
    async def handle(service: Service, call: Call) -> AsyncReply:
        return await take(page_request.of(service, call))

    return AsyncRoute(_operation(path, media_type), handle)


def _asset(press: Press) -> Callable[[Service, Call], Reply]:
    """A file as it is now, whatever digest is asked for: a page that was kept may be older than it."""

    def handle(_: Service, call: Call) -> Reply:
        asked = _NAME.fullmatch(call.path["name"])
        asset = press.assets.get(f"{asked[1]}.{asked[2]}") if asked else None
        if asset is None:
            raise ProblemError("no-such-route")
        lasting = call.path["name"] == asset.name
        return Reply(
            Validity((asset.name,), immutable=lasting), lambda: asset.body, {"content-type": asset.media_type}
        )

    return handle
