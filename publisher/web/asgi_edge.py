"""The outermost layer: HEAD on every GET, CORS for reading, security headers on every answer.

Written as plain ASGI around Litestar, since Litestar answers 405 to HEAD before any middleware runs,
and each middleware of its own would cost a request more than this whole layer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp

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


type Direct = Callable[[Any], Awaitable[ASGIApp | None]]


class Edge(Litestar):
    """A Litestar application behind this layer. Data is open to every origin; no cookie is ever read.

    ``direct``: each from a GET's scope to an answer that needs no Litestar, if there is one; see
    :func:`.mounting.direct`.
    """

    def __init__(self, *, direct: Sequence[Direct], **given: Any) -> None:
        super().__init__(**given)
        self._direct = direct

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

        answer = await self._found(scope) if scope["method"] == "GET" else None
        await (answer or super().__call__)(scope, receive, dressed)

    async def _found(self, scope: Any) -> ASGIApp | None:
        for direct in self._direct:
            if (answer := await direct(scope)) is not None:
                return answer
        return None
