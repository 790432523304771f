"""The endpoints under ``/ogc``: HTTP in front of :mod:`publisher.views.ogc.resources`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.types import HTTPScope
from sqlalchemy.exc import OperationalError

from publisher.log.clocks import micros
from publisher.log.model import LogError
from publisher.views.api import requested_view
from publisher.views.ogc import parameters
from publisher.views.ogc import resources as answering
from publisher.views.ogc.errors import OgcError, invalid, not_found
from publisher.views.ogc.plain_pages import Sheets
from publisher.views.ogc.records import search
from publisher.views.ogc.resources import Handler, Request
from publisher.views.ogc.site import CATALOGUE, HOME, Geo, straight
from publisher.views.pages.printing.templates import HEADERS, HTML, Asset
from publisher.web import conditional_requests
from publisher.web.litestar_adapter import Outcome
from publisher.web.route import Endpoint, Respond
from publisher.web.service import Service
from search import contract

_LOG = logging.getLogger("publisher.views.ogc")
_VARY = {"vary": "Accept, Accept-Language, Accept-Encoding"}
MOST_FOUND = 20_000
"""Records that the words of ``q`` may hold; more are refused, never cut."""
_HITS_AT_ONCE = 1000

_PATHS: Mapping[str, Handler] = {
    "": answering.landing,
    "/conformance": answering.conforms,
    "/api": answering.api,
    "/collections": answering.list_collections,
    "/collections/{collection}": answering.collection,
    "/collections/{collection}/queryables": answering.queryables,
    "/collections/{collection}/schema": answering.schema,
    "/collections/{collection}/items": answering.list_items,
    "/collections/{collection}/items/{item}": answering.one_item,
}
_QUICK = (answering.list_items, answering.one_item)
"""What is asked for most."""


def opened(service: Service, boundaries: Path | None, assets: Mapping[str, Asset]) -> Geo:
    """What all of ``/ogc`` shares; pygeoapi itself is loaded by the first request that needs it.

    ``assets``: the files of the site's pages, by name. ``boundaries``: see
    :mod:`publisher.views.ogc.boundaries`.
    Raises ``LogError('bad-boundaries')``.
    """
    geo = Geo(service, Sheets(service.site, assets), boundaries)
    geo.check()
    return geo


def endpoints(geo: Geo) -> list[Endpoint]:
    """Everything under ``/ogc``."""
    resources = [
        Endpoint(HOME + path, _responder(geo, handle), handle in _QUICK) for path, handle in _PATHS.items()
    ]
    return [*resources, Endpoint(f"{HOME}/{{rest:path}}", _nowhere)]


def _responder(geo: Geo, handle: Handler) -> Respond:
    async def respond(scope: HTTPScope, names: Mapping[str, str]) -> Outcome:
        raw, path = scope["query_string"], scope["path"]
        asked = Request(raw, conditional_requests.request_headers(scope["headers"]), names)
        try:
            if handle is answering.list_items and b"q=" in raw:
                asked = await _searched(geo, asked)
            # One record of a database in this process takes less than the hop to a thread and back.
            if handle is answering.one_item and geo.service.embedded and straight(names["collection"]):
                return _answered(geo, handle, asked, path)
            return await sync_to_thread(_answered, geo, handle, asked, path)
        except Exception as error:  # noqa: BLE001 - the edge: each becomes an answer, and is logged where it is ours
            return _failed(error, raw, path)

    return respond


async def _nowhere(scope: HTTPScope, _: Mapping[str, str]) -> Outcome:
    error = not_found("没有这个地址。", "There is no such address.")
    return _failed(error, scope["query_string"], scope["path"])


def _answered(geo: Geo, handle: Handler, request: Request, path: str) -> Outcome:
    with geo.service.log.snapshot():
        answer = handle(geo, request)
        address = path.encode() + b"?" + request.query
        tag = conditional_requests.etag(answer.validity, version=geo.service.version, address=address)
        headers = {**answer.validity.headers(tag), **_VARY, "content-language": answer.language}
        if answer.link:
            headers["link"] = answer.link
        if answer.media == HTML:
            headers |= HEADERS
        if conditional_requests.is_unchanged(answer.validity, tag, request.headers):
            return Outcome(304, headers, b"")
        body = answer.build()
    return Outcome(200, {**headers, "content-type": answer.media}, body)


async def _searched(geo: Geo, request: Request) -> Request:
    """The request with the records that hold the words of ``q``, of the state that it asks about.

    Raises :class:`OgcError` (400) and ``SearchError``.
    """
    found = parse_qs(request.query.decode(errors="replace"), keep_blank_values=True).get("q")
    if found is None:
        return request
    name = request.names["collection"]
    datasets, view = await sync_to_thread(_scope, geo, name, request)
    text = found[0].strip()
    if not text:
        raise invalid("q", "请给出搜索词。", "enter a search term.")
    position = await geo.service.search.position()
    # The catalogue's words stand in this order, side by side (20-004r1, q-response): a phrase to the engine.
    texts = list(map(search.quoted, search.terms(text))) if name == CATALOGUE else [text]
    records: dict[str, list[str]] = {dataset: [] for dataset in datasets}
    for part in texts if datasets else ():
        wanted = replace(view, text=part, filters={"dataset": tuple(datasets)})
        await _collect(geo, wanted, records)
    return replace(request, found=records, position=position)


def _scope(geo: Geo, name: str, request: Request) -> tuple[Sequence[str], contract.Request]:
    values = {key: given[0] for key, given in parse_qs(request.query.decode(errors="replace")).items()}
    view, log = parameters.view(values), geo.service.log
    begin_end = parameters.during(values.get("datetime"))
    if name == CATALOGUE:
        datasets, begin_end = [dataset.name for dataset in search.policies(geo)], None
    else:
        datasets = [geo.dataset(name).name]
    day, known = requested_view.day(geo.service, view), view.known_at
    if begin_end is not None:
        day = begin_end[1] or geo.service.today()
    if view.release is not None:
        release = log.queries.release(datasets[0], view.release)
        day, known = release.effective_on, release.published_at
    asked = contract.Request(
        text="",
        as_of=day.toordinal(),
        known_at=contract.FOREVER - 1 if known is None else micros(known),
        limit=_HITS_AT_ONCE,
        highlight=False,
    )
    return datasets, asked


async def _collect(geo: Geo, wanted: contract.Request, records: dict[str, list[str]]) -> None:
    cursor: str | None = None
    while True:
        page = await geo.service.search.search(replace(wanted, cursor=cursor))
        if page.total > MOST_FOUND:
            raise invalid(
                "q",
                f"命中{page.total}条，超过上限{MOST_FOUND}条，请使用更具体的搜索词。",
                f"{page.total} records match; use more specific terms (at most {MOST_FOUND}).",
            )
        for hit in page.hits:
            records[hit.dataset].append(hit.record)
        cursor = page.cursor
        if cursor is None:
            return


def _failed(error: Exception, raw: bytes, path: str) -> Outcome:
    told = _exception(error)
    if told.status == 500:
        _LOG.error("GET %s failed", path, exc_info=error)
    values = {key: given[0] for key, given in parse_qs(raw.decode(errors="replace")).items()}
    description = told.en if values.get("lang", "").lower().startswith("en") else f"{told.zh} / {told.en}"
    body = {"code": told.code, "type": told.code, "description": description}
    headers = {"cache-control": "no-store", **_VARY, **told.headers, "content-type": "application/json"}
    return Outcome(told.status, headers, msgspec.json.encode(body))


def _exception(error: Exception) -> OgcError:
    match error:
        case OgcError():
            return error
        case LogError() if (told := answering.failure(error)) is not None:
            return told
        case contract.SearchError():
            return _unavailable("搜索暂不可用。", "Search is temporarily unavailable.", error.retry_after)
        case OperationalError() | LogError(code="busy"):
            return _unavailable("数据库暂不可用。", "The database is temporarily unavailable.", 5)
        case _:
            return OgcError(500, "NoApplicableCode", "服务器内部错误。", "Internal error.")


def _unavailable(zh: str, en: str, seconds: int) -> OgcError:
    return OgcError(503, "NoApplicableCode", zh, en, headers={"retry-after": str(seconds)})
