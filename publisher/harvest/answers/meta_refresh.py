"""Redirects within a page: ``<meta http-equiv="refresh" content="0; url=…">``."""

from __future__ import annotations

import re

from publisher.harvest import warc
from publisher.harvest.answers.joined_address import join_address
from publisher.harvest.warc import Hop
from publisher.ingest.formats import html, text_encoding
from publisher.ingest.formats.errors import ReaderError

_MARK = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)
_CONTENT = re.compile(
    r"\s*(?P<seconds>\d{1,4})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?(?P<url>[^\"']+?)[\"']?\s*",
    re.IGNORECASE,
)
_MOST_BYTES = 64 << 10
_MOST_SECONDS = 30
"""A page that moves on later, or to itself, is a page that renews itself."""


def find_meta_refresh(hop: Hop) -> str | None:
    """Return the address to which a page sends its reader at once, or None."""
    if hop.status != 200 or hop.truncated or len(hop.body) > _MOST_BYTES:
        return None
    try:
        data = warc.decode_beginning(hop, _MOST_BYTES)
    except ValueError:
        return None
    if _MARK.search(data) is None:
        return None
    try:
        text, _ = text_encoding.decode(data, warc.find_charset(hop))
        root = html.parse_page(text)
    except ReaderError:
        return None
    for element in root.iter("meta"):
        if (element.get("http-equiv") or "").strip().lower() != "refresh":
            continue
        if next(element.iterancestors("noscript"), None) is not None:
            continue
        content = _CONTENT.fullmatch(element.get("content") or "")
        if content is not None and int(content["seconds"]) <= _MOST_SECONDS:
            printed = content["url"].strip()
            target = join_address(hop.url, printed) or printed  # a text that is not an address is refused
            return None if target == hop.url else target
    return None
