"""Every feed that can be listed, as OPML 2.0 (http://opml.org/spec2.opml), for readers to take in at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from feeds.feedgen_adapter import clean_line, to_utc
from publisher.log.model import Dataset, Site
from publisher.views.syndication.feed import title
from publisher.views.syndication.scope import FILED, TERMS, Scope, scope

MEDIA = "text/x-opml; charset=utf-8"


def opml(
    site: Site,
    datasets: Sequence[Dataset],
    values: Mapping[str, Iterable[str]],
    named: Mapping[str, str],
    *,
    modified: datetime | None,
) -> bytes:
    """``values``: of each facet of :data:`.scope.FILED` those that occur; ``named``: titles of the facets.

    The same state gives the same bytes.
    """
    root = etree.Element("opml", version="2.0")
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = "全部订阅 / All feeds"
    if modified is not None:
        etree.SubElement(head, "dateModified").text = format_datetime(to_utc(modified))
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    for heading, scopes in _groups(datasets, values, named):
        group = etree.SubElement(body, "outline", text=clean_line(heading))
        for one in scopes:
            of = next((d for d in datasets if d.name == one.dataset), None)
            text = clean_line(title(one, of, named))
            page = site.base + (f"/datasets/{of.name}" if of else "/")
            address = site.base + one.path("atom")
            etree.SubElement(
                group, "outline", type="rss", text=text, title=text, xmlUrl=address, htmlUrl=page
            )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _groups(
    datasets: Sequence[Dataset], values: Mapping[str, Iterable[str]], named: Mapping[str, str]
) -> Iterator[tuple[str, list[Scope]]]:
    yield "全部 / Everything", [scope()]
    yield "清单 / Lists", [scope(dataset=dataset.name) for dataset in datasets]
    yield "变化类型 / Kinds of change", [scope(kinds=(term,)) for term in TERMS]
    for name in FILED:
        found = [scope(filters={name: (value,)}) for value in values.get(name, ())]
        if found:
            yield named.get(name, name), found
