"""Conversion of routes to endpoints, and of endpoints to Litestar handlers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from litestar import HttpMethod, Request, post
from litestar import route as litestar_route
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope, Receive
from msgspec import structs

from openapi.operation import Operation
from publisher.log.queries.lists.state_cache import NotInMemoryError, memory_only
from publisher.web import conditional_requests, range_download
from publisher.web.bytes_response import VARY, BytesResponse
from publisher.web.capacity.heavy_work_processes import Work
from publisher.web.conditional_requests import join_headers
from publisher.web.file_cache import Coding, FileKey
from publisher.web.problems import ProblemError
from publisher.web.range_download import AsgiResponse, Download, download
from publisher.web.route import (
    AnyRoute,
    AsyncReply,
    AsyncRoute,
    Call,
    Endpoint,
    FileRoute,
    Reply,
    Respond,
    Route,
)
from publisher.web.service import Service

_encoder = msgspec.json.Encoder(decimal_format="string")
_FILE_NAME = re.compile(r"\.[a-z]+$|^/(?:log|assets)/|/(?:sitemaps|examples|images)/")
"""Addresses whose path fixes the form."""
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_PATIENCE = 20.0
"""Seconds for which a file waits for an erasure that is emptying the cache."""
_TRIES = 3
"""Most times that a file is generated for one request, if the state or the cache changes in between."""


def endpoint(route: AnyRoute, service: Service) -> Endpoint:
    """Create the endpoint of ``route``: quick if it begins in the event loop."""
    quick = route.runs in ("loop", "memory", "validate-in-loop")
    return Endpoint(route.operation.path, _responder(route, service), quick)


def by_suffix(
    path: str, routes: Mapping[str, AnyRoute], service: Service, *, plain: AnyRoute | None = None
) -> Endpoint:
    """Create one endpoint for routes that differ in the suffix after the last dot, which Litestar cannot do.

    ``path``: for example ``/feeds/{dataset}``. ``plain``: route of a name without a known suffix, if there is
    one; it is not quick.
    """
    endpoints = {suffix: endpoint(route, service) for suffix, route in routes.items()}
    handlers = {suffix: e.respond for suffix, e in endpoints.items()}
    without_suffix = None if plain is None else endpoint(plain, service).respond

    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> AsgiResponse:
        ((key, segment),) = names.items()
        name, _, suffix = segment.rpartition(".")
        if suffix in handlers:
            return await handlers[suffix](scope, receive, {key: name})
        if without_suffix is None:
            raise ProblemError("no-such-route")
        return await without_suffix(scope, receive, names)

    quick = without_suffix is None and all(e.quick for e in endpoints.values())
    return Endpoint(path, respond, quick, handlers)


def handler(endpoint: Endpoint) -> HTTPRouteHandler:
    """Create the Litestar handler of ``endpoint``."""

    async def handle(request: Request[Any, Any, Any]) -> AsgiResponse:
        return await endpoint.respond(request.scope, request.receive, request.path_params)

    # Not ``{number:int}``: for other texts Litestar would respond with an undocumented 404.
    path = re.sub(r"{(\w+)}", r"{\1:str}", endpoint.path)
    if endpoint.method == "POST":
        return post(path, include_in_schema=False)(handle)
    # The edge answers OPTIONS; without it here Litestar would register a second handler for each path.
    return litestar_route(path, http_method=[HttpMethod.GET, HttpMethod.OPTIONS], include_in_schema=False)(
        handle
    )


def _responder(route: AnyRoute, service: Service) -> Respond:
    own: Callable[..., Any]
    match route:
        case FileRoute():
            own = _file_responder(route, service)
        case AsyncRoute():
            own = _async_responder(route, service)
        case Route():
            own = _sync_responder(route, service)
    media, template = route.operation.media_type, route.operation.path
    also = route.operation.also
    is_heavy = route.runs in ("memory", "query", "file")
    offered = (media, "application/xml", "text/xml") if "+xml" in media else (media, *also)
    is_fixed = _FILE_NAME.search(template) is not None

    async def respond(scope: HTTPScope, receive: Receive, names: Mapping[str, str]) -> AsgiResponse:
        headers = conditional_requests.request_headers(scope["headers"])
        if isinstance(route, FileRoute):
            chosen: str = range_download.preferred_coding(headers.get("accept-encoding"))
        else:
            best = conditional_requests.negotiate(headers.get("accept"), offered, is_fixed=is_fixed)
            chosen = best if also else ""
        call = Call(names, scope["query_string"], template.format_map(names), chosen)
        with service.budgets.admit(scope) if is_heavy else nullcontext():
            outcome: AsgiResponse = await own(call, headers, receive)
        return _count_download(service, scope, outcome) if isinstance(outcome, Download) else outcome

    return respond


def _count_download(service: Service, scope: HTTPScope, outcome: Download) -> Download:
    """Count a download for its client until it is sent. Raises ``too-many-requests``."""
    try:
        return structs.replace(outcome, end=service.budgets.begin_download(scope))
    except ProblemError:
        os.close(outcome.handle)
        raise


def answer(route: Route, service: Service, call: Call, headers: Mapping[str, str]) -> BytesResponse:
    """Respond with validator and body from one state, so that they always match."""
    with service.log.snapshot():
        reply = route.handle(service, call)
        validators, is_unchanged = _validators(route.operation, service, call, headers, reply.validity)
        if is_unchanged:
            return BytesResponse(304, validators, b"")
        if reply.moved_to:
            return BytesResponse(308, join_headers(validators, {"location": reply.moved_to}), b"")
        return _ok_response(route.operation, reply, reply.build(), validators)


def _not_modified_responder(
    route: Route, service: Service
) -> Callable[[Call, Mapping[str, str]], BytesResponse | None]:
    """Create a function that responds to a conditional request if nothing has changed."""

    def not_modified(call: Call, headers: Mapping[str, str]) -> BytesResponse | None:
        if not headers.keys() & _CONDITIONS:
            return None
        validity = route.handle(service, call).validity
        validators, is_unchanged = _validators(route.operation, service, call, headers, validity)
        return BytesResponse(304, validators, b"") if is_unchanged else None

    return not_modified


def _sync_responder(route: Route, service: Service) -> Callable[..., Any]:
    """Create a responder that runs where the route says."""
    answer_here, not_modified = partial(answer, route, service), _not_modified_responder(route, service)

    async def in_loop(call: Call, headers: Mapping[str, str], _: Receive) -> BytesResponse:
        return answer_here(call, headers)

    async def validate_in_loop(call: Call, headers: Mapping[str, str], _: Receive) -> BytesResponse:
        outcome = not_modified(call, headers)
        return await sync_to_thread(answer_here, call, headers) if outcome is None else outcome

    async def in_thread(call: Call, headers: Mapping[str, str], _: Receive) -> BytesResponse:
        return await sync_to_thread(answer_here, call, headers)

    async def in_queue(call: Call, headers: Mapping[str, str], receive: Receive) -> BytesResponse:
        if headers.keys() & _CONDITIONS:
            outcome = await sync_to_thread(not_modified, call, headers)
            if outcome is not None:
                return outcome
        return await service.pools.while_connected(
            receive, partial(_answer_in_turn, route, service, call, headers)
        )

    async def from_memory(call: Call, headers: Mapping[str, str], receive: Receive) -> BytesResponse:
        with suppress(NotInMemoryError), memory_only():
            return answer_here(call, headers)
        return await in_queue(call, headers, receive)

    slow = {"memory": in_queue, "query": in_queue}.get(route.runs, in_thread)
    quick = {"loop": in_loop, "memory": from_memory, "validate-in-loop": validate_in_loop}
    return quick.get(route.runs, slow) if service.embedded else slow


async def _answer_in_turn(
    route: Route, service: Service, call: Call, headers: Mapping[str, str]
) -> BytesResponse:
    """Answer a long query when it is its turn."""
    here = partial(answer, route, service, call, headers)
    return await run_query(service, here, "query", route.operation.name, call, headers)


async def run_query(
    service: Service, here: Callable[[], BytesResponse], work: Work, *arguments: object
) -> BytesResponse:
    """Run a long query in a thread if it is the only one, else in a process.

    A process may have to start first, but several threads would hold the interpreter from readers.
    """
    pool = service.pools.queries
    if service.processes is None or pool.is_idle:
        return await pool.run(here)
    async with pool.turn():
        response: BytesResponse = await service.processes.run(work, *arguments)
        return response


def _file_responder(route: FileRoute, service: Service) -> Callable[..., Any]:
    """Create a responder for files. The coding is part of the validator, because ranges depend on it."""

    def look_up(call: Call, headers: Mapping[str, str]) -> AsgiResponse | FileKey:
        """Respond from the cache, or return the key of the file that is missing there."""
        with service.log.snapshot():
            reply = route.handle(service, call)
            coded_call = call if reply.compressible else structs.replace(call, media="")
            validators, is_unchanged = _validators(
                route.operation, service, coded_call, headers, reply.validity
            )
        if is_unchanged:
            return BytesResponse(304, validators, b"")
        coding: Coding = "zstd" if coded_call.media == "zstd" else "gzip" if coded_call.media else ""
        key = structs.replace(reply.key, coding=coding)
        file = service.files.find(key)
        if file is not None:
            with suppress(FileNotFoundError):  # deleted in between
                return download(file, coding, join_headers(validators, reply.headers), headers)
        return key

    async def respond(call: Call, headers: Mapping[str, str], receive: Receive) -> AsgiResponse:
        for _ in range(_TRIES):
            response = await to_thread.run_sync(look_up, call, headers, limiter=service.pools.lookups)
            if not isinstance(response, FileKey):
                return response
            await service.pools.while_connected(
                receive, partial(_generate_once, route, service, call, response)
            )
        raise ProblemError("file-being-made", headers={"retry-after": "5"})

    return respond


async def make_file(route: FileRoute, service: Service, call: Call, coding: Coding) -> None:
    """Make the file of the present state unless it is there.

    Raises what :func:`generate_file` raises, and ``too-busy``.
    """

    def find_missing() -> FileKey | None:
        with service.log.snapshot():
            key = structs.replace(route.handle(service, call).key, coding=coding)
        return None if service.files.find(key) else key

    key = await to_thread.run_sync(find_missing, limiter=service.pools.lookups)
    if key is not None:
        await _generate_once(route, service, call, key)


async def _generate_once(route: FileRoute, service: Service, call: Call, key: FileKey) -> None:
    """Generate a file, or wait for the one that is being generated for the same key."""
    work = partial(_generate_in_turn, route, service, call, key.coding)
    await service.pools.shared_files.run(key, work)


async def _generate_in_turn(route: FileRoute, service: Service, call: Call, coding: Coding) -> None:
    """Generate a file when it is its turn."""
    if service.processes is None:
        await service.pools.files.run(partial(generate_file, route, service, call, coding))
        return
    async with service.pools.files.turn():
        await service.processes.run("file", route.operation.name, call, coding)


def generate_file(route: FileRoute, service: Service, call: Call, coding: Coding) -> None:
    """Generate the file of the present state, which may be newer than the one that was looked up.

    Raises what ``route.handle`` raises, and ``files-busy``.
    """
    with service.files.generation(patience=_PATIENCE), service.log.snapshot():
        reply = route.handle(service, call)
        service.files.generate(structs.replace(reply.key, coding=coding), reply.write)


def _async_responder(route: AsyncRoute, service: Service) -> Callable[..., Any]:
    async def in_turn(call: Call, headers: Mapping[str, str], receive: Receive) -> BytesResponse:
        async def work() -> BytesResponse:
            async with service.pools.files.turn():
                return await at_once(call, headers, receive)

        return await service.pools.while_connected(receive, work)

    async def at_once(call: Call, headers: Mapping[str, str], _: Receive) -> BytesResponse:
        reply = await route.handle(service, call)
        validity = reply.validity
        if validity.modified is None and not service.embedded:  # a database server can stall
            validity = await sync_to_thread(service.dated, validity)
        validators, is_unchanged = _validators(route.operation, service, call, headers, validity)
        if is_unchanged:
            return BytesResponse(304, validators, b"")
        return _ok_response(route.operation, reply, await reply.build(), validators)

    return in_turn if route.runs == "file" else at_once


def _validators(
    operation: Operation,
    service: Service,
    call: Call,
    headers: Mapping[str, str],
    validity: conditional_requests.Validity,
) -> tuple[dict[str, str], bool]:
    """Return the headers of a response with this validity, and whether the client has it already."""
    if not operation.conditional:
        return {"cache-control": "no-store", **VARY}, False
    validity = service.dated(validity)
    address = b"?".join((call.address.encode(), call.query, call.media.encode()))
    tag = conditional_requests.etag(validity, version=service.version, address=address)
    own = {**validity.headers(tag, service.site.base), **VARY}
    return own, conditional_requests.is_unchanged(validity, tag, headers)


def _ok_response(
    operation: Operation, reply: Reply | AsyncReply, content: Any, validators: Mapping[str, str]
) -> BytesResponse:
    headers = join_headers(validators, reply.headers)
    if reply.headers_of is not None:
        headers = join_headers(headers, reply.headers_of(content))
    headers.setdefault("content-type", operation.media_type)
    return BytesResponse(200, headers, content if isinstance(content, bytes) else _encoder.encode(content))
