"""The table of feed formats: title, media type and renderer of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from feeds.atom_and_rss import atom, rss
from feeds.feed import Feed
from feeds.json_feed import json_feed


class FeedFormat(msgspec.Struct, frozen=True):
    suffix: str
    """Ends the address of a feed: ``atom``."""
    title: str
    media_type: str
    """Without parameters, as links name it."""
    render: Callable[[Feed], bytes]

    @property
    def content_type(self) -> str:
        """The media type as responses state it: JSON has no character set (RFC 8259)."""
        return self.media_type if self.media_type.endswith("json") else f"{self.media_type}; charset=utf-8"


FEED_FORMATS: Mapping[str, FeedFormat] = {
    feed_format.suffix: feed_format
    for feed_format in (
        FeedFormat("atom", "Atom", "application/atom+xml", atom),
        FeedFormat("rss", "RSS", "application/rss+xml", rss),
        FeedFormat("json", "JSON Feed", "application/feed+json", json_feed),
    )
}
"""By suffix. Routes, links between feeds, pages and documents are built from this table."""
