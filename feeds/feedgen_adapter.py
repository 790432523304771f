"""Adapter of feedgen 1.0, which fixes its defects through its own extension interface.

Observed defects: links of Atom entries lose ``rel``, ``type``, ``title`` and ``length``. RSS drops every
feed link except ``self``. RFC 5005 is not supported. ``updated`` and ``lastBuildDate`` default to the current
time, so that no two renders are equal. Entries are prepended. One control character raises an error and
loses the whole feed. An author without an e-mail address is missing in RSS. Categories are validated again
for every entry, which took a seventh of the rendering time. Each RSS date switches the locale of the whole
process, which is not thread-safe.
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

from feeds.feed import Category, Erasure, Link

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
QINGDAN = "urn:x-qingdan:feed"
"""Namespace of our own elements, which ``docs/feeds.md`` describes."""
UNTITLED = "（无标题）"

# Characters that XML 1.0 (section 2.2) cannot represent, and the unreadable controls DEL and C1.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Remove characters that XML cannot represent and unreadable controls; unify line breaks."""
    if text.isprintable():  # most texts: no controls, surrogates, unassigned code points or line breaks
        return text
    return _UNWRITABLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def clean_line(text: str) -> str:
    """Clean as :func:`clean` and join to one line, for titles and attributes."""
    if text.isprintable():
        return text.strip()
    return " ".join(part for part in re.split(r"[\t\n]+", clean(text)) if part).strip()


def to_utc(moment: datetime) -> datetime:
    """Convert to UTC, so that equal instants are written equally.

    Raises ``ValueError`` for a time without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time of a feed needs its time zone")
    return moment.astimezone(UTC)


def link_attributes(link: Link) -> dict[str, str]:
    """Return the attributes of an ``atom:link`` (RFC 4287, section 4.2.7), in a fixed order."""
    attributes_of_link = {"href": clean_line(link.href), "rel": clean_line(link.rel)}
    if link.type:
        attributes_of_link["type"] = clean_line(link.type)
    if link.title:
        attributes_of_link["title"] = clean_line(link.title)
    if link.length is not None:
        attributes_of_link["length"] = str(link.length)
    return attributes_of_link


@lru_cache(4_096)
def _category_attributes(category: Category) -> dict[str, str]:
    """Return the attributes of an ``atom:category``. Entries of a feed share most categories."""
    attributes_of_category = {"term": clean_line(category.term) or UNTITLED}
    if category.scheme:
        attributes_of_category["scheme"] = clean_line(category.scheme)
    if category.label:
        attributes_of_category["label"] = clean_line(category.label) or UNTITLED
    return attributes_of_category


def _erasure_element(erasure: Erasure) -> Any:
    attributes_of_erasure = {
        "dataset": clean_line(erasure.dataset),
        "record": clean_line(erasure.record),
        "release": str(erasure.release),
        "erased-at": to_utc(erasure.erased_at).isoformat(),
    }
    element = etree.Element(f"{{{QINGDAN}}}erasure", attributes_of_erasure)
    element.text = clean(erasure.ground)
    return element


class FeedgenExtension:
    """Extension of a feed or an entry: complete links and categories, RSS dates, archive mark.

    feedgen creates one for every feed and entry. The fields are public because feedgen cannot pass
    arguments to the constructor; the code that builds a feed sets them.
    """

    def __init__(self) -> None:
        self.links: tuple[Link, ...] = ()
        self.categories: tuple[Category, ...] = ()
        self.rss_dates: Mapping[str, datetime] = {}
        self.archive = False
        self.erasures: tuple[Erasure, ...] = ()
        self.checkpoint = ""

    def extend_ns(self) -> dict[str, str]:
        history = {"fh": HISTORY} if self.archive else {}
        return history | ({"qingdan": QINGDAN} if self.erasures or self.checkpoint else {})

    def extend_atom(self, element: Any) -> None:
        """Replace feedgen's links by ours. feedgen calls this before it adds entries."""
        for link in element.findall("link"):
            element.remove(link)
        for own_link in self.links:
            etree.SubElement(element, "link", link_attributes(own_link))
        for category in self.categories:
            etree.SubElement(element, "category", _category_attributes(category))
        self._mark(element)

    def extend_rss(self, element: Any) -> None:
        """Add links that RSS cannot express as ``atom:link``, and dates in the format of RFC 822."""
        parent = element.find("channel") if element.tag == "rss" else element
        for link in parent.findall(f"{{{ATOM}}}link"):
            parent.remove(link)
        for link in self.links:
            # RSS has its own <link> for the page. Readers that support both would show it twice.
            if link.rel != "alternate" or link.href != parent.findtext("link"):
                etree.SubElement(parent, f"{{{ATOM}}}link", link_attributes(link))
        for category in self.categories:
            attributes_of_category = _category_attributes(category)
            domain = (
                {"domain": attributes_of_category["scheme"]} if "scheme" in attributes_of_category else {}
            )
            etree.SubElement(parent, "category", domain).text = attributes_of_category.get(
                "label", attributes_of_category["term"]
            )
        for name, moment in self.rss_dates.items():
            etree.SubElement(parent, name).text = format_datetime(to_utc(moment))
        self._mark(parent)

    def _mark(self, parent: Any) -> None:
        """Insert archive mark, checkpoint and erasures before the entries, as streaming readers need."""
        marks = [etree.Element(f"{{{HISTORY}}}archive")] if self.archive else []
        if self.checkpoint:
            marks.append(etree.Element(f"{{{QINGDAN}}}checkpoint"))
            marks[-1].text = self.checkpoint
        marks += map(_erasure_element, self.erasures)
        if not marks:
            return
        first = next((n for n, child in enumerate(parent) if child.tag in ("entry", "item")), len(parent))
        parent[first:first] = marks


def new_feed(
    *,
    updated: datetime,
    links: Iterable[Link],
    rss_dates: Mapping[str, datetime],
    archive: bool = False,
    erasures: tuple[Erasure, ...] = (),
    checkpoint: str = "",
) -> Any:
    """Create an empty feedgen feed that always renders the same bytes."""
    feed = FeedGenerator()
    feed.register_extension("fixes", FeedgenExtension, FeedgenExtension)
    feed.load_extension("dc", atom=False, rss=True)
    feed.updated(to_utc(updated))
    # The only way to stop feedgen from writing this date itself, which switches the process's locale.
    vars(feed)["_FeedGenerator__rss_lastBuildDate"] = None
    feed.fixes.links = tuple(links)
    feed.fixes.rss_dates = rss_dates
    feed.fixes.archive, feed.fixes.erasures, feed.fixes.checkpoint = archive, erasures, checkpoint
    return feed


def add_entry(
    feed: Any,
    *,
    updated: datetime,
    links: Iterable[Link],
    categories: tuple[Category, ...],
    rss_dates: Mapping[str, datetime],
) -> Any:
    """Append a new entry to ``feed``."""
    entry = feed.add_entry(order="append")
    entry.updated(to_utc(updated))
    entry.fixes.links = tuple(links)
    entry.fixes.categories = categories
    entry.fixes.rss_dates = rss_dates
    return entry
