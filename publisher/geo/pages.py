"""A plain page for people who open an address of the OGC routes: its links and its content, no scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from publisher.pages.press import clean

_ENOUGH = 300
"""Characters of a cell."""


@cache
def _template() -> Template:
    loader = PackageLoader("publisher.geo")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("plain.html")


def document(title: str, content: Mapping[str, Any]) -> bytes:
    """Any of our JSON documents: links first, then everything else as it is."""
    rest = {name: value for name, value in content.items() if name != "links"}
    text = msgspec.json.format(msgspec.json.encode(rest), indent=2).decode()
    return _printed(title, content.get("links", ()), text=text)


def table(
    title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]
) -> bytes:
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    return _printed(title, links, columns=columns, rows=cells)


def _printed(title: str, links: Sequence[Mapping[str, Any]], **shown: Any) -> bytes:
    leading = [(link.get("title") or link["rel"], link["href"]) for link in links if link.get("href")]
    empty: dict[str, Any] = {"text": "", "columns": (), "rows": ()}
    return clean(_template().render(title=title, links=leading, **{**empty, **shown}))


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _ENOUGH else f"{text[:_ENOUGH]}…"
