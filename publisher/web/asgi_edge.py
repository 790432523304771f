"""The outermost ASGI layer: HEAD for every GET, CORS, security headers, and the quick endpoints.

It wraps Litestar as plain ASGI, because Litestar responds 405 to HEAD before any middleware runs, and each of
its middlewares would cost a request more time than this whole layer.
"""

from __future__ import annotations

import itertools
import logging
import re
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp, Receive, Send

from publisher.telemetry.log_lines import ACCESS, request_id, request_number, shorten_address
from publisher.telemetry.request_metrics import RequestMetrics
from publisher.web.endpoints import handler
from publisher.web.error_responses import Explain, exception_handlers
from publisher.web.problems import ProblemError
from publisher.web.route import Endpoint, Respond

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        (
            b"ETag, Last-Modified, Retry-After, Link, Repr-Digest, Content-Range, Content-Disposition, "
            b"Qingdan-Checkpoint"
        ),
    ),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PREFLIGHT: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Language, If-None-Match, If-Modified-Since, If-Range, Range",
    ),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)
type _Match = tuple[Respond, Mapping[str, str]]

_numbers = itertools.count(1)
_access = logging.getLogger(ACCESS)

_PLAIN_HOST = re.compile(rb"[\w.:\[\]-]*")


class Edge(Litestar):
    """A Litestar application behind this layer. Data is open to every origin; cookies are ignored.

    This layer handles a GET of a quick endpoint, errors included, because Litestar's own work for a request
    (request object, dependencies, response) takes as long as such a response. Litestar handles the rest,
    including other methods and other spellings of the same path. Both convert errors with ``explain``.
    """

    def __init__(
        self,
        *,
        endpoints: Sequence[Endpoint],
        mounts: Mapping[str, ASGIApp],
        explain: Explain,
        prepare: Callable[[], Coroutine[Any, Any, None]],
        stop_work: Callable[[], None],
        metrics: RequestMetrics,
        address_of: Callable[[Any], str],
        **options: Any,
    ) -> None:
        """``prepare`` does, once the server accepts connections, what the first readers would wait for.

        ``stop_work`` ends the heavy work of all requests; the server calls it before it ends.
        ``mounts``: address → application of another protocol, for every method.
        ``address_of``: address of the client of a request, for the access log, which shortens it.
        """
        handlers = [handler(endpoint) for endpoint in endpoints]
        super().__init__(handlers, exception_handlers=exception_handlers(explain), **options)
        self._explain, self._mounts = explain, mounts
        self.prepare, self.stop_work = prepare, stop_work
        self.metrics = metrics
        self._address_of = address_of
        self._find_quick = _quick_finder(endpoints)
        self._takes_forms = _form_finder(endpoints)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = time.perf_counter()
        request_number.set(next(_numbers))
        self.metrics.open += 1
        try:
            await self._answer(scope, receive, send, started)
        finally:
            self.metrics.open -= 1

    async def _answer(self, scope: Any, receive: Any, send: Any, started: float) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            headers = [(b"allow", self._list_methods(scope["path"])), *_PREFLIGHT, *_HEADERS, _POLICY]
            self._count(scope, method, 204, time.perf_counter() - started)
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        head = method == "HEAD"
        if head:
            extensions = {**(scope.get("extensions") or {}), "qingdan.head": {}}  # a file is not read
            scope = {**scope, "method": "GET", "extensions": extensions}

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_HEADERS]
                self._count(scope, method, message["status"], time.perf_counter() - started)
                if message["status"] >= 500:
                    headers.append((b"x-request-id", request_id().encode()))
                # A 304 updates the headers of the cached page, so it must not contain another policy.
                if message["status"] != 304 and b"content-security-policy" not in dict(message["headers"]):
                    headers.append(_POLICY)
                message = {**message, "headers": headers}
            elif head:
                message = {**message, "body": b""}
            await send(message)

        response = await self._respond(scope, receive)
        await response(scope, receive, send_with_headers)

    def _list_methods(self, path: str) -> bytes:
        if path in self._mounts:
            return b"POST, OPTIONS"
        return b"GET, HEAD, POST, OPTIONS" if self._takes_forms(path) else b"GET, HEAD, OPTIONS"

    def _count(self, scope: Any, method: str, status: int, seconds: float) -> None:
        """Count a request whose response begins, and write its line."""
        self.metrics.count(scope["path"], status, seconds)
        if _access.isEnabledFor(logging.INFO):
            client = shorten_address(self._address_of(scope))
            own = {"client": client, "method": method, "path": scope["path"], "status": status}
            words = "%s %s %s %d %.3f"
            line = (client, method, scope["path"], status, seconds)
            _access.info(words, *line, extra={**own, "seconds": round(seconds, 6)})

    async def _respond(self, scope: Any, receive: Receive) -> ASGIApp:
        if "//" in scope["path"]:  # Litestar would answer as if the slash stood once, without a trace
            return self._explain(scope, ProblemError("no-such-route"))
        if scope["path"] in self._mounts:
            return partial(self._run_mount, self._mounts[scope["path"]])
        match = self._find_quick(scope["path"]) if scope["method"] == "GET" else None
        if match is None or not _has_plain_host(scope["headers"]):
            return super().__call__
        respond, names = match
        try:
            return await respond(scope, receive, names)
        except Exception as error:  # noqa: BLE001 - converted to a response, and logged if internal
            return self._explain(scope, error)

    async def _run_mount(self, mount: ASGIApp, scope: Any, receive: Receive, send: Send) -> None:
        try:
            await mount(scope, receive, send)
        except ProblemError as error:  # not admitted: nothing was sent yet
            await self._explain(scope, error)(scope, receive, send)


def _has_plain_host(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Report whether the host is certainly valid. Litestar checks others, and rejects them with 400."""
    for name, value in headers:
        if name == b"host":
            return _PLAIN_HOST.fullmatch(value) is not None
    return True


def _quick_finder(endpoints: Sequence[Endpoint]) -> Callable[[str], _Match | None]:
    """Create a function that maps a path to its quick endpoint, if any, and the values in the path."""
    # A literal path takes precedence over patterns (/feeds/search.atom is not a feed of a dataset).
    literal_first = sorted(endpoints, key=lambda endpoint: "{" in endpoint.path)
    quick = [
        (_pattern(path), respond)
        for endpoint in literal_first
        if endpoint.quick
        for path, respond in _quick_handlers(endpoint)
    ]
    literal_paths = {
        endpoint.path for endpoint in endpoints if not endpoint.quick and "{" not in endpoint.path
    }

    @lru_cache(4096)
    def find(path: str) -> _Match | None:
        if path in literal_paths:
            return None
        matches = ((pattern.fullmatch(path), respond) for pattern, respond in quick)
        return next(((respond, match.groupdict()) for match, respond in matches if match), None)

    return find


def _form_finder(endpoints: Sequence[Endpoint]) -> Callable[[str], bool]:
    """Create a function that reports whether a path takes a form, which GET of the same path prints."""
    patterns = [_pattern(endpoint.path) for endpoint in endpoints if endpoint.method == "POST"]
    return lambda path: any(pattern.fullmatch(path) for pattern in patterns)


def _quick_handlers(endpoint: Endpoint) -> Iterator[tuple[str, Respond]]:
    """Yield (path, handler): one for each suffix, so that the cache of the finder includes this choice."""
    for suffix, respond in endpoint.suffixes.items():
        yield f"{endpoint.path}.{suffix}", respond
    if not endpoint.suffixes:
        yield endpoint.path, endpoint.respond


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path.replace(".", r"\.")))
