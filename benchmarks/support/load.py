"""Server processes and their request rate, shared by the HTTP benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers.http_service import free_port

CONNECTIONS = 8
"""Keep-alive connections, each with one open request: enough to keep one server process busy."""


@contextmanager
def one_core() -> Iterator[None]:
    """Pin this process and those started in the block to one core, if the system supports it.

    The p50 of a short request is two or three times as long if client and server are on different cores,
    which must not influence the ratio of two servers.
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


def pin(pid: int, core: int) -> None:
    """Pin a process to one of several cores."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


@dataclass
class Server:
    """A server process that runs during the block, on a port of loopback."""

    command: Sequence[str]
    """Command that starts it; ``--port`` and the port are added."""
    port: int = field(default_factory=free_port)
    environment: Mapping[str, str] | None = None
    log_output: int | None = None
    """Destination of its log, as ``subprocess`` accepts it."""
    core: int | None = None
    """Core to which it is pinned; None: that of this process."""
    sockets: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(
            [*self.command, "--port", str(self.port)],
            env=self.environment,
            stdout=self.log_output,
            stderr=self.log_output,
        )
        if self.core is not None:
            pin(self.process.pid, self.core)
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
        """Reconnect, because a server closes idle connections."""
        for one in self.sockets:
            one.close()
        self.sockets = [self._connect() for _ in range(CONNECTIONS)]

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send one request and return head and body."""
        self.sockets[0].sendall(request)
        return read_response(self.sockets[0])

    def time_request(self, request: bytes, connection: int = 0) -> tuple[float, bytes]:
        """Send one request, which must succeed, and return milliseconds and body."""
        started = time.perf_counter()
        self.sockets[connection].sendall(request)
        head, body = read_response(self.sockets[connection])
        milliseconds = (time.perf_counter() - started) * 1000
        assert head.startswith(b"HTTP/1.1 200"), (request, head, body[:500])
        return milliseconds, body

    def cpu_seconds(self) -> float:
        """Return the processor time used so far."""
        return _processor_seconds(self.process.pid)

    def settle(self) -> None:
        """Wait until the work after a start is done: names are read, and files of large lists are made."""
        before, now = -1.0, self._group_seconds()
        while now - before > 0.05:
            time.sleep(7)  # it looks for files to make after five
            before, now = now, self._group_seconds()

    def _group_seconds(self) -> float:
        """Return the processor time that the server and its processes used so far."""
        task = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        children = Path(task).read_text(encoding="ascii").split()
        return sum(map(_processor_seconds, (self.process.pid, *map(int, children))))

    def rate(self, requests: Sequence[bytes], status: bytes) -> float:
        """Return responses per second. Every response must have ``status``."""
        self.renew()
        started = time.perf_counter()
        for start in range(0, len(requests), CONNECTIONS):
            batch = requests[start : start + CONNECTIONS]
            for one, request in zip(self.sockets, batch, strict=False):
                one.sendall(request)
            for one, request in zip(self.sockets, batch, strict=False):
                head, body = read_response(one)
                assert head.startswith(b"HTTP/1.1 " + status), (request, head, body[:300])
        return len(requests) / (time.perf_counter() - started)


def get(path: str, *headers: str, accept: str = "*/*") -> bytes:
    """Build a request as bytes. A client library would add its own time to the server's."""
    return "\r\n".join(
        [f"GET {path} HTTP/1.1", "host: bench", f"accept: {accept}", *headers, "", ""]
    ).encode()


def etag_of(head: bytes) -> str:
    """Return the entity tag in the head of a response."""
    return head.lower().partition(b"\r\netag: ")[2].partition(b"\r\n")[0].decode()


def _receive(one: socket.socket) -> bytes:
    received_bytes = one.recv(262_144)
    if not received_bytes:
        raise ConnectionError("the server closed the connection")
    return received_bytes


def read_response(one: socket.socket) -> tuple[bytes, bytes]:
    """Read a response → head and body."""
    received_bytes = _receive(one)
    while b"\r\n\r\n" not in received_bytes:
        received_bytes += _receive(one)
    head, _, body = received_bytes.partition(b"\r\n\r\n")
    low = head.lower()
    if b"transfer-encoding: chunked" in low:
        return head, _unchunked(one, body)
    if low.startswith((b"http/1.1 304", b"http/1.1 204")):
        return head, b""
    length = int(low.partition(b"content-length:")[2].partition(b"\r\n")[0])
    parts, size = [body], len(body)
    while size < length:
        parts.append(_receive(one))
        size += len(parts[-1])
    return head, b"".join(parts)


def _unchunked(one: socket.socket, body: bytes) -> bytes:
    """Read a chunked body. Its end cannot be searched for, since a chunk may contain the same bytes."""
    buffer = bytearray(body)
    parts: list[bytes] = []
    while True:
        while (end := buffer.find(b"\r\n")) < 0:
            buffer += _receive(one)
        size = int(buffer[:end], 16)
        while len(buffer) < end + 2 + size + 2:
            buffer += _receive(one)
        if size == 0:
            return b"".join(parts)
        parts.append(bytes(buffer[end + 2 : end + 2 + size]))
        del buffer[: end + 2 + size + 2]


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
