"""Validators, caching and negotiation (RFC 9110): decided before a body is built."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from litestar.datastructures.headers import Accept

from publisher.web.problems import ProblemError

_REFUSED = re.compile(r";\s*q=0(\.0{0,3})?\s*(;|$)", re.IGNORECASE)
_READ = {
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
_TAG = re.compile(r'(?:W/)?("[^"]*")')

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "public, no-cache"


@lru_cache(256)
def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def headers(lines: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Those of a request that an answer may depend on.

    What comes on several lines is one list (RFC 9110, section 5.3).
    """
    found: dict[str, str] = {}
    for line, content in lines:
        if (name := _READ.get(line)) is not None:
            value = content.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@dataclass(frozen=True, slots=True)
class Validity:
    """On what an answer depends besides its address. Equal validities mean equal bytes."""

    tokens: tuple[object, ...]
    modified: datetime | None = None
    """When it was last changed; None where no time says all of it."""
    immutable: bool = False
    """Pinned to a release: it never changes."""

    def headers(self, etag: str) -> dict[str, str]:
        headers = {"etag": etag, "cache-control": IMMUTABLE if self.immutable else REVALIDATE}
        if self.modified is not None:
            headers["last-modified"] = _http_date(self.modified)
        return headers


def etag(validity: Validity, *, version: str, address: bytes) -> str:
    """A strong entity tag over the software's version, the address with its query, and the validity.

    The software is part of it because another release of ours may write the same state differently.
    """
    text = repr((version, address, validity.tokens)).encode()
    return f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'


def unchanged(validity: Validity, tag: str, headers: Mapping[str, str]) -> bool:
    """Whether 304 is the answer. If-Modified-Since counts only without If-None-Match (section 13.2.2)."""
    asked = headers.get("if-none-match")
    if asked is not None:
        return asked.strip() == "*" or tag in _TAG.findall(asked)
    since = headers.get("if-modified-since")
    if since is None or validity.modified is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    if moment.tzinfo is None:
        return False
    return validity.modified.replace(microsecond=0) <= moment


def negotiate(accept: str | None, offered: Sequence[str]) -> str:
    """The best of ``offered`` for ``accept``, the first where it does not care. Raises ``not-acceptable``."""
    if not accept or accept == "*/*" or (len(offered) == 1 and "*/*" in accept and "*/*;" not in accept):
        return offered[0]
    wanted = ",".join(part for part in accept.split(",") if not _REFUSED.search(part))
    plain = [media.partition(";")[0] for media in offered]
    best = Accept(wanted).best_match(plain) if wanted else None
    if best is not None:
        return offered[plain.index(best)]
    names = ", ".join(plain)
    raise ProblemError(
        "not-acceptable",
        f"这里只提供 {names}。",
        f"Only {names} is available here.",
    )


def wants_page(accept: str | None) -> bool:
    """Whether a browser asks: it names HTML, and what programs take no higher."""
    if not accept or "text/html" not in accept:
        return False
    best = Accept(accept).best_match(["text/html", "application/problem+json", "application/json"])
    return bool(best == "text/html")
