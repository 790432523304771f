"""feedgen 1.0 and what it gets wrong, mended in one place through its own extensions.

Seen by running it: links of Atom entries lose ``rel``, ``type``, ``title`` and ``length``; RSS drops
every feed link but ``self``; there are no marks of RFC 5005; ``updated`` and ``lastBuildDate`` default to
the present, so that no two renders are equal; entries are prepended; one control character raises and
loses the whole feed; an author without an e-mail address vanishes from RSS; categories are checked anew
for every entry, which took a seventh of the time of a feed; and each RSS date switches
the locale of the whole process, which is no business of a thread that renders a feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from feedgen.feed import FeedGenerator
from lxml import etree

from feeds.feed import Category, Link

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
UNTITLED = "（无标题）"

# What XML 1.0 (section 2.2) has no way to write, and the controls DEL and C1, which nobody can read.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """``text`` without the characters that XML cannot hold (C0, lone surrogates, U+FFFE, U+FFFF)."""
    if text.isprintable():  # most are: no controls, surrogates, unassigned code points or breaks of a line
        return text
    return _UNWRITABLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def clean_line(text: str) -> str:
    """Like :func:`clean`, on one line: what a title or an attribute needs."""
    if text.isprintable():
        return text.strip()
    return " ".join(part for part in re.split(r"[\t\n]+", clean(text)) if part).strip()


def utc(moment: datetime) -> datetime:
    """The same instant in UTC, so that equal instants are written equally.

    Raises ``ValueError`` for a naive time: which clock it means is not known.
    """
    if moment.tzinfo is None:
        raise ValueError("a time of a feed needs its time zone")
    return moment.astimezone(UTC)


def attributes(link: Link) -> dict[str, str]:
    """The attributes of an ``atom:link`` (RFC 4287, section 4.2.7), in a fixed order."""
    found = {"href": clean_line(link.href), "rel": clean_line(link.rel)}
    if link.type:
        found["type"] = clean_line(link.type)
    if link.title:
        found["title"] = clean_line(link.title)
    if link.length is not None:
        found["length"] = str(link.length)
    return found


@lru_cache(4_096)
def _category(category: Category) -> dict[str, str]:
    """The attributes of an ``atom:category``; the entries of a feed share most of theirs."""
    found = {"term": clean_line(category.term) or UNTITLED}
    if category.scheme:
        found["scheme"] = clean_line(category.scheme)
    if category.label:
        found["label"] = clean_line(category.label) or UNTITLED
    return found


class Mending:
    """Extension of a feed or of an entry: links and categories as they were given, RSS dates, archive mark.

    feedgen makes one for every feed and entry; whoever builds these fills it. Fields are public
    because feedgen gives no way to pass them when it makes the instance.
    """

    def __init__(self) -> None:
        self.links: tuple[Link, ...] = ()
        self.categories: tuple[Category, ...] = ()
        self.rss_dates: Mapping[str, datetime] = {}
        self.archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY} if self.archive else {}

    def extend_atom(self, element: Any) -> None:
        """Replace feedgen's links by ours. A feed's entries are not there yet."""
        for link in element.findall("link"):
            element.remove(link)
        for ours in self.links:
            etree.SubElement(element, "link", attributes(ours))
        for category in self.categories:
            etree.SubElement(element, "category", _category(category))
        self._mark(element)

    def extend_rss(self, element: Any) -> None:
        """Add the links that RSS itself has no word for as ``atom:link``, and the dates of RFC 822."""
        holder = element.find("channel") if element.tag == "rss" else element
        for link in holder.findall(f"{{{ATOM}}}link"):
            holder.remove(link)
        for link in self.links:
            # RSS has its own <link> for the page; readers that know both would show it twice.
            if link.rel != "alternate" or link.href != holder.findtext("link"):
                etree.SubElement(holder, f"{{{ATOM}}}link", attributes(link))
        for category in self.categories:
            written = _category(category)
            domain = {"domain": written["scheme"]} if "scheme" in written else {}
            etree.SubElement(holder, "category", domain).text = written.get("label", written["term"])
        for name, moment in self.rss_dates.items():
            etree.SubElement(holder, name).text = format_datetime(utc(moment))
        self._mark(holder)

    def _mark(self, holder: Any) -> None:
        """Atom wants what is its own before the entries, and so does whoever reads a stream."""
        if self.archive:
            first = next((n for n, child in enumerate(holder) if child.tag in ("entry", "item")), len(holder))
            holder.insert(first, etree.Element(f"{{{HISTORY}}}archive"))


def generator(
    *, updated: datetime, links: Iterable[Link], rss_dates: Mapping[str, datetime], archive: bool = False
) -> Any:
    """An empty feedgen feed that renders the same bytes whenever it is rendered."""
    feed = FeedGenerator()
    feed.register_extension("mending", Mending, Mending)
    feed.load_extension("dc", atom=False, rss=True)
    feed.updated(utc(updated))
    # The only way to keep feedgen from writing this date itself, by switching the process's locale.
    vars(feed)["_FeedGenerator__rss_lastBuildDate"] = None
    feed.mending.links = tuple(links)
    feed.mending.rss_dates = rss_dates
    feed.mending.archive = archive
    return feed


def add_entry(
    feed: Any,
    *,
    updated: datetime,
    links: Iterable[Link],
    categories: tuple[Category, ...],
    rss_dates: Mapping[str, datetime],
) -> Any:
    """A new entry behind the others of ``feed``."""
    entry = feed.add_entry(order="append")
    entry.updated(utc(updated))
    entry.mending.links = tuple(links)
    entry.mending.categories = categories
    entry.mending.rss_dates = rss_dates
    return entry
