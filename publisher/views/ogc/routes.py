"""Endpoints under ``/ogc``. The handlers are in :mod:`publisher.views.ogc.resources`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.types import HTTPScope, Receive
from msgspec import structs

from publisher.log.clocks import known_instant
from publisher.log.model import View
from publisher.views.api import requested_view
from publisher.views.ogc import parameters, resources
from publisher.views.ogc.errors import OgcError, invalid, not_found
from publisher.views.ogc.plain_pages import PlainPages
from publisher.views.ogc.records import search
from publisher.views.ogc.resources import Handler, Request
from publisher.views.ogc.site import DATA_CATALOG, DIVISIONS, HOME, Geo, is_dataset_collection
from publisher.views.pages.printing.templates import HEADERS, HTML, Press
from publisher.web import conditional_requests
from publisher.web.bytes_response import BytesResponse
from publisher.web.endpoints import run_query
from publisher.web.error_log import ErrorLog
from publisher.web.error_responses import log_failure, problem_of
from publisher.web.query_parameters import MAX_QUERY
from publisher.web.route import Endpoint, Respond
from publisher.web.service import Service
from search import contract

_VARY = {"vary": "Accept, Accept-Language, Accept-Encoding"}
MAX_MATCHES = 20_000
"""Maximum number of records that the words of ``q`` may match. More are an error, never truncated."""
_HITS_AT_ONCE = 1000
_CODES = {400: "InvalidParameterValue", 404: "NotFound", 410: "Gone"}
"""Status → exception code."""

_PATHS: Mapping[str, Handler] = {
    "": resources.get_landing_page,
    "/conformance": resources.get_conformance,
    "/api": resources.get_api,
    "/collections": resources.list_collections,
    "/collections/{collection}": resources.get_collection,
    "/collections/{collection}/queryables": resources.get_queryables,
    "/collections/{collection}/schema": resources.get_schema,
    "/collections/{collection}/items": resources.list_items,
    "/collections/{collection}/items/{item}": resources.get_item,
}
_QUICK = (resources.list_items, resources.get_item)
"""The resources with the most requests."""


def open_geo(service: Service, boundaries: Path | None, press: Press) -> Geo:
    """Open the state that all of ``/ogc`` shares. The first request that needs pygeoapi loads it.

    ``press``: renders the head and the foot of the site's pages. ``boundaries``: see
    :mod:`publisher.views.ogc.boundaries`.
    Raises ``LogError('bad-boundaries')``.
    """
    pages = PlainPages(service, press)
    geo = Geo(service, pages, boundaries)
    geo.check()
    return geo


def endpoints(geo: Geo, errors: ErrorLog) -> list[Endpoint]:
    """Return all endpoints under ``/ogc``. ``errors``: the log of all failed requests of the site."""
    resource_endpoints = [
        Endpoint(HOME + path, _responder(geo, errors, handle), handle in _QUICK)
        for path, handle in _PATHS.items()
    ]
    return [*resource_endpoints, Endpoint(f"{HOME}/{{rest:path}}", _not_found)]


def _responder(geo: Geo, errors: ErrorLog, handle: Handler) -> Respond:
    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> BytesResponse:
        raw, path = scope["query_string"], scope["path"]
        request = Request(raw, conditional_requests.request_headers(scope["headers"]), names)
        try:
            # Reading one record from an embedded database is faster than switching to a thread.
            if (
                handle is resources.get_item
                and geo.service.embedded
                and is_dataset_collection(names["collection"])
            ):
                return _respond(geo, handle, request, path)
            if handle is resources.list_items:
                with geo.service.budgets.admit(scope):
                    if raw:
                        request = await _match_words(geo, request)
                    work = partial(_list_in_turn, geo, request, path)
                    return await geo.service.pools.while_connected(receive, work)
            return await sync_to_thread(_respond, geo, handle, request, path)
        except Exception as error:  # noqa: BLE001 - the edge: each becomes a response; server errors are logged
            if not isinstance(error, OgcError):
                log_failure(errors, scope, error, problem_of(error))
            return _failure_response(error, raw)

    return respond


async def _list_in_turn(geo: Geo, request: Request, path: str) -> BytesResponse:
    """List features in a thread or a process, when one of the few places for queries is free."""
    here = partial(list_features, geo, request, path)
    return await run_query(geo.service, here, "features", request, path)


def list_features(geo: Geo, request: Request, path: str) -> BytesResponse:
    """Respond with the features of a collection. Raises :class:`OgcError`, ``LogError``."""
    return _respond(geo, resources.list_items, request, path)


async def _not_found(scope: HTTPScope, _receive: Receive, _names: Mapping[str, str]) -> BytesResponse:
    error = not_found("没有这个地址。", "There is no such address.")
    return _failure_response(error, scope["query_string"])


def _respond(geo: Geo, handle: Handler, request: Request, path: str) -> BytesResponse:
    with geo.service.log.snapshot():
        answer = handle(geo, request)
        address = path.encode() + b"?" + request.query
        validity = answer.validity
        if answer.media == HTML:
            site = geo.service.site_details()
            validity = validity.extended(site.details, site.changed_at)
        validity = geo.service.dated(validity)
        tag = conditional_requests.etag(validity, version=geo.service.version, address=address)
        headers = {**validity.headers(tag, geo.service.site.base), **_VARY}
        own = {"content-language": answer.language, **({"link": answer.link} if answer.link else {})}
        headers = conditional_requests.join_headers(headers, own)
        if answer.media == HTML:
            headers |= HEADERS
        if conditional_requests.is_unchanged(validity, tag, request.headers):
            return BytesResponse(304, headers, b"")
        body = answer.build()
    headers = conditional_requests.join_headers({**headers, "content-type": answer.media}, body.headers)
    return BytesResponse(200, headers, body.content)


async def _match_words(geo: Geo, request: Request) -> Request:
    """Add the records that contain the words of ``q`` in the requested state.

    Raises :class:`OgcError` (400) and ``SearchError``.
    """
    name = request.names["collection"]
    if name == DIVISIONS or len(request.query) > MAX_QUERY:  # an error later: divisions have no ``q``
        return request
    words = parse_qs(request.query.decode(errors="replace"), keep_blank_values=True).get("q")
    if words is None:
        return request
    datasets, view = await sync_to_thread(_search_request, geo, name, request)
    text = words[0].strip()
    if not search.split_terms(text):
        raise invalid("q", "请给出搜索词。", "enter a search term.")
    position = await geo.service.search_position()
    # The data catalog matches words in this order, side by side (20-004r1, q-response): a phrase query.
    texts = list(map(search.quote_phrase, search.split_terms(text))) if name == DATA_CATALOG else [text]
    records: dict[str, list[str]] = {dataset: [] for dataset in datasets}
    for part in texts if datasets else ():
        query = structs.replace(view, text=part, filters={"dataset": tuple(datasets)})
        await _collect(geo, query, records)
    return structs.replace(request, word_matches=records, position=position)


def _search_request(geo: Geo, name: str, request: Request) -> tuple[Sequence[str], contract.Request]:
    values = {key: texts[0] for key, texts in parse_qs(request.query.decode(errors="replace")).items()}
    view, log = parameters.view(values), geo.service.log
    days = parameters.during(values.get("datetime"))
    if name == DATA_CATALOG:  # it has no states: their parameters are an error later
        datasets, view, days = [dataset.name for dataset in search.policies(geo)], View(), None
    else:
        datasets = [geo.dataset(name).name]
    day, known_at = requested_view.day_of_view(geo.service, view), view.known_at
    if days is not None:
        if days[0] is None or days[0] != days[1]:
            # The engine searches one day, and an interval also has records that ended before its last day.
            raise invalid("q", "只能与 datetime 的一个时刻同用。", "goes with one instant of datetime only.")
        day = days[0]
    if view.release is not None:
        release = log.queries.release(datasets[0], view.release)
        day, known_at = release.effective_on, release.published_at
    query = contract.Request(
        text="",
        as_of=day.toordinal(),
        known_at=known_instant(known_at),
        limit=_HITS_AT_ONCE,
        highlight=False,
    )
    return datasets, query


async def _collect(geo: Geo, query: contract.Request, records: dict[str, list[str]]) -> None:
    cursor: str | None = None
    while True:
        page = await geo.service.search.search(structs.replace(query, cursor=cursor))
        if page.total > MAX_MATCHES:
            raise invalid(
                "q",
                f"命中{page.total}条，超过上限{MAX_MATCHES}条，请使用更具体的搜索词。",
                f"{page.total} records match; use more specific terms (at most {MAX_MATCHES}).",
            )
        for hit in page.hits:
            records[hit.dataset].append(hit.record)
        cursor = page.cursor
        if cursor is None:
            return


def _failure_response(error: Exception, raw: bytes) -> BytesResponse:
    failure = _as_ogc_error(error)
    values = {key: texts[0] for key, texts in parse_qs(raw.decode(errors="replace")).items()}
    description = (
        failure.en if values.get("lang", "").lower().startswith("en") else f"{failure.zh} / {failure.en}"
    )
    body = {"code": failure.code, "type": failure.code, "description": description}
    headers = {"cache-control": "no-store", **_VARY, **failure.headers, "content-type": "application/json"}
    return BytesResponse(failure.status, headers, msgspec.json.encode(body))


def _as_ogc_error(error: Exception) -> OgcError:
    if isinstance(error, OgcError):
        return error
    problem = problem_of(error)
    status = 400 if problem.kind.status == 422 else problem.kind.status
    code = _CODES.get(status, "NoApplicableCode")
    return OgcError(status, code, problem.zh, problem.en, headers=problem.headers)
