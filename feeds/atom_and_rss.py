"""Rendering of feeds as Atom 1.0 (RFC 4287) and RSS 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from feeds.feed import Entry, Feed, Link
from feeds.feedgen_adapter import UNTITLED, add_entry, clean, clean_line, new_feed, to_utc

_UNKNOWN_TYPE = "application/octet-stream"


def atom(feed: Feed) -> bytes:
    """Render Atom 1.0 in UTF-8, newest entries first. The same feed gives the same bytes.

    Entries of the same instant keep their order. Characters that XML cannot represent are removed.
    Raises ``ValueError`` for a time without a time zone.
    """
    feed_generator = _new_feed(feed, "application/atom+xml")
    feed_generator.id(clean_line(feed.id))
    author = {"name": _title_line(feed.author or feed.title), "uri": clean_line(feed.author_link)}
    feed_generator.author({name: text for name, text in author.items() if text})
    if feed.publisher and feed.publisher != feed.author:
        feed_generator.contributor({"name": _title_line(feed.publisher)})
    if feed.icon:
        feed_generator.icon(clean_line(feed.icon))
        feed_generator.logo(clean_line(feed.icon))
    if feed.subtitle:
        feed_generator.subtitle(clean(feed.subtitle))
    if feed.rights:
        feed_generator.rights(clean(feed.rights))
    for entry in sort_newest_first(feed):
        _add_atom_entry(feed_generator, entry)
    return bytes(feed_generator.atom_str())


def rss(feed: Feed) -> bytes:
    """Render RSS 2.0 in UTF-8 as :func:`atom`, with ``atom:link``, ``content:encoded``, ``dc:creator``."""
    feed_generator = _new_feed(feed, "application/rss+xml")
    feed_generator.description(clean(feed.subtitle).strip() or _title_line(feed.title))
    if feed.rights:
        feed_generator.copyright(clean(feed.rights))
    if feed.icon:
        # Title and link of the image are those of the channel, as the specification of RSS 2.0 asks.
        feed_generator.image(clean_line(feed.icon), _title_line(feed.title), clean_line(feed.link))
    if feed.author:
        feed_generator.dc.dc_creator(_title_line(feed.author))
    if feed.publisher:
        feed_generator.dc.dc_publisher(_title_line(feed.publisher))
    for entry in sort_newest_first(feed):
        _add_rss_item(feed_generator, entry)
    return bytes(feed_generator.rss_str())


def _new_feed(feed: Feed, media_type: str) -> Any:
    page = clean_line(feed.link)
    links = (Link(feed.self_link, "self", media_type), Link(page, "alternate"), *feed.links)
    dates = {"lastBuildDate": feed.updated}
    feed_generator = new_feed(
        updated=feed.updated,
        links=links,
        rss_dates=dates,
        archive=feed.archive,
        erasures=feed.erasures,
        checkpoint=feed.checkpoint,
    )
    feed_generator.title(_title_line(feed.title))
    feed_generator.link(href=page, rel="alternate")
    feed_generator.language(clean_line(feed.language))
    feed_generator.generator("Qingdan")
    return feed_generator


def sort_newest_first(feed: Feed) -> list[Entry]:
    """Sort the entries for every format. Entries of the same instant keep their order."""
    return sorted(feed.entries, key=lambda entry: to_utc(entry.updated), reverse=True)


def _add_atom_entry(feed_generator: Any, entry: Entry) -> None:
    atom_entry = _add_entry(feed_generator, entry, {})
    atom_entry.id(clean_line(entry.id))
    atom_entry.title(_title_line(entry.title))
    atom_entry.published(to_utc(entry.written_published))
    for author in entry.authors:
        atom_entry.author({"name": _title_line(author)})
    if entry.summary:
        atom_entry.summary(clean(entry.summary))
    if entry.content_html:
        atom_entry.content(clean(entry.content_html), type="html")
    else:
        atom_entry.link(href=clean_line(entry.link), rel="alternate")  # feedgen requires one of the two


def _add_rss_item(feed_generator: Any, entry: Entry) -> None:
    rss_item = _add_entry(feed_generator, entry, {"pubDate": entry.written_published})
    rss_item.guid(clean_line(entry.id), permalink=False)
    rss_item.title(_title_line(entry.title))
    rss_item.link(href=clean_line(entry.link), rel="alternate")
    if entry.authors:
        rss_item.dc.dc_creator([_title_line(author) for author in entry.authors])
    # Readers treat a description as HTML, so plain text is escaped once more.
    rss_item.description(escape(clean(entry.summary or entry.title), quote=False))
    if entry.content_html:
        rss_item.content(clean(entry.content_html))
    for link in [link for link in entry.links if link.rel == "enclosure"][:1]:
        # RSS 2.0 allows only one enclosure; the others are among the atom:links.
        rss_item.enclosure(
            clean_line(link.href), str(link.length or 0), clean_line(link.type) or _UNKNOWN_TYPE
        )


def _add_entry(feed_generator: Any, entry: Entry, rss_dates: Mapping[str, datetime]) -> Any:
    links = (Link(clean_line(entry.link), "alternate"), *entry.links)
    return add_entry(
        feed_generator,
        updated=entry.written_updated,
        links=links,
        categories=entry.categories,
        rss_dates=rss_dates,
    )


def _title_line(text: str) -> str:
    # Both formats require a title, and feedgen rejects an empty one.
    return clean_line(text) or UNTITLED
