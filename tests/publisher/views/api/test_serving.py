"""The application behind its real server, over real sockets."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import app
from publisher.log.log import Log
from publisher.settings import read_settings
from tests.support.servers.http_service import free_port
from tests.support.site import BASE

pytestmark = pytest.mark.slow

_PROGRAM = """
import sys
from pathlib import Path
from publisher import app
from publisher.settings import read_settings
application = app.create_app(read_settings(Path(sys.argv[1]), {}))
app.serve(application, port=int(sys.argv[2]), on_start=lambda: print("answers", flush=True))
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    home: Path = tmp_path_factory.mktemp("served")
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources)
    log.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
    log.close()
    number = free_port()
    command = [sys.executable, "-c", _PROGRAM, str(home), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "answers\n"
        yield number
        process.terminate()
        process.wait(timeout=20)


def send_request(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request + b"host: evil.example\r\nconnection: close\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_head_sends_no_body_on_the_wire(port: int) -> None:
    answer = send_request(port, b"GET /v1/datasets HTTP/1.1\r\n")
    head = send_request(port, b"HEAD /v1/datasets HTTP/1.1\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")
    length = len(answer.partition(b"\r\n\r\n")[2])
    assert b"content-length: %d\r\n" % length in head
    assert b"server:" not in head


def test_an_unchanged_answer_is_304_without_a_body_on_the_wire(port: int) -> None:
    first = send_request(port, b"GET /v1/datasets HTTP/1.1\r\n")
    tag = first.partition(b"etag: ")[2].partition(b"\r\n")[0]
    again = send_request(port, b"GET /v1/datasets HTTP/1.1\r\nif-none-match: " + tag + b"\r\n")
    assert again.startswith(b"HTTP/1.1 304 ")
    assert again.endswith(b"\r\n\r\n")
    assert b"content-length" not in again


def test_links_on_the_wire_use_the_address_of_the_site_and_not_the_host_header(port: int) -> None:
    answer = send_request(port, b"GET /v1/search?q=%E8%AE%B8%E5%8F%AF HTTP/1.1\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert BASE.encode() in answer
    assert b"evil.example" not in answer


def test_a_port_in_use_is_an_error_of_the_caller(port: int, tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {})
    log = Log.open(settings.database, sources=settings.sources)
    log.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
    application = app.create_app(settings, log=log)
    with pytest.raises(OSError, match="in use"):
        app.serve(application, port=port)
    log.close()
