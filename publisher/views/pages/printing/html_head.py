"""Metadata in the HTML head, for collectors, search engines and link previews.

The ``<meta>`` names are those of 国办发〔2017〕47号, annex 2; then Open Graph, and schema.org as JSON-LD,
which :mod:`.schema_org` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from publisher.log.clocks import SHANGHAI
from publisher.views.discovery.signposting import Links, TypedLink
from publisher.views.pages.printing.marked_text import join_html
from publisher.views.pages.printing.page_request import PageLang, Visit
from publisher.views.syndication.scope import Scope

EVERYTHING = ("全部清单的变化", "Changes of all lists")
_LOCALES: Mapping[PageLang, str] = {"zh": "zh_CN", "zh-Hant": "zh_HK", "en": "en_GB"}
_HREFLANGS: Mapping[PageLang, str] = {"zh": "zh-Hans", "zh-Hant": "zh-Hant", "en": "en"}
_SHARED_IMAGE = ("/share.png", "1200", "630")
"""Address, width and height of the image in link previews."""
_SHORTEST = 20
"""Minimum length of a page's own description, in characters: search engines ignore shorter ones."""
ABOUT = (
    "权责清单、收费和基金目录、中介服务、审批事项、政策文件：现行内容、历史内容及历次变化的时间和依据。",
    "Government lists: current content, past content, and the date and legal basis of every change.",
)


class Head(msgspec.Struct, frozen=True):
    title: str
    description: str = ""
    column: str = ""
    """The dataset, which collectors treat as a column (栏目) of the site."""
    column_kind: str = "数据发布"
    article: bool = False
    published: datetime | date | None = None
    source: str = ""
    """The publishing body."""
    keywords: Sequence[str] = ()
    ld: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """schema.org properties, without the context."""
    indexable: bool = True
    """Whether web search engines may index the page."""
    scope: Scope = msgspec.field(default_factory=Scope)
    """Scope of the feeds that the page links to."""
    feeds_title: str = ""
    """Title of these feeds; empty for the site's feeds."""
    data: str = ""
    """Address of the same content as JSON."""
    links: Links = ()
    """Typed links, which the ``Link`` header has too."""


def meta(visit: Visit, head: Head, canonical: str) -> Markup:
    """Render all metadata for a page's ``<head>``."""
    description = head.description
    if len(description) < _SHORTEST:
        parts = (head.title, description, visit.t(*ABOUT))
        description = visit.t("。", ". ").join(part for part in parts if part)
    texts = _EscapedHead(*map(escape, (head.title, description, head.column, head.source, canonical)))
    keywords = escape("；".join(head.keywords))
    out = [
        f'<meta name="{name}" content="{content}">\n'
        for name, content in _names(visit, head, texts, keywords)
        if content
    ]
    out.append(feed_links(visit.root, head.scope, head.feeds_title or visit.t(*EVERYTHING)))
    if head.data:
        out.append(f'<link rel="alternate" type="application/json" href="{escape(head.data)}">\n')
    out += [_typed_link(link) for link in head.links]
    if not head.indexable:
        return join_html((*out, '<meta name="robots" content="noindex">\n'))
    out.append(f'<link rel="canonical" href="{texts.canonical}">\n')
    out += [
        f'<link rel="alternate" hreflang="{lang}" href="{escape(address)}">\n'
        for lang, address in _languages(visit)
    ]
    out += [
        f'<meta property="og:{name}" content="{content}">\n'
        for name, content in _open_graph(visit, head, texts)
    ]
    out.append('<meta name="twitter:card" content="summary_large_image">\n')
    if head.ld:
        out.append(f'<script type="application/ld+json">{_encode_json_ld(head)}</script>\n')
    return join_html(out)


def _languages(visit: Visit) -> Iterator[tuple[str, str]]:
    """Yield the address of the page in each language, also for readers of any other."""
    for lang in _LOCALES:
        yield _HREFLANGS[lang], visit.canonical_in(lang)
    yield "x-default", visit.canonical_in("zh")


def _open_graph(visit: Visit, head: Head, texts: _EscapedHead) -> Iterator[tuple[str, str]]:
    address, width, height = _SHARED_IMAGE
    yield "site_name", escape(visit.site_name)
    yield "title", texts.title
    yield "description", texts.description
    yield "type", "article" if head.article else "website"
    yield "url", texts.canonical
    yield "locale", _LOCALES[visit.lang]
    yield "image", escape(visit.service.link(address))
    yield "image:width", width
    yield "image:height", height
    yield "image:alt", escape(visit.site_name)


def _typed_link(link: TypedLink) -> str:
    kind = f' type="{escape(link.type)}"' if link.type else ""
    return f'<link rel="{link.rel}" href="{escape(link.href)}"{kind}>\n'


class _EscapedHead(NamedTuple):
    """Texts that are used several times, escaped once."""

    title: str
    description: str
    column: str
    source: str
    canonical: str


def _names(visit: Visit, head: Head, texts: _EscapedHead, keywords: str) -> Iterator[tuple[str, str]]:
    """Yield the ``<meta>`` names of the guideline with their escaped contents; some are empty."""
    yield "SiteName", escape(visit.site_name)
    yield "SiteDomain", escape(urlsplit(visit.service.site.base).netloc)
    yield "ColumnName", texts.column
    yield "ColumnType", escape(head.column_kind) if head.column else ""
    yield "description", texts.description
    yield "keywords", keywords
    if head.article:
        yield "ArticleTitle", texts.title
        yield "PubDate", _minute(head.published)
        yield "ContentSource", texts.source
        yield "Author", texts.source
        yield "Keywords", keywords
        yield "Description", texts.description
        yield "Url", texts.canonical


@lru_cache(1024)
def feed_links(root: str, scope: Scope, title: str) -> Markup:
    """Render links to the feeds of a scope, in each format, for feed readers."""
    return join_html(
        f'<link rel="{feed.rel}" type="{feed.type}" title="{escape(feed.title)}"'
        f' href="{escape(feed.href)}">\n'
        for feed in scope.alternates(root, title)
    )


def _encode_json_ld(head: Head) -> str:
    """Encode JSON-LD for a ``<script>``, escaped so that it cannot end the element."""
    text = msgspec.json.encode({"@context": "https://schema.org", **head.ld}).decode()
    for sign, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, escaped)
    return text


def _minute(moment: datetime | date | None) -> str:
    """Format an instant as the guideline requires: ``2015-11-05 08:30``."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return "" if moment is None else moment.isoformat()
