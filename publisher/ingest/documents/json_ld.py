"""What a page says of itself as JSON-LD (schema.org), under the names that labelled lines use."""

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


def of_page(root: etree._Element) -> dict[str, str]:
    """Label → value, of the first description of a document; empty where there is none."""
    for element in root.iter("script"):
        if (element.get("type") or "").strip().lower() != "application/ld+json":
            continue
        text = element.text or ""
        try:
            said = msgspec.json.decode(text) if len(text) < _LONGEST else None
        except msgspec.DecodeError:
            continue
        for thing in _things(said):
            if found := _of_thing(thing):
                return found
    return {}


def _things(said: Any) -> Iterator[dict[str, Any]]:
    for thing in said if isinstance(said, list) else [said]:
        if isinstance(thing, dict):
            yield thing
            graph = thing.get("@graph")
            yield from (one for one in graph if isinstance(one, dict)) if isinstance(graph, list) else ()


def _of_thing(thing: dict[str, Any]) -> dict[str, str]:
    kinds = thing.get("@type")
    if not _KINDS & {
        kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)
    }:
        return {}
    found: dict[str, str] = {}
    for key, label in _NAMES.items():
        value = thing.get(key)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and fold(value):
            found.setdefault(label, fold(value))
    return found
