"""Styles of ods files that strike text through or raise it (OpenDocument 1.3 part 3, 16.2, 20.373)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lxml import etree

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_NONE = frozenset({"", "none"})


_RAISED = re.compile(r"\s*(?:super|(?!0+%)\d+%)(?:\s.*)?")
"""Positions above the line: ``super 58%`` or ``33% 58%``; those below it are negative."""


def struck_styles(roots: Iterable[etree._Element]) -> frozenset[str]:
    """Return the names of styles that strike their text through, also by a style that they are based on."""
    return _find_styles(roots, ("text-line-through-style", "text-line-through-type"), _is_line)


def raised_styles(roots: Iterable[etree._Element]) -> frozenset[str]:
    """Return the names of styles that raise their text, as marks of footnotes are."""
    return _find_styles(roots, ("text-position",), _is_above)


def _is_line(value: str) -> bool:
    return value not in _NONE


def _is_above(value: str) -> bool:
    return _RAISED.fullmatch(value) is not None


def _find_styles(
    roots: Iterable[etree._Element], attributes: Iterable[str], test: Callable[[str], bool]
) -> frozenset[str]:
    parents: dict[str, str] = {}
    own: dict[str, bool] = {}
    for root in roots:
        for style in root.iter(f"{STYLE}style"):
            name = style.get(f"{STYLE}name") or ""
            parents[name] = style.get(f"{STYLE}parent-style-name") or ""
            value = _read_property(style, attributes)
            if value is not None:
                own[name] = test(value)
    return frozenset(name for name in parents if _has_property(name, parents, own))


def _read_property(style: etree._Element, attributes: Iterable[str]) -> str | None:
    """Return the first of the attributes that a style sets for its text; None without one."""
    for properties in style.iterchildren(f"{STYLE}text-properties"):
        for attribute in attributes:
            value = properties.get(f"{STYLE}{attribute}")
            if value is not None:
                return value
    return None


def _has_property(name: str, parents: dict[str, str], own: dict[str, bool]) -> bool:
    visited: set[str] = set()
    while name and name not in visited:
        if name in own:
            return own[name]
        visited.add(name)
        name = parents.get(name, "")
    return False
