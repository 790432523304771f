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
    """Build the sitemap of the site's pages, the data catalog, every dataset and the releases.

    If there are more than :data:`LARGEST`, the oldest releases are left out: each list links to its own.
    """
    base = published_site.site.base
    times = {
        d.dataset.name: max((p.release.published_at for p in d.releases), default=None)
        for d in published_site.datasets
    }
    newest = max((t for t in times.values() if t is not None), default=None)
    addresses: list[Address] = [(f"{base}/", newest), (f"{base}/catalog", newest)]
    addresses += [(f"{base}/{path}", newest) for path in ("works", "limits", "commitments")]
    addresses += [(f"{base}/developers", None), (f"{base}/docs", None)]
    addresses += [(f"{base}/datasets/{name}", changed_at) for name, changed_at in times.items()]
    releases = (p.release for dataset in published_site.datasets for p in dataset.releases)
    addresses += [
        (f"{base}/datasets/{one.dataset}/releases/{one.number}", one.published_at)
        for one in sorted(releases, key=lambda release: release.published_at, reverse=True)
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
