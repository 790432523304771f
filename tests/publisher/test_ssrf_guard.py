"""The guard of outgoing requests: real sockets on loopback, and hostile name servers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import trustme

from publisher import ssrf_guard
from publisher.ssrf_guard import RefusedError
from tests.support.servers.loopback import Answer, Loopback, loopback_server


@pytest.fixture
def site() -> Iterator[Loopback]:
    with loopback_server() as site:
        yield site


def client(*hosts: str, loopback: bool = True, **others: Any) -> httpx.Client:
    return ssrf_guard.create_client(hosts=hosts or None, loopback=loopback, user_agent="test", **others)


def test_a_listed_host_is_requested_and_the_response_is_complete(site: Loopback) -> None:
    site.answers["/"] = Answer("全文".encode())
    with client(site.host) as http:
        assert http.get(site.base + "/").content == "全文".encode()
    assert site.requests[0].headers["user-agent"] == "test"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1",  # noqa: S104
        "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:0a00:0001::1",
        "64:ff9b:1::a00:1", "fec0::1", "3fff::1", "192.0.0.8", "192.88.99.1",
        "64:ff9b::a00:1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "no address", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_not_permitted(address: str) -> None:
    assert not ssrf_guard.is_permitted(address, loopback=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "202.96.64.68", "2400:3200::1", "::ffff:1.1.1.1"])
def test_a_public_address_is_permitted(address: str) -> None:
    assert ssrf_guard.is_permitted(address, loopback=False)


def test_the_setting_for_loopback_opens_nothing_else() -> None:
    assert ssrf_guard.is_permitted("127.0.0.1", loopback=True)
    assert ssrf_guard.is_permitted("::1", loopback=True)
    assert not ssrf_guard.is_permitted("10.0.0.1", loopback=True)
    assert not ssrf_guard.is_permitted("169.254.169.254", loopback=True)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_loopback_is_refused_by_default_in_every_writing(site: Loopback, name: str) -> None:
    port = site.host.rpartition(":")[2]
    with client(loopback=False) as http, pytest.raises(RefusedError) as refused:
        http.get(f"http://{name}:{port}/")
    assert refused.value.why == "address"
    assert site.requests == []


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[fe80::1]/"])
def test_a_redirect_to_a_private_address_is_refused(site: Loopback, target: str) -> None:
    site.answers["/"] = Answer(status=302, headers={"Location": target})
    with client() as http, pytest.raises(RefusedError) as refused:
        http.get(site.base + "/")
    assert refused.value.why == "address"


@pytest.mark.slow
@pytest.mark.parametrize("listed", ["鞍山.政务", "xn--rht988k.xn--zfr164b", "XN--RHT988K.XN--ZFR164B"])
@pytest.mark.parametrize("host", ["鞍山.政务", "xn--rht988k.xn--zfr164b"])
def test_a_chinese_host_is_listed_in_either_writing(
    site: Loopback, monkeypatch: pytest.MonkeyPatch, listed: str, host: str
) -> None:
    site.answers["/"] = Answer(b"read")
    port = int(site.host.rpartition(":")[2])
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
    with client(f"{listed}:{port}") as http:
        assert http.get(f"http://{host}:{port}/").content == b"read"
        with pytest.raises(RefusedError):
            http.get(f"http://马{host}:{port}/")


def test_a_redirect_to_a_host_that_is_not_listed_is_refused_before_it_is_looked_up(
    site: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.answers["/"] = Answer(status=302, headers={"Location": "http://mirror.example/"})
    hosts: list[str] = []
    real = socket.getaddrinfo

    def noting(host: str, *more: Any, **keywords: Any) -> Any:
        hosts.append(host)
        return real(host, *more, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    with client(site.host) as http, pytest.raises(RefusedError) as refused:
        http.get(site.base + "/")
    assert refused.value.why == "host"
    assert set(hosts) == {"127.0.0.1"}


def test_a_listed_name_does_not_open_its_other_ports(site: Loopback) -> None:
    with client("127.0.0.1") as http, pytest.raises(RefusedError):
        http.get(site.base + "/")


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://clerk:secret@127.0.0.1/"]
)
def test_other_schemes_and_user_names_are_refused_and_never_shown(target: str) -> None:
    with client() as http, pytest.raises((RefusedError, httpx.UnsupportedProtocol)) as refused:
        http.get(target)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example"])
def test_a_name_that_no_server_can_have_is_not_found(name: str) -> None:
    with client(name) as http, pytest.raises(httpx.ConnectError):
        http.get(f"http://{name}/")


def test_a_name_server_that_changes_its_answer_is_queried_once(
    site: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the connection goes to the address that was checked."""
    site.answers["/"] = Answer(b"read")
    port = int(site.host.rpartition(":")[2])
    answers = iter(["127.0.0.1", "10.0.0.1", "169.254.169.254"])

    real = socket.getaddrinfo

    def hostile(host: str, *others: Any, **more: Any) -> list[Any]:
        if host != "rebinding.example":
            return real(host, *others, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", hostile)
    with client() as http:
        assert http.get(f"http://rebinding.example:{port}/").content == b"read"
    with client() as http, pytest.raises(RefusedError):
        http.get(f"http://rebinding.example:{port}/")


def test_a_name_with_one_private_address_among_others_is_refused(
    site: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site.host.rpartition(":")[2])
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with client() as http, pytest.raises(RefusedError, match=r"mixed\.example → 10\.0\.0\.1"):
        http.get(f"http://mixed.example:{port}/")
    assert site.requests == []


@pytest.mark.slow
def test_redirects_end(site: Loopback) -> None:
    site.answers["/"] = Answer(status=302, headers={"Location": "/"})
    with client(redirects=3) as http, pytest.raises(httpx.TooManyRedirects):
        http.get(site.base + "/")
    assert len(site.requests) == 4


@pytest.mark.slow
def test_an_answer_that_drips_for_ever_ends_with_the_time_of_the_exchange(site: Loopback) -> None:
    site.answers["/head"] = site.dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")
    site.answers["/body"] = site.dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b"x")
    with client(seconds=0.3) as http:
        for path in ("/head", "/body"):
            with pytest.raises(httpx.TimeoutException):
                http.get(site.base + path)


def test_the_environment_gives_no_proxy(site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    site.answers["/"] = Answer(b"direct")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with client() as http:
        assert http.get(site.base + "/").content == b"direct"


def test_a_certificate_that_nobody_trusts_is_an_error_and_one_of_a_trusted_authority_is_not() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with loopback_server(server) as site:
        site.answers["/"] = Answer(b"secured")
        with client() as http, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            http.get(site.base + "/")
        with client(trust=trust) as http:
            assert http.get(site.base + "/").content == b"secured"
