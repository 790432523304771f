"""A feed in the formats that readers take: Atom 1.0 (RFC 4287) and RSS 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from feeds.feed import Entry, Feed, Link
from feeds.feedgen_adapter import UNTITLED, add_entry, clean, clean_line, generator, utc

ATOM_TYPE = "application/atom+xml; charset=utf-8"
RSS_TYPE = "application/rss+xml; charset=utf-8"

_UNKNOWN = "application/octet-stream"


def atom(feed: Feed) -> bytes:
    """Atom 1.0 in UTF-8. The same feed gives the same bytes; entries stand newest first.

    Entries of one instant keep the order in which they were given. Characters that XML cannot hold
    are left out. Raises ``ValueError`` for a time without a time zone.
    """
    built = _start(feed, "application/atom+xml")
    built.id(clean_line(feed.id))
    built.author({"name": _line(feed.author) if feed.author else _line(feed.title)})
    if feed.subtitle:
        built.subtitle(clean(feed.subtitle))
    if feed.rights:
        built.rights(clean(feed.rights))
    for entry in newest_first(feed):
        _atom_entry(built, entry)
    return bytes(built.atom_str())


def rss(feed: Feed) -> bytes:
    """RSS 2.0 in UTF-8, with ``atom:link``, ``content:encoded`` and ``dc:creator``; as :func:`atom` else."""
    built = _start(feed, "application/rss+xml")
    built.description(clean(feed.subtitle).strip() or _line(feed.title))
    if feed.rights:
        built.copyright(clean(feed.rights))
    if feed.author:
        built.dc.dc_creator(_line(feed.author))
    for entry in newest_first(feed):
        _rss_entry(built, entry)
    return bytes(built.rss_str())


def _start(feed: Feed, media_type: str) -> Any:
    page = clean_line(feed.link)
    links = (Link(feed.self_link, "self", media_type), Link(page, "alternate"), *feed.links)
    dates = {"lastBuildDate": feed.updated}
    built = generator(updated=feed.updated, links=links, rss_dates=dates, archive=feed.archive)
    built.title(_line(feed.title))
    built.link(href=page, rel="alternate")
    built.language(clean_line(feed.language))
    built.generator("Qingdan")
    return built


def newest_first(feed: Feed) -> list[Entry]:
    """The order of every format; entries of one instant keep theirs."""
    return sorted(feed.entries, key=lambda entry: utc(entry.updated), reverse=True)


def _atom_entry(built: Any, entry: Entry) -> None:
    made = _entry(built, entry, {})
    made.id(clean_line(entry.id))
    made.title(_line(entry.title))
    made.published(utc(entry.published))
    for author in entry.authors:
        made.author({"name": _line(author)})
    if entry.summary:
        made.summary(clean(entry.summary))
    if entry.content_html:
        made.content(clean(entry.content_html), type="html")
    else:
        made.link(href=clean_line(entry.link), rel="alternate")  # feedgen asks for one of the two


def _rss_entry(built: Any, entry: Entry) -> None:
    made = _entry(built, entry, {"pubDate": entry.published})
    made.guid(clean_line(entry.id), permalink=False)
    made.title(_line(entry.title))
    made.link(href=clean_line(entry.link), rel="alternate")
    if entry.authors:
        made.dc.dc_creator([_line(author) for author in entry.authors])
    # A description is HTML to every reader, so plain text has to be escaped once more.
    made.description(escape(clean(entry.summary or entry.title), quote=False))
    if entry.content_html:
        made.content(clean(entry.content_html))
    for link in [link for link in entry.links if link.rel == "enclosure"][:1]:
        # One is all that RSS 2.0 has room for; the others stand among the atom:links.
        made.enclosure(clean_line(link.href), str(link.length or 0), clean_line(link.type) or _UNKNOWN)


def _entry(built: Any, entry: Entry, rss_dates: Mapping[str, datetime]) -> Any:
    links = (Link(clean_line(entry.link), "alternate"), *entry.links)
    return add_entry(
        built, updated=entry.updated, links=links, categories=entry.categories, rss_dates=rss_dates
    )


def _line(text: str) -> str:
    # Both formats want a title and feedgen refuses an empty one.
    return clean_line(text) or UNTITLED
