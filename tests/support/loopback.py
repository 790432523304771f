"""A web server on loopback that tests fill with answers, however strange: real sockets, one thread each."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

type Write = Callable[[bytes], None]
type Answering = Callable[[Asked, Write], Answer | None]
"""Gives an answer, or writes one by hand that no server would give (then None)."""


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes = b""


class Loopback:
    """``answers`` may be changed while it serves; ``asked`` is every request in the order of arrival."""

    def __init__(self, port: int, scheme: str) -> None:
        self.host = f"127.0.0.1:{port}"
        self.base = f"{scheme}://{self.host}"
        self.answers: dict[str, Answer | Answering] = {}
        self.asked: list[Asked] = []
        self.over = threading.Event()
        """Set when the server stops: what a slow answer waits for."""

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def dripping(self, head: bytes, piece: bytes) -> Answering:
        """An answer that never ends, a piece every hundredth of a second."""

        def answer(_asked: Asked, write: Write) -> None:
            write(head)
            while not self.over.wait(0.01):
                write(piece)

        return answer


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet: else each answer waits for a delayed ACK
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            site.asked.append(asked)
            found = site.answers.get(self.path, Answer(b"no such page", 404))
            answer = found if isinstance(found, Answer) else found(asked, self._write)
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
            """Nothing: tests read ``asked``."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is what tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site = Loopback(server.server_port, "http" if tls is None else "https")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        server.server_close()
