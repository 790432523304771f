"""Validators, caching and content negotiation (RFC 9110), evaluated before a body is built."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

import msgspec
from litestar.datastructures.headers import Accept
from msgspec import structs

from publisher.web.problems import ProblemError

_REFUSED = re.compile(r";\s*q=0(\.0{0,3})?\s*(;|$)", re.IGNORECASE)
_HEADERS_USED = {
    name.encode(): name
    for name in (
        "accept",
        "accept-encoding",
        "accept-language",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "range",
    )
}
_PREFERENCES = frozenset({"accept", "accept-encoding", "accept-language"})
_LONGEST_PREFERENCE = 2_000
"""Characters of a preference that are read: each element costs the event loop some microseconds."""
_NO_QUALITY = re.compile(r";\s*q=(?!\d?(?:\.\d*)?\s*(?:[;,]|$))[^;,]*", re.IGNORECASE)
"""A quality that is not a decimal (RFC 9110, section 12.4.2): Litestar has no integer for 1e999."""
_TAG = re.compile(r'(?:W/)?"([^"]*?)(?:[-;](?:gzip|br|zstd))?"')
"""An entity tag, without what proxies add to it when they compress."""

_CHECKPOINT_RELATION = "https://c2sp.org/tlog-checkpoint"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "public, no-cache"


@lru_cache(256)
def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def request_headers(lines: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Collect the headers of a request that a response can depend on.

    Several lines of one header form one list (RFC 9110, section 5.3). What exceeds 2,000 characters of a
    preference is ignored.
    """
    headers: dict[str, str] = {}
    for line, content in lines:
        if (name := _HEADERS_USED.get(line)) is not None:
            value = content.decode("latin-1")
            if name in headers:
                value = f"{headers[name]}, {value}"
            headers[name] = value[:_LONGEST_PREFERENCE] if name in _PREFERENCES else value
    return headers


class Validity(msgspec.Struct, frozen=True):
    """Values that a response depends on in addition to its address. Equal values mean equal bytes."""

    tokens: tuple[object, ...]
    modified: datetime | None = None
    """Time of the last change; None: not recorded, so that the site's last change is sent."""
    decides: bool = True
    """The time alone determines the response, so that ``If-Modified-Since`` is answered."""
    pinned: bool = False
    """The address is pinned to a release: only a withdrawal, a correction mark or an erasure changes it."""
    immutable: bool = False
    """The address names its bytes by their digest or their place in the log: nothing can change them."""
    checkpoint: str = ""
    """The first signed checkpoint that covers this release: a header, and no input of the ETag."""

    def extended(self, token: object, changed_at: datetime | None) -> Validity:
        """Return the validity of a response that shows one more thing. ``changed_at``: its last change."""
        modified = self.modified
        if modified is not None and changed_at is not None:
            modified = max(modified, changed_at)
        return structs.replace(self, tokens=(*self.tokens, token), modified=modified)

    def headers(self, etag: str, base: str) -> dict[str, str]:
        """Return the headers of caching and proof. ``base``: address of the site."""
        headers = {"etag": etag, "cache-control": IMMUTABLE if self.immutable else REVALIDATE}
        if self.checkpoint:
            headers["qingdan-checkpoint"] = base64.b64encode(self.checkpoint.encode()).decode()
        elif not self.pinned and not self.immutable:
            headers["link"] = f'<{base}/log/checkpoint>; rel="{_CHECKPOINT_RELATION}"'
        if self.modified is not None:
            headers["last-modified"] = _http_date(self.modified)
        return headers


def join_headers(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Merge headers; the links of both stay, those of ``second`` before the others."""
    links = [headers["link"] for headers in (second, first) if "link" in headers]
    return {**first, **second, **({"link": ", ".join(links)} if links else {})}


def etag(validity: Validity, *, version: str, address: bytes) -> str:
    """Compute a strong entity tag from the software's version, the address with its query, and the validity.

    The version is included because another version may serialise the same state differently.
    """
    text = repr((version, address, validity.tokens)).encode()
    return f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'


def is_unchanged(validity: Validity, tag: str, headers: Mapping[str, str]) -> bool:
    """Report whether to respond 304. If-Modified-Since counts only without If-None-Match (section 13.2.2)."""
    expected_tags = headers.get("if-none-match")
    if expected_tags is not None:
        return expected_tags.strip() == "*" or tag.strip('"') in _TAG.findall(expected_tags)
    since = headers.get("if-modified-since")
    if since is None or validity.modified is None or not validity.decides:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, OverflowError):  # OverflowError: a year or zone beyond the machine's integers
        return False
    if moment.tzinfo is None:
        return False
    return validity.modified.replace(microsecond=0) <= moment


def negotiate(accept: str | None, offered: Sequence[str], *, is_fixed: bool = False) -> str:
    """Choose the best of ``offered`` for ``accept``, the first by default.

    ``application/json`` accepts every form of JSON. Raises ``not-acceptable``, unless the path fixes the form
    (``is_fixed``): who asks for ``.csv`` gets it, whatever a program adds to its request by habit.
    """
    if not accept or accept == "*/*" or (len(offered) == 1 and "*/*" in accept and "*/*;" not in accept):
        return offered[0]
    acceptable = ",".join(part for part in accept.split(",") if not _REFUSED.search(part))
    plain = [media.partition(";")[0] for media in offered]
    best = best_media(acceptable, plain) if acceptable else None
    if best is not None:
        return offered[plain.index(best)]
    json = next((media for media in offered if "+json" in media), None)
    if json is not None and acceptable and best_media(acceptable, ("application/json",)):
        return json
    if is_fixed:
        return offered[0]
    names = ", ".join(plain)
    raise ProblemError(
        "not-acceptable",
        f"这里只提供 {names}。",
        f"Only {names} is available here.",
    )


def best_media(accept: str, offered: Sequence[str]) -> str | None:
    """Return which of ``offered`` the header prefers; None: it accepts none.

    A quality that is not a decimal counts 1.
    """
    best: str | None = Accept(_NO_QUALITY.sub("", accept)).best_match(list(offered))
    return best


def wants_page(accept: str | None) -> bool:
    """Report whether a browser sent the request: it accepts HTML, and JSON with no higher preference."""
    if not accept or "text/html" not in accept:
        return False
    best = best_media(accept, ("text/html", "application/problem+json", "application/json"))
    return best == "text/html"
