"""HTTP client for one source: robots.txt, a pace per host, conditional requests, limits of size and time.

Addresses come from pages, so every request passes :mod:`publisher.ssrf_guard`, which contains the threat
model. In addition, a response larger than the source allows is cut and reported. Compressed content is
expanded up to the same size. Headers, robots.txt and Retry-After cannot delay a request for longer than
``PATIENCE``. Cookies are never sent back.
"""

from __future__ import annotations

import hashlib
import math
import re
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import msgspec
from protego import Protego

from publisher import ssrf_guard
from publisher.harvest import warc
from publisher.harvest.answers.joined_address import join_address
from publisher.harvest.answers.meta_refresh import find_meta_refresh
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.log.evidence.harvested_pages import Page

AGENT = "qingdan"
PATIENCE = 60.0
"""Longest pause, in seconds, that a server can request."""
TRIES = 3
MOST_SILENT_PAGES = 3
"""Pages in a row, each requested ``TRIES`` times, to which a host is silent or busy before it is skipped."""
_TEMPORARY_STATUSES = frozenset({429, 500, 502, 503, 504})
_BUSY = frozenset({429, 503})
_TEMPORARY_CODES = frozenset({"unreachable", "timeout"})
_VALIDATOR = re.compile(r"[!-~]([ -~]*[!-~])?")
"""An ETag or date that a request may repeat; other text would not be accepted as a header."""
_ROBOTS_BYTES = 500 << 10
"""Bytes of robots.txt that are read (RFC 9309, 2.5)."""
_MOST_ROBOTS_REDIRECTS = 5
"""Redirects of robots.txt that are followed; after more it counts as missing (RFC 9309, 2.3.1.2)."""
_TRUNCATED_LENGTH = 64 << 10
"""Bytes that are stored of a response that is too large."""


class ResponseChain(msgspec.Struct, frozen=True):
    """The responses of one address. ``hops`` is never empty; the last one is the response."""

    hops: tuple[Hop, ...]

    @property
    def last(self) -> Hop:
        return self.hops[-1]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.last.body).hexdigest()


class FetchError(Exception):
    """A request without a readable response. ``code``: see :mod:`publisher.ingest.findings.harvest`."""

    def __init__(self, code: str, detail: str, hops: tuple[Hop, ...] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.hops = code, detail, hops

    @property
    def is_temporary(self) -> bool:
        return self.code in _TEMPORARY_CODES


class OutOfTimeError(Exception):
    """The time that all requests together may take is over."""


class HostError(FetchError):
    """The host is skipped for the rest of the run; ``detail`` is the same for all of its pages."""


class Fetcher:
    """Sends requests to the hosts of one source, one at a time."""

    def __init__(
        self,
        source: SourceSite,
        *,
        loopback: bool,
        agent: str,
        pause: Callable[[float], None] = time.sleep,
        trust: ssl.SSLContext | None = None,
        within: float | None = None,
    ) -> None:
        """``within``: seconds from now on after which requests raise :class:`OutOfTimeError`."""
        self._source, self._pause = source, pause
        self._until = math.inf if within is None else time.monotonic() + within
        self._largest = source.largest << 20
        self._client = ssrf_guard.create_client(
            hosts=source.hosts,
            loopback=loopback,
            seconds=source.timeout,
            redirects=0,
            user_agent=agent,
            trust=trust,
            until=self._until,
        )
        self.robots: list[ResponseChain] = []
        """Responses of robots.txt, for the evidence."""
        self._robots_rules: dict[str, Protego | FetchError | None] = {}
        self._silent_pages: dict[str, int] = {}
        self._next_request: dict[str, float] = {}

    def close(self) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        modified: str | None = None,
    ) -> ResponseChain:
        """Request an address; retry where the host is busy. Raises :class:`FetchError`.

        A host that is down or busy is skipped after ``MOST_SILENT_PAGES`` pages.
        """
        headers = {"If-None-Match": etag} if etag and _VALIDATOR.fullmatch(etag) else {}
        headers |= {"If-Modified-Since": modified} if modified and _VALIDATOR.fullmatch(modified) else {}
        hops: list[Hop] = []
        for _ in range(self._source.redirects + 1):
            host = urlsplit(url).netloc
            if self._silent_pages.get(host, 0) >= MOST_SILENT_PAGES:
                raise HostError("host-silent", host, tuple(hops))
            self._check_robots(url)
            try:
                hops.append(self._request_with_retries(url, headers))
            except FetchError as error:
                if error.is_temporary:
                    self._silent_pages[host] = self._silent_pages.get(host, 0) + 1
                raise
            self._silent_pages[host] = self._silent_pages.get(host, 0) + 1 if hops[-1].status in _BUSY else 0
            target = _find_redirect_target(hops[-1])
            if target is None:
                target = find_meta_refresh(hops[-1])
                target = None if any(target == hop.url for hop in hops) else target
            if target is None:
                return ResponseChain(tuple(hops))
            url = _join(url, target, tuple(hops))
        raise FetchError("too-many-redirects", url, tuple(hops))

    def _check_robots(self, url: str) -> None:
        rules = self._get_robots_rules(url)
        if rules is not None and not rules.can_fetch(url, AGENT):
            raise FetchError("robots", url)

    def _get_robots_rules(self, url: str) -> Protego | None:
        """Return the rules of robots.txt.

        By RFC 9309 a 4xx other than 429 allows every page; 429 and a 5xx forbid all.
        """
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._robots_rules:
            try:
                self._robots_rules[host] = self._fetch_robots_rules(f"{host}/robots.txt")
            except FetchError as error:
                self._robots_rules[host] = error
        rules = self._robots_rules[host]
        if isinstance(rules, FetchError):
            raise rules.with_traceback(None)  # of thousands of pages
        return rules

    def _fetch_robots_rules(self, url: str) -> Protego | None:
        for _ in range(_MOST_ROBOTS_REDIRECTS + 1):
            try:
                hop = self._request_with_retries(url, {})
            except FetchError as error:
                if error.code == "certificate":
                    raise HostError(error.code, error.detail) from error
                if not error.is_temporary:
                    raise
                raise HostError("robots-unknown", error.detail) from error
            self.robots.append(ResponseChain((hop,)))
            target = _find_redirect_target(hop)
            if target is not None:
                try:
                    url = _join(url, target, ())
                except FetchError as error:
                    raise HostError("robots-unknown", error.detail) from error
            elif 400 <= hop.status < 500 and hop.status != 429:
                return None
            elif hop.status != 200:
                raise HostError("robots-unknown", f"{url}: {hop.status}")
            else:
                return _parse_robots(hop)
        return None

    def _request_with_retries(self, url: str, headers: dict[str, str]) -> Hop:
        for attempt in range(1, TRIES + 1):
            self._wait_for_turn(url)
            last = attempt == TRIES
            try:
                hop = self._request(url, headers)
            except FetchError as error:
                if last or not error.is_temporary:
                    raise
                self._back_off(url, 2.0**attempt * self._source.pace)
                continue
            if hop.status not in _TEMPORARY_STATUSES or last:
                return hop
            self._back_off(url, _parse_retry_after(hop) or 2.0**attempt * self._source.pace)
        raise AssertionError("unreachable")

    def _wait_for_turn(self, url: str) -> None:
        host = urlsplit(url).netloc
        now = time.monotonic()
        wait = min(self._next_request.get(host, 0.0) - now, PATIENCE)
        if now + max(wait, 0.0) >= self._until:
            raise OutOfTimeError
        if wait > 0:
            self._pause(wait)
        self._next_request[host] = time.monotonic() + self._find_pace(url)

    def _find_pace(self, url: str) -> float:
        parts = urlsplit(url)
        rules = self._robots_rules.get(f"{parts.scheme}://{parts.netloc}")
        delay = rules.crawl_delay(AGENT) if isinstance(rules, Protego) else None
        return min(max(self._source.pace, float(delay or 0)), PATIENCE)

    def _back_off(self, url: str, seconds: float) -> None:
        self._next_request[urlsplit(url).netloc] = time.monotonic() + min(seconds, PATIENCE)

    def _request(self, url: str, headers: dict[str, str]) -> Hop:
        try:
            with self._client.stream("GET", url, headers={"Accept-Encoding": "gzip", **headers}) as response:
                self._client.cookies.clear()
                return self._read_response(url, response)
        except ssrf_guard.RefusedError as error:
            raise FetchError(f"refused-{error.why}", error.subject) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise FetchError("refused-scheme", url) from error
        except httpx.TimeoutException as error:
            if time.monotonic() >= self._until:
                raise OutOfTimeError from error
            raise FetchError("timeout", f"{url} > {self._source.timeout:g} s") from error
        except (httpx.HTTPError, OSError) as error:  # the second for a socket that is closed meanwhile
            code = "certificate" if "CERTIFICATE" in str(error) else "unreachable"
            raise FetchError(code, f"{url}: {error}") from error

    def _read_response(self, url: str, response: httpx.Response) -> Hop:
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        body, truncated = bytearray(), ""
        for piece in response.iter_raw():
            body += piece
            if len(body) > self._largest:
                truncated = "length"
                del body[_TRUNCATED_LENGTH:]
                break
        return Hop(
            url=url,
            at=datetime.now(UTC),
            protocol=response.http_version,
            status=response.status_code,
            reason=response.reason_phrase,
            headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
            body=bytes(body),
            address=str(peer[0]) if peer else "",
            truncated=truncated,
        )


def _find_redirect_target(hop: Hop) -> str | None:
    location = warc.find_header(hop, "location") if hop.status in {301, 302, 303, 307, 308} else None
    return warc.encode_bytes(location) if location else None


def _join(url: str, target: str, hops: tuple[Hop, ...]) -> str:
    """Return the address of a redirect. Raises :class:`FetchError` for text that is not an address."""
    joined = join_address(url, target)
    if joined is None:
        raise FetchError("refused-scheme", target, hops)
    return joined


def _parse_robots(robots: Hop) -> Protego:
    try:
        text = warc.decode_beginning(robots, _ROBOTS_BYTES).decode("utf-8", "replace")
    except ValueError as error:
        raise HostError("robots-unknown", f"{robots.url}: {error}") from error
    return Protego.parse(text)


def _parse_retry_after(hop: Hop) -> float | None:
    """Return Retry-After in seconds; it may be a date (RFC 9110, 10.2.3)."""
    retry_after = warc.find_header(hop, "retry-after")
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:6])
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


class PageFetch(msgspec.Struct, frozen=True):
    """A page and the responses to its request."""

    page: Page
    responses: ResponseChain
