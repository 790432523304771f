"""JSON-LD metadata (schema.org) of a page, as label and value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from lxml import etree

from schemas.normalise import fold

_KINDS = frozenset(
    {"Article", "NewsArticle", "Report", "Legislation", "GovernmentDocument", "DigitalDocument"}
)
_NAMES = {
    "headline": "标题",
    "name": "标题",
    "datePublished": "发布日期",
    "legislationIdentifier": "发文字号",
    "legislationDate": "成文日期",
    "legislationPassedBy": "发文机关",
    "legislationDateVersion": "施行日期",
    "publisher": "来源",
    "identifier": "索引号",
}
_LONGEST = 256 << 10
"""Characters of a ``<script>`` element; a longer one is ignored."""


def read_labels(root: etree._Element) -> dict[str, str]:
    """Return label → value from the first document that a page describes, or an empty dict."""
    for element in root.iter("script"):
        if (element.get("type") or "").strip().lower() != "application/ld+json":
            continue
        text = element.text or ""
        try:
            decoded = msgspec.json.decode(text) if len(text) < _LONGEST else None
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            continue
        for node in _iter_objects(decoded):
            if labels := _extract_labels(node):
                return labels
    return {}


def _iter_objects(decoded: Any) -> Iterator[dict[str, Any]]:
    for node in decoded if isinstance(decoded, list) else [decoded]:
        if isinstance(node, dict):
            yield node
            graph = node.get("@graph")
            yield from (
                (child for child in graph if isinstance(child, dict)) if isinstance(graph, list) else ()
            )


def _extract_labels(node: dict[str, Any]) -> dict[str, str]:
    kinds = node.get("@type")
    if not _KINDS & {
        kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)
    }:
        return {}
    labels: dict[str, str] = {}
    for key, label in _NAMES.items():
        value = node.get(key)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and fold(value):
            labels.setdefault(label, fold(value))
    return labels
