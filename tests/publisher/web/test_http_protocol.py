"""Bounds of a connection, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import uvicorn
from litestar import Litestar, Request, get, post

from publisher.web import http_protocol
from publisher.web.http_protocol import MAX_HEADER_LINES, MAX_HEADERS, MAX_REQUEST_LINE, bounded_protocol

CONNECTIONS = 8
HOST = b"host: data.example.gov.cn\r\n"
LARGE = 32 << 20
PROTOCOL = bounded_protocol(CONNECTIONS)


@get("/", include_in_schema=False)
async def _reply() -> str:
    return "ok"


@get("/large", include_in_schema=False)
async def _reply_large() -> bytes:
    return b"x" * LARGE


@get("/slow", include_in_schema=False)
async def _reply_slowly() -> str:
    await asyncio.sleep(0.8)
    return "ok"


@post("/form", include_in_schema=False)
async def _read_form(request: Request[Any, Any, Any]) -> str:
    return str(len(await request.body()))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Litestar(
        [_reply, _reply_large, _reply_slowly, _read_form], openapi_config=None, logging_config=None
    )
    config = uvicorn.Config(app, http=PROTOCOL, ws="none", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes back until the server closes the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with suppress(ConnectionError):  # refused before all was sent
            connection.sendall(request)
        with suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answer += chunk
    return answer


def refusal(answer: bytes) -> tuple[int, str]:
    """Return status and code of a problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert head.split()[1] == str(problem["status"]).encode()
    return problem["status"], problem["type"].rpartition("/")[2]


def request(address: bytes = b"/", headers: bytes = HOST, version: bytes = b"1.1") -> bytes:
    return b"GET %s HTTP/%s\r\n%sconnection: close\r\n\r\n" % (address, version, headers)


def test_an_ordinary_request_is_answered(port: int) -> None:
    assert exchange(port, request()).endswith(b"ok")
    assert exchange(port, request(b"/?q=" + b"a" * (MAX_REQUEST_LINE - 100))).endswith(b"ok")
    lines = b"".join(b"x-%d: 1\r\n" % number for number in range(MAX_HEADER_LINES - 2))
    assert exchange(port, request(headers=HOST + lines)).endswith(b"ok")


@pytest.mark.parametrize("length", [MAX_REQUEST_LINE + 1, 1 << 20, 8 << 20])
def test_a_long_request_line_is_refused(port: int, length: int) -> None:
    answer = exchange(port, request(b"/" + b"a" * length))
    assert not answer or refusal(answer) == (414, "query-too-long")


@pytest.mark.parametrize(
    "headers",
    [
        b"x: " + b"a" * MAX_HEADERS + b"\r\n",
        b"x" * MAX_HEADERS + b": a\r\n",
        b"x: " + b"a" * (8 << 20) + b"\r\n",
        b"".join(b"x-%d: %s\r\n" % (n, b"a" * 1024) for n in range(80)),
        b"".join(b"x-%d: 1\r\n" % n for n in range(MAX_HEADER_LINES)),
        b"x:\r\n" * (1 << 18),
    ],
    ids=["long value", "long name", "8 MiB value", "80 KiB in all", "102 lines", "262144 lines"],
)
def test_headers_beyond_the_bounds_are_refused(port: int, headers: bytes) -> None:
    answer = exchange(port, request(headers=HOST + headers))
    # A client that still sends when the connection closes may lose the answer (RFC 9112, section 9.6).
    assert not answer or refusal(answer) == (431, "headers-too-large")
    assert answer or len(headers) > 1 << 17


@pytest.mark.parametrize("headers", [b"", HOST + HOST, HOST + b"Host: other.example\r\n"])
def test_a_missing_or_double_host_is_refused(port: int, headers: bytes) -> None:
    assert refusal(exchange(port, request(headers=headers))) == (400, "bad-request")


def test_http_1_0_needs_no_host(port: int) -> None:
    assert exchange(port, request(headers=b"", version=b"1.0")).endswith(b"ok")


@pytest.mark.parametrize(
    "junk", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 4096]
)
def test_bytes_that_are_no_request_are_refused(port: int, junk: bytes) -> None:
    assert refusal(exchange(port, junk)) == (400, "bad-request")


def test_several_requests_of_one_connection_count_apart(port: int) -> None:
    padded = b"GET / HTTP/1.1\r\n" + HOST + b"x: " + b"a" * (MAX_HEADERS - 1000) + b"\r\n\r\n"
    answer = exchange(port, padded * 5 + request())
    assert answer.count(b"HTTP/1.1 200 OK") == 6


@pytest.mark.slow
def test_a_head_that_trickles_is_ended(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT", 0.5)
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, suppress(ConnectionError):
        connection.sendall(b"GET /")
        connection.settimeout(0.1)
        while time.monotonic() - started < 10:
            connection.sendall(b"a")
            with suppress(TimeoutError):
                assert refusal(connection.recv(65536)) == (408, "request-timeout")
                break
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\n"])
def test_a_silent_connection_is_ended(port: int, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT", 0.3)
    assert refusal(exchange(port, beginning)) == (408, "request-timeout")


@pytest.mark.slow
@pytest.mark.parametrize("headers", [b"content-length: 1000\r\n", b"transfer-encoding: chunked\r\n"])
def test_a_body_that_does_not_come_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch, headers: bytes
) -> None:
    """A thousand such requests took all connections for ever."""
    monkeypatch.setattr(PROTOCOL, "body_seconds", 0.5)
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST /form HTTP/1.1\r\n" + HOST + headers + b"\r\n1")
        with suppress(ConnectionError):
            assert connection.recv(65536) == b""
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("headers", [b"", b"connection: upgrade\r\nupgrade: h2c\r\n"])
def test_a_long_answer_outlives_the_time_for_a_body(
    port: int, monkeypatch: pytest.MonkeyPatch, headers: bytes
) -> None:
    monkeypatch.setattr(PROTOCOL, "body_seconds", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + headers + b"\r\n")
        assert connection.recv(65536).endswith(b"ok")


def test_connections_are_capped_until_others_close(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        time.sleep(0.2)
        answer = exchange(port, request())
        assert refusal(answer) == (503, "too-busy")
        assert b"retry-after: " in answer
    deadline = time.monotonic() + 10
    while not exchange(port, request()).endswith(b"ok"):
        assert time.monotonic() < deadline


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_disconnected(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALL_TIMEOUT", 0.5)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(1.5)
        size = 0
        with suppress(ConnectionError):
            while chunk := connection.recv(1 << 20):
                size += len(chunk)
        assert size < LARGE
