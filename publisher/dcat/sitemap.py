"""What crawlers of the web read: ``sitemap.xml`` (sitemaps.org 0.9) and ``robots.txt`` (RFC 9309)."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from publisher.dcat.model import Holdings

_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
LARGEST = 50_000
"""Addresses that one sitemap may hold; a site of more datasets than this is none that we know."""


def of(holdings: Holdings) -> bytes:
    """The first page, the catalogue, and every dataset with the time of its newest release."""
    base = holdings.site.base
    root = Element("urlset", xmlns=_SPACE)
    times = {
        k.dataset.name: max((p.release.published_at for p in k.releases), default=None) for k in holdings.kept
    }
    newest = max((t for t in times.values() if t is not None), default=None)
    for address in (f"{base}/", f"{base}/catalog", f"{base}/docs"):
        _entry(root, address, None if address.endswith("/docs") else newest)
    for name, changed in list(times.items())[: LARGEST - 3]:
        _entry(root, f"{base}/v1/datasets/{name}", changed)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _entry(root: Element, address: str, changed: datetime | None) -> None:
    entry = SubElement(root, "url")
    SubElement(entry, "loc").text = address
    if changed is not None:
        SubElement(entry, "lastmod").text = changed.astimezone(UTC).isoformat(timespec="seconds")


def robots(base: str) -> bytes:
    """Everything may be crawled but search and its suggestions: no crawler ever comes to their end."""
    rules = "User-agent: *\nAllow: /\nDisallow: /v1/search\nDisallow: /v1/suggest\n"
    return f"{rules}\nSitemap: {base}/sitemap.xml\n".encode()
