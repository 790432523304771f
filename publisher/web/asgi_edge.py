"""The outermost layer: HEAD on every GET, CORS, security headers on every answer, and the quick endpoints.

Written as plain ASGI around Litestar, since Litestar answers 405 to HEAD before any middleware runs,
and each middleware of its own would cost a request more than this whole layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp

from publisher.web.litestar_adapter import Explain, exception_handlers, handler
from publisher.web.route import Endpoint, Respond

_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Last-Modified, Retry-After, Link, Repr-Digest, Content-Range, Content-Disposition",
    ),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PREFLIGHT: tuple[tuple[bytes, bytes], ...] = (
    (b"allow", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Language, If-None-Match, If-Modified-Since, If-Range, Range",
    ),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)
type _Match = tuple[Respond, Mapping[str, str]]

_PLAIN_HOST = re.compile(rb"[\w.:\[\]-]*")


class Edge(Litestar):
    """A Litestar application behind this layer. Data is open to every origin; no cookie is ever read.

    A GET of a quick endpoint is answered here, errors included: what Litestar does for any request (its
    object, dependencies, a response) takes as long as such an answer. Litestar answers the rest, which
    includes other methods and other spellings of the same path. Both turn errors into answers by ``explain``.
    """

    def __init__(self, *, endpoints: Sequence[Endpoint], explain: Explain, **options: Any) -> None:
        handlers = [handler(endpoint) for endpoint in endpoints]
        super().__init__(handlers, exception_handlers=exception_handlers(explain), **options)
        self._explain = explain
        self._find_quick = _quick_finder(endpoints)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        method = scope["method"]
        if method == "OPTIONS":
            await send(
                {"type": "http.response.start", "status": 204, "headers": [*_PREFLIGHT, *_HEADERS, _POLICY]}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        head = method == "HEAD"
        if head:
            extensions = {**(scope.get("extensions") or {}), "qingdan.head": {}}  # spares a file its reading
            scope = {**scope, "method": "GET", "extensions": extensions}

        async def dressed(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_HEADERS]
                # A 304 updates the headers kept with the page, so it must not say another policy.
                if message["status"] != 304 and b"content-security-policy" not in dict(message["headers"]):
                    headers.append(_POLICY)
                message = {**message, "headers": headers}
            elif head:
                message = {**message, "body": b""}
            await send(message)

        answer = await self._answer(scope)
        await answer(scope, receive, dressed)

    async def _answer(self, scope: Any) -> ASGIApp:
        match = self._find_quick(scope["path"]) if scope["method"] == "GET" else None
        if match is None or not _has_plain_host(scope["headers"]):
            return super().__call__
        respond, names = match
        try:
            return await respond(scope, names)
        except Exception as error:  # noqa: BLE001 - each becomes an answer, and is logged where it is ours
            return self._explain(scope, error)


def _has_plain_host(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the host is valid beyond doubt. Litestar judges others, and answers 400 to an invalid one."""
    for name, value in headers:
        if name == b"host":
            return _PLAIN_HOST.fullmatch(value) is not None
    return True


def _quick_finder(endpoints: Sequence[Endpoint]) -> Callable[[str], _Match | None]:
    """From a path to the quick endpoint there, if there is one, and the names in it."""
    quick = [(_pattern(endpoint.path), endpoint.respond) for endpoint in endpoints if endpoint.quick]
    # What has a path of its own is none of the patterns' (/feeds/search.atom is no feed of a dataset).
    others = {endpoint.path for endpoint in endpoints if not endpoint.quick and "{" not in endpoint.path}

    @lru_cache(4096)
    def find(path: str) -> _Match | None:
        if path in others:
            return None
        matches = ((pattern.fullmatch(path), respond) for pattern, respond in quick)
        return next(((respond, match.groupdict()) for match, respond in matches if match), None)

    return find


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path.replace(".", r"\.")))
