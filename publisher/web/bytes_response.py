"""A response that is complete, the shortest way to send one."""

from __future__ import annotations

import msgspec
from litestar.types import Receive, Scope, Send

VARY = {"vary": "Accept, Accept-Encoding"}


class BytesResponse(msgspec.Struct, frozen=True):
    """A response that sends itself, in half the time of Litestar's response classes for short ones."""

    status: int
    headers: dict[str, str]
    body: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        if self.status != 304:
            headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
