"""A web server on loopback with answers set by tests, also invalid ones: real sockets, one thread each."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Write = Callable[[bytes], None]
type Answering = Callable[[WebRequest, Write], Answer | None]
"""Return an answer, or write one by hand that no library would send (then return None)."""


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


class Loopback:
    """A running server: its answers, by path, which may change; its requests, in order of arrival."""

    def __init__(self, port: int, scheme: str) -> None:
        self.host = f"127.0.0.1:{port}"
        self.base = f"{scheme}://{self.host}"
        self.answers: dict[str, Answer | Answering] = {}
        self.requests: list[WebRequest] = []
        self.over = threading.Event()
        """Set when the server stops; slow answers wait for it."""

    def paths(self) -> list[str]:
        return [one.path for one in self.requests]

    def dripping(self, head: bytes, piece: bytes) -> Answering:
        """Build an answer that never ends: a piece every hundredth of a second."""

        def answer(_request: WebRequest, write: Write) -> None:
            write(head)
            while not self.over.wait(0.01):
                write(piece)

        return answer


class _Handler(BaseHTTPRequestHandler):
    """Answers as the :class:`Loopback` of its server says."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet; otherwise each answer waits for a delayed ACK
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = WebRequest(self.command, self.path, headers, self.rfile.read(length))
        self.server.site.requests.append(request)
        answering = self.server.site.answers.get(self.path, Answer(b"no such page", 404))
        answer = answering if isinstance(answering, Answer) else answering(request, self._write)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _write(self, piece: bytes) -> None:
        self.wfile.write(piece)
        self.wfile.flush()

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Log nothing: tests read ``requests``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.site = Loopback(self.server_port, "http" if tls is None else "https")

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that close the connection, which tests do on purpose."""


@contextmanager
def loopback_server(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Run a server on a free port, over TLS if there is a context, and stop it at the end."""
    server = _Server(tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.site.over.set()
        server.shutdown()
        server.server_close()
