"""The feed of findings: the newest ones that hold, with the texts that they cite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape

from feeds.feed import Category, Entry, Feed, Link
from publisher.log.findings.finding_query import PublishedFinding
from publisher.log.log import Log
from publisher.log.model import Site
from publisher.views.syndication.feed import ICON, render, site_author
from publisher.views.syndication.scope import FORMS, Form
from schemas.words import SEVERITIES

ENTRIES = 100
"""Most entries. The list of findings has all."""


def render_finding_feed(
    log: Log, form: Form, findings: Sequence[PublishedFinding], *, query: str, title: str
) -> bytes:
    """Serialize findings, newest first. ``query``: the filters of the list, with its ``?`` or empty.

    ``title``: of the dataset that they are about, or empty.
    """
    site = log.datasets.site()
    own, _ = log.datasets.site_details()
    entries = tuple(_entry(one, site) for one in findings[:ENTRIES])
    subject = f"{title}：" if title else ""
    feed = Feed(
        id=f"tag:{site.tag_authority}:findings{query}",
        title=f"{subject}待核问题",
        subtitle="各清单互相核对所见，逐字引用所涉及的每一行；未经确认，只说明清单上仍列有什么",
        updated=max((one.updated for one in entries), default=log.datasets.site_created_at()),
        link=f"{site.base}/findings{query}",
        self_link=_address(site, form, query),
        author=site_author(site, own),
        author_link=f"{site.base}/",
        icon=site.base + ICON,
        entries=entries,
        links=tuple(
            Link(_address(site, other, query), "alternate", media)
            for other, media in FORMS.items()
            if other != form
        ),
    )
    return render(feed, form)


def _address(site: Site, form: Form, query: str) -> str:
    return f"{site.base}/findings.{form}{query}"


def _entry(published: PublishedFinding, site: Site) -> Entry:
    one = published.finding
    at = _opened_at(published)
    scheme = f"tag:{site.tag_authority}:finding"
    return Entry(
        id=f"tag:{site.tag_authority}:findings/{published.id}",
        title=f"{published.title}：{one.message_zh}",
        updated=at,
        published=at,
        link=f"{site.base}/findings/{published.id}",
        summary=f"{one.message_zh}。{one.because_zh}未经确认。",
        content_html="".join(_html(published)),
        authors=(published.part,) if published.part else (),
        categories=(
            Category(one.code, scheme),
            Category(one.severity, f"{scheme}/severity", SEVERITIES[one.severity].zh),
        ),
    )


def _opened_at(published: PublishedFinding) -> datetime:
    return published.opened.published_at if published.opened else published.known_from


def _html(published: PublishedFinding) -> Iterator[str]:
    one = published.finding
    yield f"<p>{escape(one.message_zh)}。{escape(one.because_zh)}未经确认。</p><ul>"
    for cite in one.cites:
        yield f"<li>{escape(cite.dataset)}：<q>{escape(cite.text)}</q></li>"
    yield f"</ul><p>{escape(one.way_out_zh)}。</p>"
