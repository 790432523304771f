"""Addresses of all pages and their handlers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from msgspec import structs

from openapi.operation import Operation
from publisher.inbox.follower import CONFIRM, LEAVE
from publisher.log.clocks import start_of
from publisher.log.descriptions import SiteDetails
from publisher.log.model import LogError
from publisher.views.api import requested_view
from publisher.views.pages import (
    comparison,
    dataset,
    error,
    home,
    opensearch,
    origin,
    record,
    record_sitemap,
    records_file,
    release,
    results_file,
    search,
    verification,
)
from publisher.views.pages.changes import change_files, change_list
from publisher.views.pages.commitments import commitment_files, commitment_list, single_commitment
from publisher.views.pages.corrections import accepted, form, receipt
from publisher.views.pages.developers import api_reference, documentation, documents, examples
from publisher.views.pages.findings import check, finding_files, finding_list, single_finding
from publisher.views.pages.follow import choice, follow
from publisher.views.pages.legal_notices import legal_notice
from publisher.views.pages.limits import limit_shares
from publisher.views.pages.printing import page_request, table_file
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import FileHandler
from publisher.views.pages.printing.templates import HTML, Press
from publisher.views.pages.works import effect_feeds, work, work_files, work_list
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.views.syndication.scope import Form
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, AsyncReply, AsyncRoute, Call, FileRoute, Reply, Route
from publisher.web.service import DatedDetails, Service

type Page = Callable[[Press, Visit], Reply]
type AsyncPage = Callable[[Press, Visit], Awaitable[AsyncReply]]

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_NAME = re.compile(r"([a-z-]+)\.[0-9a-f]{10}\.([a-z]+)")

PAGES: dict[str, Page] = {
    "/datasets/{dataset}/releases/{number}": release.release,
    "/datasets/{dataset}/records/{record}/revisions/{revision}": origin.origin,
    "/findings/{finding}": single_finding.single_finding,
    "/checks/{code}": check.check,
    "/commitments/{record}": single_commitment.single_commitment,
    work.PATH: work.work,
    "/problems/{code}": error.problem_kind,
    "/verify": verification.verification,
    accepted.PATH: accepted.accepted,
    **legal_notice.PAGES,
    "/docs": api_reference.api_reference,
    f"{documents.HOME}/{{document}}": documentation.documentation,
    f"{documents.HOME}/{{folder}}/{{page}}": documentation.documentation,
}
UNCACHED: dict[str, Page] = {
    form.PATH: form.correction_form,
    receipt.PATH: receipt.receipt,
    follow.SENT: follow.sent,
    CONFIRM: choice.confirm,
    LEAVE: choice.leave,
}
"""Pages that no cache may store."""
QUERIES: dict[str, Page] = {
    "/datasets/{dataset}": dataset.dataset,
    "/datasets/{dataset}/compare": comparison.compare,
    "/findings": finding_list.finding_list,
    "/changes": change_list.change_list,
    "/limits": limit_shares.limit_shares,
    "/commitments": commitment_list.commitment_list,
    work_list.PATH: work_list.work_list,
}
"""Pages of lists and comparisons, which may take long."""
ASYNC_PAGES: dict[str, AsyncPage] = {
    "/": home.home,
    "/search": search.search,
    documents.HOME: examples.developers,
}
"""Pages that query the search engine. That of a record is asynchronous too, because documents are long."""
RECORD = "/datasets/{dataset}/records/{record}"
IMAGES = ("favicon.ico", "icon.png", "share.png")
"""Images at addresses that stay, because feeds and link previews outlive their digests."""


def routes(press: Press) -> tuple[AnyRoute, ...]:
    return (
        *(_page(path, press, page) for path, page in PAGES.items()),
        *(_uncached(_page(path, press, page)) for path, page in UNCACHED.items()),
        *(structs.replace(_page(path, press, page), runs="query") for path, page in QUERIES.items()),
        _page(
            "/datasets/{dataset}/sitemaps/{number}",
            press,
            record_sitemap.render_record_sitemap,
            record_sitemap.XML,
        ),
        _page(f"{documents.HOME}/sitemap.xml", press, documentation.render_sitemap, record_sitemap.XML),
        *(_async_page(path, press, page) for path, page in ASYNC_PAGES.items()),
        _uncached(_async_page(follow.PATH, press, follow.follow)),
        _async_page(RECORD, press, record.record),
        *_list_files("/search", results_file.results_as, ("csv", "xlsx")),
        _file("/datasets/{dataset}/records.csv", table_file.CSV, records_file.as_csv),
        _file("/datasets/{dataset}/records.xlsx", table_file.XLSX, records_file.as_xlsx),
        *_list_files("/changes", change_files.changes_as),
        *_list_feeds("/changes", change_files.as_feed),
        *_list_files("/commitments", commitment_files.commitments_as, ("csv", "xlsx")),
        FileRoute(_operation("/commitments.ics", commitment_files.MEDIA), commitment_files.calendar_file),
        *_list_feeds("/commitments", commitment_files.as_feed),
        *_list_files("/findings", finding_files.findings_as),
        *_list_files("/limits", limit_shares.shares_as),
        *_list_files("/works", work_files.works_as),
        *_list_files("/effects", work_files.effects_as),
        *_list_feeds("/effects", effect_feeds.as_feed),
        *_list_feeds("/findings", finding_files.as_feed),
        Route(_operation(f"{documents.EXAMPLES}/{{name}}", documentation.TEXT), documentation.example),
        Route(_operation(f"{documents.PICTURES}/{{name}}", documentation.WEBP), documentation.picture),
        Route(_operation("/assets/{name}", "application/octet-stream"), _asset(press), "loop"),
        *(_image(press, name) for name in IMAGES),
        _page("/opensearch.xml", press, opensearch.opensearch, opensearch.XML),
    )


def _operation(path: str, media_type: str = HTML) -> Operation:
    return Operation(
        name=f"page:{path}", path=path, tag="", summary="", description="", media_type=media_type
    )


def _page(path: str, press: Press, page: Page, media_type: str = HTML) -> Route:
    def handle(service: Service, call: Call) -> Reply:
        site = service.site_details()
        visit = _parse_visit(service, call, site.details)
        reply = page(press, visit)
        return structs.replace(reply, validity=_add_frame(visit, site, reply.validity))

    return Route(_operation(path, media_type), handle)


def _parse_visit(service: Service, call: Call, details: SiteDetails) -> Visit:
    """Parse the request. A pinned page shows the name of the site at the time of its release."""
    visit = page_request.parse_visit(service, call, details)
    number, dataset = "".join(visit.values("release")[-1:]), call.path.get("dataset")
    if dataset is None or not _NUMBER.fullmatch(number):
        return visit
    with suppress(LogError):  # the page says what is wrong with its address
        return replace(visit, site=service.pinned_details(details, dataset, int(number)))
    return visit


def _add_frame(visit: Visit, site: DatedDetails, validity: Validity) -> Validity:
    """Add to a validity what every page shows: the site's details, its forms and notes on a restoration.

    Settings and templates change without a time, so no time decides whether a page is unchanged. A page of a
    coming day says that it is not yet in force, until that day.
    """
    start, day = visit.service.start, visit.view.as_of
    forms, restoration = (start.takes_corrections, start.sends_mail), (start.missing, start.succession)
    came = None if day is None or visit.is_ahead else start_of(day)
    validity = validity.extended(visit.is_ahead, came)
    validity = validity.extended((site.details, forms, restoration), site.changed_at)
    return structs.replace(validity, decides=False)


def _uncached[Kind: Route | AsyncRoute](route: Kind) -> Kind:
    """Return the route with responses that no cache may store."""
    return structs.replace(route, operation=structs.replace(route.operation, conditional=False))


def _async_page(path: str, press: Press, page: AsyncPage) -> AsyncRoute:
    async def handle(service: Service, call: Call) -> AsyncReply:
        site = await page_request.run_read(service, service.site_details)
        visit = _parse_visit(service, call, site.details)
        reply = await page(press, visit)
        return structs.replace(reply, validity=_add_frame(visit, site, reply.validity))

    return AsyncRoute(_operation(path), handle)


def _file(path: str, media_type: str, handler: FileHandler) -> AsyncRoute:
    async def handle(service: Service, call: Call) -> AsyncReply:
        return await handler(page_request.parse_visit(service, call))

    return AsyncRoute(_operation(path, media_type), handle, "file")


def _list_files(
    path: str, make: Callable[[str], FileHandler], suffixes: Iterable[str] = table_file.MEDIA
) -> Iterator[AsyncRoute]:
    for suffix in suffixes:
        yield _file(f"{path}.{suffix}", table_file.MEDIA[suffix], make(suffix))


def _list_feeds(path: str, make: Callable[[Form], FileHandler]) -> Iterator[AsyncRoute]:
    for suffix, feed_format in FEED_FORMATS.items():
        yield _file(f"{path}.{suffix}", feed_format.content_type, make(suffix))


def _image(press: Press, name: str) -> Route:
    asset = press.assets[name]

    def handle(service: Service, call: Call) -> Reply:
        requested_view.refuse_parameters(call)
        return Reply(Validity((asset.name,), service.start.started_at, decides=False), lambda: asset.body)

    return Route(_operation(f"/{name}", asset.media_type), handle, "loop")


def _asset(press: Press) -> Callable[[Service, Call], Reply]:
    """Serve the current file for any digest: a cached page may be older than the file."""

    def handle(service: Service, call: Call) -> Reply:
        match = _NAME.fullmatch(call.path["name"])
        asset = press.assets.get(f"{match[1]}.{match[2]}") if match else None
        if asset is None:
            raise ProblemError("no-such-route")
        is_current = call.path["name"] == asset.name
        validity = Validity((asset.name,), service.start.started_at, decides=False, immutable=is_current)
        return Reply(validity, lambda: asset.body, {"content-type": asset.media_type})

    return handle
