"""Sitemaps (sitemaps.org 0.9) and ``robots.txt`` (RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from xml.sax.saxutils import escape

from publisher.views.discovery.published_site import PublishedSite

_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
LARGEST = 50_000
"""Most addresses of one sitemap."""

type Address = tuple[str, date | None]
"""Address with the time, or day, of its last change."""


def site_sitemap(published_site: PublishedSite) -> bytes:
    """Build the sitemap of the site's pages, the data catalog, every dataset and its releases."""
    base = published_site.site.base
    times = {
        d.dataset.name: max((p.release.published_at for p in d.releases), default=None)
        for d in published_site.datasets
    }
    newest = max((t for t in times.values() if t is not None), default=None)
    addresses: list[Address] = [(f"{base}/", newest), (f"{base}/catalog", newest)]
    addresses += [(f"{base}/works", newest), (f"{base}/limits", newest)]
    addresses += [(f"{base}/developers", None), (f"{base}/docs", None)]
    for published_dataset in published_site.datasets:
        home = f"{base}/datasets/{published_dataset.dataset.name}"
        addresses.append((home, times[published_dataset.dataset.name]))
        addresses += [
            (f"{home}/releases/{p.release.number}", p.release.published_at)
            for p in published_dataset.releases
        ]
    return sitemap(addresses[:LARGEST])


def sitemap(addresses: Iterable[Address]) -> bytes:
    """Build a sitemap, in UTF-8. The caller gives at most :data:`LARGEST` addresses."""
    # Written as text: a tree of 50,000 entries takes five times as long.
    entries = (
        f"<url><loc>{escape(address)}</loc>{_last_change(changed)}</url>" for address, changed in addresses
    )
    head = "<?xml version='1.0' encoding='utf-8'?>"
    return f'{head}\n<urlset xmlns="{_SPACE}">{"".join(entries)}</urlset>'.encode()


def _last_change(changed: datetime | date | None) -> str:
    if changed is None:
        return ""
    if isinstance(changed, datetime):
        return f"<lastmod>{changed.astimezone(UTC).isoformat(timespec='seconds')}</lastmod>"
    return f"<lastmod>{changed.isoformat()}</lastmod>"


def robots(base: str, records: Sequence[tuple[str, int]]) -> bytes:
    """Build robots.txt: everything may be crawled except search and suggestions, whose pages are infinite.

    It names all sitemaps. ``records``: (dataset, number of records), for the sitemaps of each dataset.
    """
    infinite = ("/search?", "/search.", "/v1/search", "/v1/suggest")
    rules = "User-agent: *\nAllow: /\n" + "".join(f"Disallow: {path}\n" for path in infinite)
    lines = [f"Sitemap: {base}/sitemap.xml", f"Sitemap: {base}/developers/sitemap.xml"]
    for name, number in records:
        pages = range(1, -(-number // LARGEST) + 1)
        lines += [f"Sitemap: {base}/datasets/{name}/sitemaps/{page}" for page in pages]
    return f"{rules}\n{'\n'.join(lines)}\n".encode()
