"""Bounds that httptools lacks: size of the head of a request, time of head and body, number of connections.

The parser collects a request line or a header of any length before it calls anything, so the bounds must be
enforced where bytes arrive; no ASGI application or middleware can do that.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio.events import TimerHandle
from typing import Any

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from publisher.web import problems
from publisher.web.problems import ProblemError

MAX_REQUEST_LINE = 16 << 10
"""Bytes of the address in a request line."""
MAX_HEADERS = 64 << 10
"""Bytes of all header lines together."""
MAX_HEADER_LINES = 100
HEAD_TIMEOUT = 15.0
"""Seconds from the connection, or a request's first byte, to the end of its head."""

BODY_SECONDS = 30.0
"""Seconds from the end of a head to the end of its body, where no body is larger than 64 KiB."""

STALL_TIMEOUT = 60.0
"""Seconds in which a client has to take most of the 64 KiB that wait for it; then it is disconnected."""

_REASONS = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}
_REASONS |= {414: b"URI Too Long", 503: b"Service Unavailable"}


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 of uvicorn, which refuses a request whose head is too large, too slow or has no clear host.

    A refusal is a problem document, and the connection ends.
    """

    max_connections = 1000
    body_seconds = BODY_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_is_open = False
        """A request has begun, and its headers are not complete."""
        self._head_began = False
        """It has begun in the current chunk, which may hold the end of another request too."""
        self._head_size = self._chunk_size = 0
        self._refusal = ""
        self._head_timer: TimerHandle | None = None
        self._body_is_open = False
        """The headers of a request are complete, and its body is not."""
        self._body_timer: TimerHandle | None = None
        self._stall_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse("too-busy")
        else:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._stop_body_timer()
        self._stop_stall_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(STALL_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_stall_timer()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._refusal:
            return
        self._chunk_size, self._head_began = len(data), False
        super().data_received(data)
        if self._head_is_open and not self._refusal:
            self._start_head_timer()
            self._head_size += 0 if self._head_began else len(data)
            if self._head_size > MAX_REQUEST_LINE + MAX_HEADERS:
                self._refuse("headers-too-large" if self.url else "query-too-long")
        if self._body_is_open and self._body_timer is None:
            self._start_body_timer()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Refuse what the parser, or a check below, has rejected."""
        if not self.transport.is_closing():
            self._refuse(self._refusal or "bad-request")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_is_open, self._head_began, self._head_size = True, True, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_REQUEST_LINE:
            self._reject("query-too-long")

    def on_headers_complete(self) -> None:
        self._head_is_open, self._body_is_open = False, True
        self._stop_head_timer()
        if len(self.headers) > MAX_HEADER_LINES or self._has_large_headers():
            self._reject("headers-too-large")
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() != "1.0"):
            self._reject("bad-request")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body_is_open = False
        self._stop_body_timer()
        super().on_message_complete()

    def _has_large_headers(self) -> bool:
        """Report whether the headers are too large. A head within one small chunk needs no count."""
        if self._head_began and self._chunk_size <= MAX_HEADERS:
            return False
        return sum(len(name) + len(value) + 4 for name, value in self.headers) > MAX_HEADERS

    def _reject(self, code: str) -> None:
        """Stop the parser, which then calls :meth:`send_400_response`."""
        self._refusal = code
        raise ValueError(code)

    def _start_head_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._end_slow_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _start_body_timer(self) -> None:
        self._body_timer = self.loop.call_later(self.body_seconds, self._end_slow_body)

    def _stop_body_timer(self) -> None:
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _end_slow_head(self) -> None:
        self._head_timer = None
        if self.cycle is None or self.cycle.response_complete:
            self._refuse("request-timeout")

    def _end_slow_body(self) -> None:
        """End the connection. What waits for the body, if anything, learns that its client has gone."""
        if self.flow.read_paused:  # it waits for this service, and not for its client
            self._start_body_timer()
        else:
            self.transport.close()

    def _refuse(self, code: str) -> None:
        """Send a problem and end the connection; behind an unfinished response, end it without a word."""
        self._refusal = code
        if self.cycle is None or self.cycle.response_complete:
            problem = ProblemError(code)
            body = msgspec.json.encode(problems.body(problem, base="", path=""))
            lines = [
                b"HTTP/1.1 %d %s" % (problem.kind.status, _REASONS[problem.kind.status]),
                b"content-type: " + problems.MEDIA_TYPE.encode(),
                b"content-length: %d" % len(body),
                b"cache-control: no-store",
                b"connection: close",
                *([b"retry-after: 5"] if problem.kind.status == 503 else []),
            ]
            self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Open a socket for connections. Raises ``OSError`` if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def bounded_protocol(max_connections: int, body_seconds: float = BODY_SECONDS) -> type[asyncio.Protocol]:
    """Create the protocol class with this cap on open connections. ``body_seconds``: for a whole body."""
    bounds = {"max_connections": max_connections, "body_seconds": body_seconds}
    return type("BoundedProtocol", (BoundedProtocol,), bounds)
