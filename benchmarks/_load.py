"""Servers in processes of their own, and the rate at which they answer: shared by the benchmarks of HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

CONNECTIONS = 8
"""Keep-alive connections, each with a request under way: enough to keep one server process busy."""


@contextmanager
def one_core() -> Iterator[None]:
    """This process and those started within share one core, where the system can be told so.

    The p50 of a short request is two or three times as long when client and server happen to be on different
    cores, which a ratio of two servers must not hang on.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Server:
    """``command`` listens on ``port`` of loopback; it runs while the block does."""

    command: Sequence[str]
    port: int
    environment: Mapping[str, str] | None = None
    told: int | None = None
    """Where its log goes: as ``subprocess`` takes it."""
    sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdout=self.told, stderr=self.told
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.sockets = [self._connect() for _ in range(CONNECTIONS)]
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        for one in self.sockets:
            one.close()
        self.process.terminate()
        self.process.wait()

    def _connect(self) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    def renew(self) -> None:
        """A fresh connection for :meth:`ask`: a server closes one that was idle."""
        self.sockets[0].close()
        self.sockets[0] = self._connect()

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """→ head, body."""
        self.sockets[0].sendall(request)
        return _read(self.sockets[0])

    def rate(self, requests: Sequence[bytes], status: bytes) -> float:
        """Answers a second; every answer has to be of ``status``."""
        started = time.perf_counter()
        for start in range(0, len(requests), CONNECTIONS):
            batch = requests[start : start + CONNECTIONS]
            for one, request in zip(self.sockets, batch, strict=False):
                one.sendall(request)
            for one, request in zip(self.sockets, batch, strict=False):
                head, body = _read(one)
                assert head.startswith(b"HTTP/1.1 " + status), (request, head, body[:300])
        return len(requests) / (time.perf_counter() - started)


def get(path: str, *headers: str, accept: str = "*/*") -> bytes:
    """A request, as bytes: a client library's own work would count as the server's."""
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", "host: bench", f"accept: {accept}", *headers, "", ""]
    ).encode()


def _more(one: socket.socket) -> bytes:
    got = one.recv(262_144)
    if not got:
        raise ConnectionError("the server closed the connection")
    return got


def _read(one: socket.socket) -> tuple[bytes, bytes]:
    got = _more(one)
    while b"\r\n\r\n" not in got:
        got += _more(one)
    head, _, body = got.partition(b"\r\n\r\n")
    low = head.lower()
    if b"transfer-encoding: chunked" in low:
        return head, _unchunked(one, body)
    if low.startswith((b"http/1.1 304", b"http/1.1 204")):
        return head, b""
    length = int(low.partition(b"content-length:")[2].partition(b"\r\n")[0])
    parts, held = [body], len(body)
    while held < length:
        parts.append(_more(one))
        held += len(parts[-1])
    return head, b"".join(parts)


def _unchunked(one: socket.socket, held: bytes) -> bytes:
    """Chunk by chunk: no end can be told from the bytes alone, as a chunk may hold the like of one."""
    buffer = bytearray(held)
    parts: list[bytes] = []
    while True:
        while (end := buffer.find(b"\r\n")) < 0:
            buffer += _more(one)
        size = int(buffer[:end], 16)
        while len(buffer) < end + 2 + size + 2:
            buffer += _more(one)
        if size == 0:
            return b"".join(parts)
        parts.append(bytes(buffer[end + 2 : end + 2 + size]))
        del buffer[: end + 2 + size + 2]
