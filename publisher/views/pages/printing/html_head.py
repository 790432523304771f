"""Metadata in the HTML head, for collectors, search engines and link previews.

The ``<meta>`` names are those of 国办发〔2017〕47号, annex 2; then Open Graph, and schema.org as JSON-LD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from publisher.log.clocks import SHANGHAI
from publisher.log.model import Dataset, RecordState, Release
from publisher.views.discovery.signposting import Links, TypedLink
from publisher.views.exports.formats import FORMS
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.marked_text import join_html
from publisher.views.pages.printing.page_request import SOFTWARE, Lang, Visit
from publisher.views.syndication.scope import Scope
from schemas.definition.catalogue import Catalogue, Content

EVERYTHING = ("全部清单的变化", "Changes of all lists")
_LOCALES: Mapping[Lang, str] = {"zh": "zh_CN", "zh-Hant": "zh_HK", "en": "en_GB"}
_LONGEST = 150
"""Maximum length of a description, in characters."""


@dataclass(frozen=True, slots=True)
class Head:
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
    ld: Mapping[str, Any] = field(default_factory=dict)
    """schema.org properties, without the context."""
    listed: bool = True
    """Whether web search engines may index the page."""
    scope: Scope = field(default_factory=Scope)
    """Scope of the feeds that the page links to."""
    followed: str = ""
    """Title of these feeds; empty for the site's feeds."""
    data: str = ""
    """Address of the same content as JSON."""
    links: Links = ()
    """Typed links, which the ``Link`` header has too."""


def meta(visit: Visit, head: Head, canonical: str) -> Markup:
    """Render all metadata for a page's ``<head>``."""
    texts = _EscapedHead(*map(escape, (head.title, head.description, head.column, head.source, canonical)))
    keywords = escape("；".join(head.keywords))
    out = [
        f'<meta name="{name}" content="{content}">\n'
        for name, content in _names(visit, head, texts, keywords)
        if content
    ]
    out.append(feed_links(visit.root, head.scope, head.followed or visit.t(*EVERYTHING)))
    if head.data:
        out.append(f'<link rel="alternate" type="application/json" href="{escape(head.data)}">\n')
    out += [_typed_link(link) for link in head.links]
    if not head.listed:
        return join_html((*out, '<meta name="robots" content="noindex">\n'))
    kind = "article" if head.article else "website"
    description_tag = (
        f'<meta property="og:description" content="{texts.description}">\n' if texts.description else ""
    )
    out.append(
        f'<link rel="canonical" href="{texts.canonical}">\n'
        f'<meta property="og:site_name" content="{escape(visit.site_name)}">\n'
        f'<meta property="og:title" content="{texts.title}">\n{description_tag}'
        f'<meta property="og:type" content="{kind}">\n'
        f'<meta property="og:url" content="{texts.canonical}">\n'
        f'<meta property="og:locale" content="{_LOCALES[visit.lang]}">\n'
    )
    if head.ld:
        out.append(f'<script type="application/ld+json">{_encode_json_ld(head)}</script>\n')
    return join_html(out)


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


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def site_head(visit: Visit) -> Head:
    base = visit.service.site.base
    description = visit.t(
        "权责清单、收费和基金目录、中介服务、审批事项、政策文件：现行内容、历史内容及历次变化的时间和依据。",
        "Government lists: current content, past content, and the date and legal basis of every change.",
    )
    publisher = {"@type": "GovernmentOrganization", "name": visit.site.owner}
    return Head(
        title=visit.t("政府清单公开", "Government lists"),
        description=description,
        ld={
            "@type": "WebSite",
            "name": visit.site.name or SOFTWARE[0],
            "alternateName": visit.site.name_en or SOFTWARE[1],
            **({"publisher": publisher} if visit.site.owner else {}),
            "url": f"{base}/",
            "inLanguage": "zh-CN",
            "description": description,
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/search?q={{search_term_string}}"},
                "query-input": "required name=search_term_string",
            },
        },
    )


def dataset_head(visit: Visit, dataset: Dataset, catalogue: Catalogue, latest: Release | None) -> Head:
    base = visit.service.site.base
    title = visit.t(dataset.title, dataset.title_en)
    description = _short(labels.half(visit, dataset.description) or labels.half(visit, catalogue.description))
    ld: dict[str, Any] = {
        "@type": "Dataset",
        "name": title,
        "description": description if len(description) >= 50 else f"{title}。{description}",
        "url": f"{base}/datasets/{dataset.name}",
        "identifier": f"{base}/v1/datasets/{dataset.name}",
        "inLanguage": "zh-CN",
        "isAccessibleForFree": True,
        "license": labels.half(visit, dataset.licence),
        "creator": {"@type": "GovernmentOrganization", "name": dataset.body},
        "includedInDataCatalog": {"@type": "DataCatalog", "url": f"{base}/catalog"},
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": form.media_type,
                "contentUrl": f"{base}/v1/datasets/{dataset.name}/files/{form.name}",
            }
            for form in FORMS.values()
        ],
    }
    if latest is not None:
        ld |= {
            "version": str(latest.number),
            "dateModified": latest.published_at.isoformat(),
            "temporalCoverage": f"{latest.effective_on.isoformat()}/..",
        }
    return Head(
        title=title,
        description=description,
        column=dataset.title,
        published=latest.published_at if latest else None,
        source=dataset.body,
        keywords=(catalogue.title, dataset.body),
        ld=ld,
        scope=Scope(dataset.name),
        followed=dataset.title,
        data=visit.link(f"/v1/datasets/{dataset.name}"),
    )


def record_head(
    visit: Visit,
    dataset: Dataset,
    catalogue: Catalogue,
    state: RecordState,
    content: Content,
    release: Release,
    data: str,
) -> Head:
    """Build the head of a record. The author of a document is its issuer, else the publishing body."""
    base = visit.service.site.base
    document = any(f.format == "markdown" and f.name in content for f in catalogue.fields)
    body = content.get(catalogue.body_field or "")
    source = body if isinstance(body, str) else dataset.body
    description = _short(_summary(catalogue, content))
    day = content.get("date_published") or content.get(catalogue.date_field or "")
    published = date.fromisoformat(day) if document and isinstance(day, str) else release.published_at
    ld: dict[str, Any] = {
        "@type": "Article" if document else "CreativeWork",
        "name": state.title,
        "headline": state.title[:110],
        "url": visit.canonical,
        "identifier": state.id,
        "inLanguage": "zh-CN",
        "description": description,
        "datePublished": published.isoformat(),
        "dateModified": state.known_from.isoformat(),
        "version": str(state.release),
        "author": {"@type": "GovernmentOrganization", "name": source},
        "publisher": {"@type": "GovernmentOrganization", "name": dataset.body},
        "isPartOf": {"@type": "Dataset", "name": dataset.title, "url": f"{base}/datasets/{dataset.name}"},
    }
    kind = content.get(catalogue.type_field or "")
    keywords = [word for word in (catalogue.title, kind, source) if isinstance(word, str) and word]
    return Head(
        title=state.title,
        description=description,
        column=dataset.title,
        column_kind="政策文件" if document else "数据发布",
        article=True,
        published=published,
        source=source,
        keywords=keywords,
        ld=ld,
        scope=Scope(dataset.name),
        followed=dataset.title,
        data=data,
    )


def _summary(catalogue: Catalogue, content: Content) -> str:
    """Summarise a record in a line: the beginnings of its first texts with their titles."""
    excerpts: list[str] = []
    length = 0
    for f in catalogue.fields:
        value = content.get(f.name)
        if isinstance(value, str) and not f.personal and f.name != catalogue.title_field and value.strip():
            excerpts.append(f"{f.title}：{' '.join(value[:200].split())[:60]}")
            length += len(excerpts[-1])
            if length > _LONGEST:
                break
    return "；".join(excerpts)
