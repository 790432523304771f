"""Addresses that a page names, made absolute."""

from __future__ import annotations

from urllib.parse import urljoin


def join_address(base: str, href: str) -> str | None:
    """Return the absolute address of a reference (RFC 3986, section 5); None: it is not an address."""
    try:
        return urljoin(base, href)
    except ValueError:
        return None
