"""Requests to one source: pace, back-off, limits, and unusual responses."""

from __future__ import annotations

import gzip
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

from publisher.harvest import warc
from publisher.harvest.fetcher import PATIENCE, Fetcher, FetchError
from publisher.harvest.source_config import SourceSite
from tests.support.servers.loopback import Answer, Loopback, loopback_server


@contextmanager
def fetcher(web: Loopback, pauses: list[float], **keys: Any) -> Iterator[Fetcher]:
    source = SourceSite(title="t", dataset="d", hosts=(web.host,), lists=(web.base,), **{"pace": 0.0, **keys})
    fetcher = Fetcher(source, loopback=True, agent="test", pause=pauses.append)
    try:
        yield fetcher
    finally:
        fetcher.close()


@pytest.fixture
def pauses() -> list[float]:
    return []


def test_a_host_is_left_alone_between_two_requests(web: Loopback, pauses: list[float]) -> None:
    web.answers["/"] = Answer(b"a")
    with fetcher(web, pauses, pace=5.0) as http:
        http.get(web.base + "/")
        http.get(web.base + "/")
    assert len(pauses) == 2  # robots.txt, then the two pages
    assert all(4.0 < pause <= 5.0 for pause in pauses)


def test_the_delay_that_robots_ask_for_counts_where_it_is_longer(web: Loopback, pauses: list[float]) -> None:
    web.answers["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 9\n")
    web.answers["/"] = Answer(b"a")
    with fetcher(web, pauses, pace=1.0) as http:
        http.get(web.base + "/")
        http.get(web.base + "/")
    assert 8.0 < pauses[-1] <= 9.0


@pytest.mark.parametrize(("retry_after", "longest"), [("7", 7.0), ("99999", PATIENCE), ("soon", 2.0)])
def test_a_busy_host_is_retried_when_it_says_or_later_and_three_times_at_most(
    web: Loopback, pauses: list[float], retry_after: str, longest: float
) -> None:
    web.answers["/"] = Answer(status=503, headers={"Retry-After": retry_after})
    with fetcher(web, pauses, pace=1.0) as http:
        assert http.get(web.base + "/").last.status == 503
    assert web.paths().count("/") == 3
    assert longest - 1.0 < pauses[1] <= longest


def test_a_connection_that_breaks_is_tried_again(web: Loopback, pauses: list[float]) -> None:
    tries: list[int] = []

    def broken(_request: object, _write: object) -> Answer | None:
        tries.append(1)
        return Answer(b"whole") if len(tries) == 3 else None

    web.answers["/"] = broken
    with fetcher(web, pauses) as http:
        assert http.get(web.base + "/").last.body == b"whole"


def test_an_untrusted_certificate_is_reported_and_nothing_is_read(pauses: list[float]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with loopback_server(context) as web, fetcher(web, pauses) as http:
        web.answers["/"] = Answer(b"secret")
        with pytest.raises(FetchError) as failed:
            http.get(web.base + "/")
    assert failed.value.code == "certificate"
    assert web.requests == []


def test_hops_of_a_redirect_that_never_ends_are_kept_as_evidence(web: Loopback, pauses: list[float]) -> None:
    web.answers["/"] = Answer(status=302, headers={"Location": "/"})
    with fetcher(web, pauses, redirects=3) as http, pytest.raises(FetchError) as failed:
        http.get(web.base + "/")
    assert (failed.value.code, len(failed.value.hops)) == ("too-many-redirects", 4)


def test_no_cookie_is_sent_back(web: Loopback, pauses: list[float]) -> None:
    web.answers["/"] = Answer(b"a", headers={"Set-Cookie": "track=1; Path=/"})
    with fetcher(web, pauses) as http:
        http.get(web.base + "/")
        http.get(web.base + "/")
    assert not any("cookie" in request.headers for request in web.requests)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "members", "deflate", "raw", "identity"])
def test_a_compressed_body_is_stored_as_sent_and_decompressed_for_reading(
    web: Loopback, pauses: list[float], coding: str
) -> None:
    text = "政务公开".encode() * 50
    packer = zlib.compressobj(wbits=-15)
    sent = {
        "gzip": gzip.compress(text, mtime=0),
        "x-gzip": gzip.compress(text, mtime=0),
        "members": gzip.compress(text[:9], mtime=0) + gzip.compress(text[9:], mtime=0),
        "deflate": zlib.compress(text),
        "raw": packer.compress(text) + packer.flush(),
        "identity": text,
    }[coding]
    encoding = {"raw": "deflate", "members": "gzip"}.get(coding, coding)
    web.answers["/"] = Answer(sent, headers={"Content-Encoding": encoding})
    with fetcher(web, pauses) as http:
        hops = http.get(web.base + "/").hops
    (record,) = warc.read_warc(warc.write_warc(hops))
    assert (record.body, warc.decode_body(record, 1 << 20)) == (sent, text)
    assert (record.status, record.address) == (200, "127.0.0.1")


@pytest.mark.parametrize(
    ("header", "stored"),
    [
        ("attachment; filename=附件.doc", "attachment; filename=%E9%99%84%E4%BB%B6.doc"),
        ("a=b; 名", "a=b; %E5%90%8D"),
        ("名", "%E5%90%8D"),
        ("a=b; c", "a=b; c"),
    ],
)
def test_bytes_of_a_header_beyond_ascii_are_stored_percent_encoded(
    web: Loopback, pauses: list[float], header: str, stored: str
) -> None:
    web.answers["/"] = Answer(b"a", headers={"Content-Disposition": header.encode().decode("latin-1")})
    with fetcher(web, pauses) as http:
        hops = http.get(web.base + "/").hops
    (record,) = warc.read_warc(warc.write_warc(hops))
    assert warc.find_header(record, "content-disposition") == stored


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(bytes(9 << 20), mtime=0)),
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(b"a") * 60),
        ("br", b"x"),
        ("deflate", b"x"),
    ],
)
def test_a_body_that_opens_without_end_or_not_at_all_is_refused(coding: str, body: bytes) -> None:
    with loopback_server() as web:
        web.answers["/"] = Answer(body, headers={"Content-Encoding": coding})
        with fetcher(web, []) as http:
            hop = http.get(web.base + "/").last
    with pytest.raises(ValueError, match=r"more than|damaged|Content-Encoding"):
        warc.decode_body(hop, 1 << 20)


def test_robots_that_lead_to_a_host_that_is_not_listed_are_requested_once(
    web: Loopback, pauses: list[float]
) -> None:
    web.answers["/robots.txt"] = Answer(status=301, headers={"Location": "http://mirror.example/robots.txt"})
    with fetcher(web, pauses) as http:
        for path in ("/1", "/2"):
            with pytest.raises(FetchError) as caught:
                http.get(web.base + path)
            assert caught.value.code == "refused-host"
    assert web.paths() == ["/robots.txt"]


def test_a_page_that_is_not_text_leads_nowhere(web: Loopback, pauses: list[float]) -> None:
    web.answers["/"] = Answer(b'<meta http-equiv="refresh" content="0; url=/a">' + bytes(range(9)) * 9)
    with fetcher(web, pauses) as http:
        assert http.get(web.base + "/").last.url == web.base + "/"
