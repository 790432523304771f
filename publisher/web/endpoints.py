"""Conversion of routes to endpoints, endpoints to Litestar handlers, and errors to problems."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send
from msgspec import structs
from sqlalchemy.exc import OperationalError

from openapi.operation import Operation
from publisher.log.model import LogError
from publisher.web import conditional_requests, problems, query_parameters, range_download
from publisher.web.file_cache import Coding
from publisher.web.problems import ProblemError
from publisher.web.range_download import AsgiResponse, download
from publisher.web.route import AnyRoute, AsyncRoute, Call, Endpoint, FileRoute, Respond, Route
from publisher.web.service import Service
from search.contract import CursorError, SearchError

_encoder = msgspec.json.Encoder(decimal_format="string")
_ANY_FILE = "application/octet-stream"
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_PATIENCE = 20.0
"""Seconds for which a request waits while another file is generated."""
logger = logging.getLogger(__name__)
_VARY = {"vary": "Accept, Accept-Encoding"}
_FOR_PROGRAMS = ("/v1/", "/feeds/", "/ogc", "/docs/", "/assets/")
"""Prefixes of paths whose errors are always problem documents, even for browsers."""
_HTTP_CODES = {404: "no-such-route", 405: "method-not-allowed", 406: "not-acceptable", 410: "withdrawn"}


class BytesResponse(msgspec.Struct, frozen=True):
    """A response of bytes that sends itself: a short one in half the time of Litestar's response classes."""

    status: int
    headers: dict[str, str]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        if self.status != 304:
            headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def endpoint(route: AnyRoute, service: Service) -> Endpoint:
    """Create the endpoint of ``route``: quick unless it always runs in a thread."""
    quick = not isinstance(route, FileRoute) and route.runs != "thread"
    return Endpoint(route.operation.path, _responder(route, service), quick)


def by_suffix(path: str, routes: Mapping[str, AnyRoute], service: Service) -> Endpoint:
    """Create one endpoint for routes that differ in the suffix after the last dot, which Litestar cannot do.

    ``path``: for example ``/feeds/{dataset}``. A name without a known suffix has no route.
    """
    endpoints = {suffix: endpoint(route, service) for suffix, route in routes.items()}
    handlers = {suffix: e.respond for suffix, e in endpoints.items()}

    async def respond(scope: HTTPScope, names: Mapping[str, str]) -> AsgiResponse:
        ((key, segment),) = names.items()
        name, _, suffix = segment.rpartition(".")
        if suffix not in handlers:
            raise ProblemError("no-such-route")
        return await handlers[suffix](scope, {key: name})

    return Endpoint(path, respond, all(e.quick for e in endpoints.values()), handlers)


def handler(endpoint: Endpoint) -> HTTPRouteHandler:
    """Create the Litestar handler of ``endpoint``."""

    # Not ``{number:int}``: for other texts Litestar would respond with an undocumented 404.
    @get(re.sub(r"{(\w+)}", r"{\1:str}", endpoint.path), include_in_schema=False)
    async def handle(request: Request[Any, Any, Any]) -> AsgiResponse:
        return await endpoint.respond(request.scope, request.path_params)

    return handle


def exception_handlers(explain: Explain) -> dict[Any, Any]:
    """Create exception handlers for Litestar that convert every exception with ``explain``."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        problem = explain(request.scope, error)
        return Response(problem.body, status_code=problem.status, headers=problem.headers)

    return {HTTPException: handle, Exception: handle}


def _responder(route: AnyRoute, service: Service) -> Respond:
    respond_to_call: Callable[..., Any]
    match route:
        case FileRoute():
            respond_to_call = _file_responder(route, service)
        case AsyncRoute():
            respond_to_call = _async_responder(route, service)
        case Route():
            respond_to_call = _sync_responder(route, service)
    media, template = route.operation.media_type, route.operation.path
    also = route.operation.also
    offered = (media, "application/xml", "text/xml") if "+xml" in media else (media, *also)

    async def respond(scope: HTTPScope, names: Mapping[str, str]) -> AsgiResponse:
        headers = conditional_requests.request_headers(scope["headers"])
        if isinstance(route, FileRoute):
            chosen: str = range_download.preferred_coding(headers.get("accept-encoding"))
        else:
            best = conditional_requests.negotiate(headers.get("accept"), offered)
            chosen = best if also else ""
        call = Call(names, scope["query_string"], template.format_map(names), chosen)
        response: AsgiResponse = await respond_to_call(call, headers)
        return response

    return respond


def _sync_responder(route: Route, service: Service) -> Callable[..., Any]:
    """Create a responder that reads validator and body from one state, so that they always match."""

    def respond(call: Call, headers: Mapping[str, str]) -> BytesResponse:
        with service.log.snapshot():
            reply = route.handle(service, call)
            validators, is_unchanged = _validators(route.operation, service, call, headers, reply.validity)
            if is_unchanged:
                return BytesResponse(304, validators, b"")
            return _build_response(route.operation, reply.build(), {**validators, **reply.headers})

    async def in_loop(call: Call, headers: Mapping[str, str]) -> BytesResponse:
        return respond(call, headers)

    async def validate_in_loop(call: Call, headers: Mapping[str, str]) -> BytesResponse:
        if headers.keys() & _CONDITIONS:
            validity = route.handle(service, call).validity
            validators, is_unchanged = _validators(route.operation, service, call, headers, validity)
            if is_unchanged:
                return BytesResponse(304, validators, b"")
        return await sync_to_thread(respond, call, headers)

    async def in_thread(call: Call, headers: Mapping[str, str]) -> BytesResponse:
        return await sync_to_thread(respond, call, headers)

    quick = {"loop": in_loop, "validate-in-loop": validate_in_loop} if service.embedded else {}
    return quick.get(route.runs, in_thread)


def _file_responder(route: FileRoute, service: Service) -> Callable[..., Any]:
    """Create a responder for files. The coding is part of the validator, because ranges depend on it."""

    def respond(call: Call, headers: Mapping[str, str]) -> AsgiResponse:
        with service.log.snapshot():
            reply = route.handle(service, call)
            conditional_requests.negotiate(headers.get("accept"), (reply.headers["content-type"], _ANY_FILE))
            coded_call = structs.replace(call, media=call.media if reply.compressible else "")
            validators, is_unchanged = _validators(
                route.operation, service, coded_call, headers, reply.validity
            )
        if is_unchanged:
            return BytesResponse(304, validators, b"")
        coding: Coding = "zstd" if coded_call.media == "zstd" else "gzip" if coded_call.media else ""
        file = service.files.find(replace(reply.key, coding=coding))
        if file is not None:
            with suppress(FileNotFoundError):  # deleted in between: generate it again
                return download(file, coding, {**validators, **reply.headers}, headers)
        with service.files.generation_lock(patience=_PATIENCE), service.log.snapshot():
            reply = route.handle(service, call)
            validators, _ = _validators(route.operation, service, coded_call, {}, reply.validity)
            file = service.files.generate(replace(reply.key, coding=coding), reply.write)
            return download(file, coding, {**validators, **reply.headers}, headers)

    async def in_thread(call: Call, headers: Mapping[str, str]) -> AsgiResponse:
        return await sync_to_thread(respond, call, headers)

    return in_thread


def _async_responder(route: AsyncRoute, service: Service) -> Callable[..., Any]:
    async def respond(call: Call, headers: Mapping[str, str]) -> BytesResponse:
        reply = await route.handle(service, call)
        validators, is_unchanged = _validators(route.operation, service, call, headers, reply.validity)
        if is_unchanged:
            return BytesResponse(304, validators, b"")
        return _build_response(route.operation, await reply.build(), {**validators, **reply.headers})

    return respond


def _validators(
    operation: Operation,
    service: Service,
    call: Call,
    headers: Mapping[str, str],
    validity: conditional_requests.Validity,
) -> tuple[dict[str, str], bool]:
    """Return the headers of a response with this validity, and whether the client has it already."""
    if not operation.conditional:
        return {"cache-control": "no-store", **_VARY}, False
    address = b"?".join((call.address.encode(), call.query, call.media.encode()))
    tag = conditional_requests.etag(validity, version=service.version, address=address)
    return {**validity.headers(tag), **_VARY}, conditional_requests.is_unchanged(validity, tag, headers)


def _build_response(operation: Operation, content: Any, headers: dict[str, str]) -> BytesResponse:
    headers.setdefault("content-type", operation.media_type)
    return BytesResponse(200, headers, content if isinstance(content, bytes) else _encoder.encode(content))


type Explain = Callable[[HTTPScope, Exception], BytesResponse]
"""(request, exception) → the response that describes it."""
type ProblemPage = Callable[[ProblemError, str, bytes], tuple[bytes, Mapping[str, str]]]
"""(error, path, query) → a page for people, and its headers."""


def explainer(base: str, problem_page: ProblemPage) -> Explain:
    """Create a function that converts exceptions to problems or pages, and logs internal errors.

    ``base`` is the site's own address.
    """

    def explain(scope: HTTPScope, error: Exception) -> BytesResponse:
        problem = _problem(error)
        if problem.kind.code in ("internal-error", "store-unavailable"):
            logger.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
        path = scope["path"].encode("utf-8", "replace").decode()
        headers = {"cache-control": "no-store", **_VARY, **problem.headers}
        accept = conditional_requests.request_headers(scope["headers"]).get("accept")
        if not path.startswith(_FOR_PROGRAMS) and conditional_requests.wants_page(accept):
            body, more = problem_page(problem, path, scope["query_string"])
            headers |= {**more, "content-type": "text/html; charset=utf-8"}
        else:
            body = _encoder.encode(problems.body(problem, base=base, path=path))
            headers["content-type"] = problems.MEDIA_TYPE
        return BytesResponse(problem.kind.status, headers, body)

    return explain


def _problem(error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case LogError() if error.code in problems.BY_CODE:
            return ProblemError(error.code, error.zh, error.en)
        case LogError(code="bad-filter"):
            name = str(error.details[0]) if error.details else ""
            fault = problems.Fault(parameter=name, code="bad-value", detail=error.zh, detail_en=error.en)
            return query_parameters.invalid([fault])
        case LogError(code="busy" | "files-busy"):
            kind = "store-unavailable" if error.code == "busy" else "file-being-made"
            return ProblemError(kind, error.zh, error.en, headers={"retry-after": "5"})
        case CursorError() | LogError(code="bad-cursor"):
            return ProblemError("invalid-cursor")
        case SearchError():
            return ProblemError("search-unavailable", headers={"retry-after": str(error.retry_after)})
        case OperationalError():
            return ProblemError("store-unavailable", headers={"retry-after": "5"})
        case HTTPException():
            code = _HTTP_CODES.get(error.status_code, "bad-request")
            if error.status_code >= 500:
                code = "internal-error"
            allow = {"allow": "GET, HEAD, OPTIONS"} if code == "method-not-allowed" else {}
            return ProblemError(code, headers=allow)
        case _:
            return ProblemError("internal-error")
