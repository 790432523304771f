"""Format-independent feed with its entries, links and categories."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class Link(msgspec.Struct, frozen=True):
    href: str
    rel: str
    type: str = ""
    title: str = ""
    length: int | None = None


class Category(msgspec.Struct, frozen=True):
    term: str
    scheme: str = ""
    label: str = ""


class Entry(msgspec.Struct, frozen=True):
    id: str
    """Tag URI (RFC 4151); never changes."""
    title: str
    updated: datetime
    published: datetime
    link: str
    summary: str = ""
    content_html: str = ""
    authors: tuple[str, ...] = ()
    """Names of bodies, the responsible one first."""
    categories: tuple[Category, ...] = ()
    links: tuple[Link, ...] = ()
    updated_offset: timedelta = timedelta()
    """Added to ``updated`` where it is written: entries of one instant are sorted as they are given."""
    published_offset: timedelta = timedelta()

    @property
    def written_updated(self) -> datetime:
        """Return the time that is written as ``updated``."""
        return self.updated + self.updated_offset

    @property
    def written_published(self) -> datetime:
        """Return the time that is written as ``published``."""
        return self.published + self.published_offset


class Erasure(msgspec.Struct, frozen=True):
    """A record whose content was destroyed by law: every copy of its entries has to be deleted."""

    dataset: str
    record: str
    release: int
    """Number of the release that erased it."""
    erased_at: datetime
    ground: str


class Feed(msgspec.Struct, frozen=True):
    id: str
    title: str
    updated: datetime
    """Time of the newest change, or of the dataset's creation; never the current time."""
    link: str
    self_link: str
    subtitle: str = ""
    author: str = ""
    author_link: str = ""
    """Address of the author's page."""
    publisher: str = ""
    """The body responsible for the site that serves the feed, or the site's name."""
    icon: str = ""
    """Address of a square PNG image."""
    language: str = "zh-CN"
    rights: str = ""
    entries: tuple[Entry, ...] = ()
    links: tuple[Link, ...] = ()
    """``alternate`` (the other formats), ``hub`` (WebSub), ``prev-archive`` and ``current`` (RFC 5005) …"""
    erasures: tuple[Erasure, ...] = ()
    """Erased records of the feed's datasets, newest first, whether or not entries of them are left."""
    checkpoint: str = ""
    """Signed note over the release of the newest entry (C2SP tlog-checkpoint); empty: not yet signed."""
    archive: bool = False
    """Whether it is an archive document (RFC 5005, section 4), which never gets new entries."""
