"""Rendering of feeds as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), without feedgen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from feeds.atom_and_rss import sort_newest_first
from feeds.feed import Entry, Feed, Link
from feeds.feedgen_adapter import clean, clean_line, to_utc

_VERSION = "https://jsonfeed.org/version/1.1"

_encoder = msgspec.json.Encoder()


def json_feed(feed: Feed) -> bytes:
    """Render JSON Feed 1.1 in UTF-8, with the entries and the order of :func:`feeds.atom_and_rss.atom`.

    The same feed gives the same bytes. ``next_url`` is the archive before this one, as in RFC 5005.
    """
    hubs = [{"type": "WebSub", "url": clean_line(link.href)} for link in feed.links if link.rel == "hub"]
    earlier = [clean_line(link.href) for link in feed.links if link.rel == "prev-archive"]
    fields = {
        "version": _VERSION,
        "title": clean_line(feed.title),
        "home_page_url": clean_line(feed.link),
        "feed_url": clean_line(feed.self_link),
        "description": clean(feed.subtitle),
        "next_url": earlier[0] if earlier else None,
        "icon": clean_line(feed.icon),
        "favicon": clean_line(feed.icon),
        "authors": [{**author, **_home(feed)} for author in _authors((feed.author,))],
        "language": clean_line(feed.language),
        "hubs": hubs,
        "_qingdan": _extension(feed),
        "items": [_item(entry) for entry in sort_newest_first(feed)],
    }
    return _encoder.encode({key: value for key, value in fields.items() if value or key == "items"})


def _extension(feed: Feed) -> dict[str, Any]:
    """Build the property that JSON Feed leaves to publishers; ``docs/feeds.md`` describes it."""
    erasures = [
        {
            "dataset": erasure.dataset,
            "record": erasure.record,
            "release": erasure.release,
            "erased_at": _timestamp(erasure.erased_at),
            "ground": clean(erasure.ground),
        }
        for erasure in feed.erasures
    ]
    own = {"publisher": clean_line(feed.publisher), "checkpoint": feed.checkpoint, "erasures": erasures}
    return {key: value for key, value in own.items() if value}


def _item(entry: Entry) -> dict[str, Any]:
    source = [clean_line(link.href) for link in entry.links if link.rel == "via"]
    fields = {
        "id": clean_line(entry.id),
        "url": clean_line(entry.link),
        "external_url": source[0] if source else None,
        "title": clean_line(entry.title),
        "content_html": clean(entry.content_html),
        # One of the two contents is required.
        "content_text": None if entry.content_html else clean(entry.summary),
        "summary": clean(entry.summary),
        "date_published": _timestamp(entry.written_published),
        "date_modified": _timestamp(entry.written_updated),
        "authors": _authors(entry.authors),
        "tags": [clean_line(category.label or category.term) for category in entry.categories],
        "attachments": [_attachment(link) for link in entry.links if link.rel == "enclosure"],
    }
    filled = {key: value for key, value in fields.items() if value}
    return filled if "content_html" in filled else {**filled, "content_text": fields["content_text"] or ""}


def _authors(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": line} for name in names if (line := clean_line(name))]


def _home(feed: Feed) -> dict[str, str]:
    return {"url": clean_line(feed.author_link)} if feed.author_link else {}


def _attachment(link: Link) -> dict[str, Any]:
    attached: dict[str, Any] = {
        "url": clean_line(link.href),
        "mime_type": clean_line(link.type) or "application/octet-stream",
    }
    if link.title:
        attached["title"] = clean_line(link.title)
    if link.length is not None:
        attached["size_in_bytes"] = link.length
    return attached


def _timestamp(moment: datetime) -> str:
    return to_utc(moment).isoformat()
