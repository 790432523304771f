"""The feed of source pages that changed, vanished or returned."""

from __future__ import annotations

from html import escape

from feeds.feed import Category, Entry, Feed
from publisher.log.clocks import SHANGHAI
from publisher.log.evidence.notices import PageNotice
from publisher.log.log import Log
from publisher.log.model import Site
from publisher.views.syndication.feed import ICON, feed_links, feed_path, render, site_author
from publisher.views.syndication.scope import Form, Scope
from publisher.views.syndication.selection import NoSuchArchiveError

SOURCES = "sources"
"""Replaces a dataset's name in the address: the feed of source pages."""
TITLE = "来源网页的变化"
ENTRIES = 100
"""Entries of an archive. The feed itself has at least as many, if there are enough notices."""
_KINDS = {"changed": "变化", "vanished": "消失", "returned": "恢复"}
_TITLES = {
    "changed": "来源网站上“{title}”有变化",
    "vanished": "来源网站上“{title}”已不可访问",
    "returned": "来源网站上“{title}”恢复访问",
}
_SIGNS = {"etag": "ETag", "date": "修改时间", "length": "长度", "hash": "内容哈希值", "status": "状态码"}


def render_sources_feed(log: Log, form: Form, archive: int | None = None, address: str = "") -> bytes:
    """Serialize the feed of source pages: the newest notices, between :data:`ENTRIES` and twice as many.

    ``archive``: number of the first notice of an archive, which has :data:`ENTRIES` notices. A block becomes
    an archive (RFC 5005) when the next block is full, so an archive never gains an entry.
    ``address``: the one that was requested.
    Raises :class:`NoSuchArchiveError`.
    """
    site = log.datasets.site()
    newest, _ = log.evidence.notices_version()
    first = max(1, (newest - 1) // ENTRIES * ENTRIES + 1 - ENTRIES)
    if archive is not None:
        if archive % ENTRIES != 1 or archive >= first:
            raise NoSuchArchiveError(archive)
        first = archive
    batch = log.evidence.notices(after=first - 1, limit=ENTRIES * 2, newest=archive is None)
    ordered = batch if archive is None else batch[::-1]
    notices = tuple(n for n in ordered if archive is None or n.key < first + ENTRIES)
    scope, previous = Scope(SOURCES), first - ENTRIES if first > ENTRIES else None
    details, _ = log.datasets.site_details()
    feed = Feed(
        id=f"tag:{site.tag_authority}:feeds/{SOURCES}",
        title=TITLE,
        subtitle=f"{site.base} 所采集的网页在来源网站上的变化、消失和恢复；已发布的内容不因此变化",
        updated=notices[0].at if notices else log.datasets.site_created_at(),
        link=f"{site.base}/",
        self_link=address or site.base + feed_path(scope, form, archive),
        author=site_author(site, details),
        author_link=f"{site.base}/",
        icon=site.base + ICON,
        entries=tuple(_entry(notice, site) for notice in notices),
        links=tuple(feed_links(site.base, scope, form, archive, previous)),
        archive=archive is not None,
    )
    return render(feed, form)


def _entry(notice: PageNotice, site: Site) -> Entry:
    title = _TITLES[notice.kind].format(title=notice.title or notice.url)
    at = f"{notice.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    summary = f"{title}。由{_SIGNS[notice.detected_by]}发现，{at}（北京时间）；变化前后的网页均已存档。"
    link = f'<a href="{escape(notice.url)}">{escape(notice.url)}</a>'
    scheme = f"tag:{site.tag_authority}:notice"
    return Entry(
        id=f"tag:{site.tag_authority}:notices/{notice.key}",
        title=title,
        updated=notice.at,
        published=notice.at,
        link=notice.url,
        summary=summary,
        content_html=f"<p>{escape(summary)}</p><p>{link}</p>",
        authors=(notice.source_site,),
        categories=(
            Category(notice.kind, scheme, _KINDS[notice.kind]),
            Category(notice.detected_by, f"{scheme}/sign", _SIGNS[notice.detected_by]),
        ),
    )
