"""Styles of ods files with strike-through (OpenDocument 1.3 part 3, 16.2, 20.373)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_NONE = frozenset({"", "none"})


def struck_styles(roots: Iterable[etree._Element]) -> frozenset[str]:
    """Return the names of styles that strike their text through, also by a style that they are based on."""
    parents: dict[str, str] = {}
    own: dict[str, bool] = {}
    for root in roots:
        for style in root.iter(f"{STYLE}style"):
            name = style.get(f"{STYLE}name") or ""
            parents[name] = style.get(f"{STYLE}parent-style-name") or ""
            struck = _line_through(style)
            if struck is not None:
                own[name] = struck
    return frozenset(name for name in parents if _is_struck(name, parents, own))


def _line_through(style: etree._Element) -> bool | None:
    """Return whether a style sets or removes the line; None where it does neither."""
    for properties in style.iterchildren(f"{STYLE}text-properties"):
        for attribute in ("text-line-through-style", "text-line-through-type"):
            value = properties.get(f"{STYLE}{attribute}")
            if value is not None:
                return value not in _NONE
    return None


def _is_struck(name: str, parents: dict[str, str], own: dict[str, bool]) -> bool:
    visited: set[str] = set()
    while name and name not in visited:
        if name in own:
            return own[name]
        visited.add(name)
        name = parents.get(name, "")
    return False
