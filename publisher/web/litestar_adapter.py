"""Turn routes into endpoints, those into Litestar handlers, and errors into problems: HTTP and no content."""

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
from publisher.web.range_download import Sending, download
from publisher.web.route import AnyRoute, AsyncRoute, Call, Endpoint, FileRoute, Respond, Route
from publisher.web.service import Service
from search.contract import CursorError, SearchError

_encoder = msgspec.json.Encoder(decimal_format="string")
_ANY_FILE = "application/octet-stream"
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_PATIENCE = 20.0
"""Seconds for which a request waits while another file is made."""
_LOG = logging.getLogger("publisher.views.api")
_VARY = {"vary": "Accept, Accept-Encoding"}
_FOR_PROGRAMS = ("/v1/", "/feeds/", "/ogc", "/docs/", "/assets/")
"""Where an error is a problem whoever asks: a contract has one shape of errors."""
_HTTP_CODES = {404: "no-such-route", 405: "method-not-allowed", 406: "not-acceptable", 410: "withdrawn"}


class Outcome(msgspec.Struct, frozen=True):
    """An answer that sends itself: half of what Litestar's own response classes cost a short one."""

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
    """The endpoint of ``route``: quick unless it always runs in a thread."""
    quick = not isinstance(route, FileRoute) and route.runs != "thread"
    return Endpoint(route.operation.path, _responder(route, service), quick)


def by_suffix(path: str, routes: Mapping[str, AnyRoute], service: Service) -> Endpoint:
    """One endpoint for routes that differ in what follows the last dot, which Litestar cannot tell apart.

    ``path`` is such as ``/feeds/{dataset}``; a name without a known suffix has no route.
    """
    endpoints = {suffix: endpoint(route, service) for suffix, route in routes.items()}

    async def respond(scope: HTTPScope, names: Mapping[str, str]) -> Sending:
        ((key, value),) = names.items()
        name, _, suffix = value.rpartition(".")
        if suffix not in endpoints:
            raise ProblemError("no-such-route")
        return await endpoints[suffix].respond(scope, {key: name})

    return Endpoint(path, respond, all(e.quick for e in endpoints.values()))


def handler(endpoint: Endpoint) -> HTTPRouteHandler:
    """The Litestar handler of ``endpoint``."""

    # Never ``{number:int}``: for what is no number Litestar answers an undocumented 404 of its own.
    @get(re.sub(r"{(\w+)}", r"{\1:str}", endpoint.path), include_in_schema=False)
    async def handle(request: Request[Any, Any, Any]) -> Sending:
        return await endpoint.respond(request.scope, request.path_params)

    return handle


def exception_handlers(explain: Explain) -> dict[Any, Any]:
    """For Litestar: every exception becomes what ``explain`` makes of it."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        answer = explain(request.scope, error)
        return Response(answer.body, status_code=answer.status, headers=answer.headers)

    return {HTTPException: handle, Exception: handle}


def _responder(route: AnyRoute, service: Service) -> Respond:
    answer: Callable[..., Any]
    match route:
        case FileRoute():
            answer = _of_files(route, service)
        case AsyncRoute():
            answer = _asynchronous(route, service)
        case Route():
            answer = _synchronous(route, service)
    media, template = route.operation.media_type, route.operation.path
    also = route.operation.also
    offered = (media, "application/xml", "text/xml") if "+xml" in media else (media, *also)

    async def respond(scope: HTTPScope, names: Mapping[str, str]) -> Sending:
        headers = conditional_requests.headers(scope["headers"])
        if isinstance(route, FileRoute):
            chosen: str = range_download.coding(headers.get("accept-encoding"))
        else:
            best = conditional_requests.negotiate(headers.get("accept"), offered)
            chosen = best if also else ""
        call = Call(names, scope["query_string"], template.format_map(names), chosen)
        outcome: Sending = await answer(call, headers)
        return outcome

    return respond


def _synchronous(route: Route, service: Service) -> Callable[..., Any]:
    """Validator and body are read of one state, so that a tag never names a body that it was not made for."""

    def answer(call: Call, headers: Mapping[str, str]) -> Outcome:
        with service.log.snapshot():
            reply = route.handle(service, call)
            fresh, unchanged = _validators(route.operation, service, call, headers, reply.validity)
            if unchanged:
                return Outcome(304, fresh, b"")
            return _built(route.operation, reply.build(), {**fresh, **reply.headers})

    async def in_loop(call: Call, headers: Mapping[str, str]) -> Outcome:
        return answer(call, headers)

    async def asked_in_loop(call: Call, headers: Mapping[str, str]) -> Outcome:
        if headers.keys() & _CONDITIONS:
            validity = route.handle(service, call).validity
            fresh, unchanged = _validators(route.operation, service, call, headers, validity)
            if unchanged:
                return Outcome(304, fresh, b"")
        return await sync_to_thread(answer, call, headers)

    async def in_thread(call: Call, headers: Mapping[str, str]) -> Outcome:
        return await sync_to_thread(answer, call, headers)

    quick = {"loop": in_loop, "asked": asked_in_loop} if service.embedded else {}
    return quick.get(route.runs, in_thread)


def _of_files(route: FileRoute, service: Service) -> Callable[..., Any]:
    """The coding is part of the validator: a range of the one is none of the other."""

    def answer(call: Call, headers: Mapping[str, str]) -> Sending:
        with service.log.snapshot():
            reply = route.handle(service, call)
            conditional_requests.negotiate(headers.get("accept"), (reply.headers["content-type"], _ANY_FILE))
            told = structs.replace(call, media=call.media if reply.squeezed else "")
            fresh, unchanged = _validators(route.operation, service, told, headers, reply.validity)
        if unchanged:
            return Outcome(304, fresh, b"")
        how: Coding = "zstd" if told.media == "zstd" else "gzip" if told.media else ""
        made = service.files.find(replace(reply.key, coding=how))
        if made is not None:
            with suppress(FileNotFoundError):  # swept in between: make it again
                return download(made, how, {**fresh, **reply.headers}, headers)
        with service.files.making(patience=_PATIENCE), service.log.snapshot():
            reply = route.handle(service, call)
            fresh, _ = _validators(route.operation, service, told, {}, reply.validity)
            made = service.files.make(replace(reply.key, coding=how), reply.write)
            return download(made, how, {**fresh, **reply.headers}, headers)

    async def in_thread(call: Call, headers: Mapping[str, str]) -> Sending:
        return await sync_to_thread(answer, call, headers)

    return in_thread


def _asynchronous(route: AsyncRoute, service: Service) -> Callable[..., Any]:
    async def answer(call: Call, headers: Mapping[str, str]) -> Outcome:
        reply = await route.handle(service, call)
        fresh, unchanged = _validators(route.operation, service, call, headers, reply.validity)
        if unchanged:
            return Outcome(304, fresh, b"")
        return _built(route.operation, await reply.build(), {**fresh, **reply.headers})

    return answer


def _validators(
    operation: Operation,
    service: Service,
    call: Call,
    headers: Mapping[str, str],
    validity: conditional_requests.Validity,
) -> tuple[dict[str, str], bool]:
    """The headers of an answer of this validity, and whether the caller has it already."""
    if not operation.conditional:
        return {"cache-control": "no-store", **_VARY}, False
    address = b"?".join((call.address.encode(), call.query, call.media.encode()))
    tag = conditional_requests.etag(validity, version=service.version, address=address)
    return {**validity.headers(tag), **_VARY}, conditional_requests.unchanged(validity, tag, headers)


def _built(operation: Operation, content: Any, headers: dict[str, str]) -> Outcome:
    headers.setdefault("content-type", operation.media_type)
    return Outcome(200, headers, content if isinstance(content, bytes) else _encoder.encode(content))


type Explain = Callable[[HTTPScope, Exception], Outcome]
"""(request, what was raised) → the answer that describes it."""
type Printed = Callable[[ProblemError, str, bytes], tuple[bytes, Mapping[str, str]]]
"""(what happened, path, query) → a page that tells a person, and its headers."""


def explainer(base: str, printed: Printed) -> Explain:
    """Turn every exception into a problem, as a page where a browser asks for one, and log a fault of ours.

    ``base`` is the site's own address.
    """

    def explain(scope: HTTPScope, error: Exception) -> Outcome:
        problem = _problem(error)
        if problem.kind.code in ("internal-error", "store-unavailable"):
            _LOG.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
        path = scope["path"].encode("utf-8", "replace").decode()
        headers = {"cache-control": "no-store", **_VARY, **problem.headers}
        accept = conditional_requests.headers(scope["headers"]).get("accept")
        if not path.startswith(_FOR_PROGRAMS) and conditional_requests.wants_page(accept):
            body, more = printed(problem, path, scope["query_string"])
            headers |= {**more, "content-type": "text/html; charset=utf-8"}
        else:
            body = _encoder.encode(problems.body(problem, base=base, path=path))
            headers["content-type"] = problems.MEDIA_TYPE
        return Outcome(problem.kind.status, headers, body)

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
