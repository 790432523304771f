"""All listed feeds as OPML 2.0 (http://opml.org/spec2.opml), for import into a feed reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from feeds.feedgen_adapter import clean_line, to_utc
from publisher.log.model import Dataset, Site
from publisher.views.syndication import commitment_feed, effect_feed, finding_feed, sources_feed
from publisher.views.syndication.feed import feed_title
from publisher.views.syndication.scope import LISTED_FACETS, TERMS, Scope, make_scope

_SITE_FEEDS = (
    (feed_title(make_scope(), None, {}), "/changes", "/changes"),
    (finding_feed.TITLE, "/findings", "/findings"),
    (commitment_feed.TITLE, "/commitments", "/commitments"),
    (effect_feed.TITLE, "/effects", "/works"),
    (sources_feed.TITLE, f"/feeds/{sources_feed.SOURCES}", "/"),
)
"""Title, path and page of the feeds that are about every dataset."""
MEDIA = "text/x-opml; charset=utf-8"


def build_opml(
    site: Site,
    datasets: Sequence[Dataset],
    values: Mapping[str, Iterable[str]],
    facet_titles: Mapping[str, str],
    *,
    modified: datetime | None,
) -> bytes:
    """Serialize the list of feeds. The same state gives the same bytes.

    ``values``: the values that occur, for each facet of :data:`.scope.LISTED_FACETS`.
    ``facet_titles``: titles of the facets.
    """
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = "全部订阅 / All feeds"
    if modified is not None:
        etree.SubElement(head, "dateModified").text = format_datetime(to_utc(modified))
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    others = etree.SubElement(body, "outline", text="全站 / The whole site")
    for text, path, page in _SITE_FEEDS:
        own = {"text": text, "title": text, "xmlUrl": f"{site.base}{path}.atom", "htmlUrl": site.base + page}
        etree.SubElement(others, "outline", {"type": "rss", **own})
    for heading, scopes in _groups(datasets, values, facet_titles):
        group = etree.SubElement(body, "outline", text=clean_line(heading))
        for scope in scopes:
            dataset = next((d for d in datasets if d.name == scope.dataset), None)
            text = clean_line(feed_title(scope, dataset, facet_titles))
            page = site.base + (f"/datasets/{dataset.name}" if dataset else "/")
            address = site.base + scope.path("atom")
            etree.SubElement(
                group, "outline", type="rss", text=text, title=text, xmlUrl=address, htmlUrl=page
            )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _groups(
    datasets: Sequence[Dataset], values: Mapping[str, Iterable[str]], facet_titles: Mapping[str, str]
) -> Iterator[tuple[str, list[Scope]]]:
    yield "全部 / Everything", [make_scope()]
    yield "清单 / Lists", [make_scope(dataset=dataset.name) for dataset in datasets]
    yield "变化类型 / Kinds of change", [make_scope(kinds=(term,)) for term in TERMS]
    for name in LISTED_FACETS:
        facet_scopes = [make_scope(filters={name: (value,)}) for value in values.get(name, ())]
        if facet_scopes:
            yield facet_titles.get(name, name), facet_scopes
