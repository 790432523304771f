"""Heads of the main pages with their content as schema.org, by which search engines find data sets.

Google's guide for data sets (https://developers.google.com/search/docs/appearance/structured-data/dataset)
asks for descriptions of 50 to 5,000 characters and licences as addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from publisher.log.clocks import is_day
from publisher.log.model import Dataset, RecordState, Release
from publisher.views.discovery import subjects
from publisher.views.discovery.addresses import Addresses
from publisher.views.discovery.dcat_catalog import licence_address
from publisher.views.discovery.signposting import Links
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.html_head import ABOUT, Head
from publisher.views.pages.printing.page_request import SOFTWARE, Visit
from publisher.views.syndication.scope import Scope
from schemas.definition.catalogue import Catalogue, Content
from schemas.reference import administrative_divisions
from schemas.words import STATUSES

_LONGEST = 150
"""Maximum length of the description in the head, in characters; search engines show no more."""
_SHORTEST = 50
"""Minimum length of a description, in characters."""


def site_head(visit: Visit) -> Head:
    """Build the head of the home page, with the search that search engines may offer."""
    base = visit.service.site.base
    description = visit.t(*ABOUT)
    return Head(
        title=visit.t("政府清单公开", "Government lists"),
        description=description,
        ld={
            "@type": "WebSite",
            "name": visit.site.name or SOFTWARE[0],
            "alternateName": visit.site.name_en or SOFTWARE[1],
            **({"publisher": _body(visit.site.owner)} if visit.site.owner else {}),
            "url": visit.canonical,
            "inLanguage": "zh-CN",
            "description": description,
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/search?q={{search_term_string}}"},
                "query-input": "required name=search_term_string",
            },
        },
    )


def dataset_head(
    visit: Visit,
    dataset: Dataset,
    catalogue: Catalogue,
    releases: Sequence[Release],
    page_release: Release | None,
    links: Links,
) -> Head:
    """Build the head of a list. ``page_release``: that which the page shows. ``links``: of that state."""
    title = visit.title_of(dataset)
    description = _describe_list(visit, dataset, catalogue, releases)
    first = min((release.effective_on for release in releases), default=None)
    ld: dict[str, Any] = {
        **_data(visit, dataset, catalogue),
        "name": title,
        "description": description,
        "url": visit.canonical,
        "identifier": _identifiers(links),
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": visit.site_name,
            "url": visit.service.link("/catalog"),
        },
        "distribution": _downloads(links),
    }
    if page_release is not None and first is not None:
        past_day = visit.day_of_view() if visit.clocks else None
        end = page_release.effective_on if visit.values("release") else past_day
        ld |= {
            "version": str(page_release.number),
            "datePublished": min(r.published_at for r in releases).isoformat(),
            "dateModified": page_release.published_at.isoformat(),
            "temporalCoverage": f"{first.isoformat()}/{end.isoformat() if end else '..'}",
        }
    return Head(
        title=title,
        description=_short(description),
        column=dataset.title,
        published=page_release.published_at if page_release else None,
        source=dataset.body,
        keywords=_keywords(visit, dataset, catalogue),
        ld=ld,
        scope=Scope(dataset.name),
        feeds_title=dataset.title,
        data=visit.link(f"/v1/datasets/{dataset.name}"),
        links=links,
    )


def release_head(
    visit: Visit, dataset: Dataset, catalogue: Catalogue, release: Release, links: Links
) -> Head:
    """Build the head of a release: a version of its list."""
    number = visit.t(f"第{release.number}次发布", f"Release {release.number}")
    title = f"{number} · {visit.title_of(dataset)}"
    when, counts = labels.when(visit, catalogue, release), labels.format_counts(visit, release.counts)
    summary = f"{when}{visit.t('：', ': ')}{counts}{visit.t('。', '. ')}{release.note}"
    description = _lengthen(summary, _describe_list(visit, dataset, catalogue, [release]))
    ld = {
        **_data(visit, dataset, catalogue),
        "name": title,
        "description": description,
        "url": visit.canonical,
        "identifier": _identifiers(links),
        "version": str(release.number),
        "datePublished": release.published_at.isoformat(),
        "isBasedOn": visit.service.link(f"/datasets/{dataset.name}"),
        "distribution": _downloads(links),
    }
    return Head(
        title=title,
        description=_short(description),
        column=dataset.title,
        article=True,
        published=release.published_at,
        source=dataset.body,
        keywords=_keywords(visit, dataset, catalogue),
        ld=ld,
        scope=Scope(dataset.name),
        feeds_title=dataset.title,
        links=links,
    )


def record_head(
    visit: Visit,
    dataset: Dataset,
    catalogue: Catalogue,
    state: RecordState,
    content: Content,
    release: Release,
    data: str,
    links: Links,
) -> Head:
    """Build the head of a record. The author of a document is its issuer, else the publishing body."""
    document = any(f.format == "markdown" and f.name in content for f in catalogue.fields)
    body = content.get(catalogue.body_field or "")
    source = body if isinstance(body, str) else dataset.body
    description = _lengthen(_summary(catalogue, content), _describe_record(visit, dataset, state, source))
    day = str(content.get("date_published") or content.get(catalogue.date_field or "", ""))
    published = date.fromisoformat(day) if document and is_day(day) else release.published_at
    kind = content.get(catalogue.type_field or "")
    keywords = [word for word in (catalogue.title, kind, source) if isinstance(word, str) and word]
    ld = {
        **_record_data(visit, dataset, state),
        "@type": "Article" if document else "CreativeWork",
        "identifier": [state.id, *_identifiers(links)],
        "description": description,
        "datePublished": published.isoformat(),
        "keywords": keywords,
        "author": _body(source),
    }
    return Head(
        title=state.title,
        description=_short(description),
        column=dataset.title,
        column_kind="政策文件" if document else "数据发布",
        article=True,
        published=published,
        source=source,
        keywords=keywords,
        ld=ld,
        scope=Scope(dataset.name),
        feeds_title=dataset.title,
        data=data,
        links=links,
    )


def _record_data(visit: Visit, dataset: Dataset, state: RecordState) -> dict[str, Any]:
    """Build the properties of a record that are the same for documents and other records."""
    until = state.effective_to.isoformat() if state.effective_to else ".."
    return {
        "name": state.title,
        "headline": state.title[:110],
        "url": visit.canonical,
        "inLanguage": "zh-CN",
        "dateModified": state.known_from.isoformat(),
        "temporalCoverage": f"{state.effective_from.isoformat()}/{until}",
        "creativeWorkStatus": labels.word_for(visit, STATUSES, state.status),
        "version": str(state.release),
        "license": licence_address(dataset, Addresses(visit.service.site.base)),
        "publisher": _body(dataset.body),
        "image": visit.service.link("/share.png"),
        "isPartOf": {
            "@type": "Dataset",
            "name": dataset.title,
            "url": visit.service.link(f"/datasets/{dataset.name}"),
        },
    }


def _data(visit: Visit, dataset: Dataset, catalogue: Catalogue) -> dict[str, Any]:
    """Build the properties that a list and its releases share."""
    place = administrative_divisions.full_name_of(dataset.division) if dataset.division else None
    return {
        "@type": "Dataset",
        "inLanguage": "zh-CN",
        "isAccessibleForFree": True,
        "license": licence_address(dataset, Addresses(visit.service.site.base)),
        "creator": _body(dataset.body),
        "publisher": _body(visit.site.owner or dataset.body),
        "keywords": _keywords(visit, dataset, catalogue),
        **({"spatialCoverage": {"@type": "Place", "name": place}} if place else {}),
    }


def _keywords(visit: Visit, dataset: Dataset, catalogue: Catalogue) -> list[str]:
    chinese, english = subjects.keywords(dataset, catalogue)
    return [*chinese, dataset.body] if visit.lang != "en" else [*english, dataset.body]


def _identifiers(links: Links) -> list[str]:
    return [link.href for link in links if link.rel == "cite-as"]


def _downloads(links: Links) -> list[dict[str, str]]:
    """List the files of the page's own state."""
    return [
        {"@type": "DataDownload", "encodingFormat": link.type, "contentUrl": link.href}
        for link in links
        if link.rel == "item"
    ]


def _body(name: str) -> dict[str, str]:
    return {"@type": "GovernmentOrganization", "name": name}


def _describe_list(visit: Visit, dataset: Dataset, catalogue: Catalogue, releases: Iterable[Release]) -> str:
    """Describe a list: its own text, its publishing body, its first day, and its forms."""
    own = labels.half(visit, dataset.description) or labels.half(visit, catalogue.description)
    first = min((release.effective_on for release in releases), default=None)
    title = visit.title_of(dataset)
    if visit.lang == "en":
        since = f", content since {visit.day(first)}" if first else ""
        return (
            f"{title}: {own} Published by {dataset.body}{since}. Readable at any day, with the date and the "
            f"legal basis of every change, and as XLSX, CSV and JSON."
        )
    since = f"，内容自{visit.day(first)}起" if first else ""
    sentence = own if own.endswith("。") else f"{own}。"
    return (
        f"{title}：{sentence}公布机关：{dataset.body}{since}。可按日期查询，"
        "每次变化注明日期和依据，可下载 XLSX、CSV、JSON 等格式。"
    )


def _describe_record(visit: Visit, dataset: Dataset, state: RecordState, source: str) -> str:
    day = visit.day(state.effective_from)
    if visit.lang == "en":
        return f"{state.title}: a record of {dataset.title_en or dataset.title}, {source}, since {day}."
    content = "内容、依据、来源及历次变化均可查询、可核验。"
    return f"{state.title}：{dataset.title}的条目，{source}，自{day}起。{content}"


def _lengthen(text: str, more: str) -> str:
    """Add ``more`` to a description that is too short for search engines."""
    return text if len(text) >= _SHORTEST else "\n".join(part for part in (text, more) if part)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


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
