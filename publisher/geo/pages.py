"""A plain page for people who open an address of the OGC routes: its links and its content, no scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from publisher.api.html import Child, page, tag

_ENOUGH = 300
"""Characters of a cell."""


def document(title: str, content: Mapping[str, Any]) -> bytes:
    """Any of our JSON documents: links first, then everything else as it is."""
    rest = {name: value for name, value in content.items() if name != "links"}
    text = msgspec.json.format(msgspec.json.encode(rest), indent=2).decode()
    return page(title, "", tag("h1", title), _links(content.get("links", ())), tag("pre", text))


def table(
    title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]
) -> bytes:
    head = tag("tr", *(tag("th", column) for column in columns))
    body = [tag("tr", *(tag("td", _text(row.get(column))) for column in columns)) for row in rows]
    return page(title, "", tag("h1", title), _links(links), tag("table", head, *body))


def _links(links: Sequence[Mapping[str, Any]]) -> Child:
    shown = [link for link in links if link.get("href")]
    items = [tag("li", tag("a", link.get("title") or link["rel"], href=link["href"])) for link in shown]
    return tag("ul", *items)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _ENOUGH else f"{text[:_ENOUGH]}…"
