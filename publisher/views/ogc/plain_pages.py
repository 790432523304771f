"""A plain page for people who open an address of the OGC routes: its links and its content, no scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from publisher.log.model import Site
from publisher.views.ogc.parameters import Asked
from publisher.views.pages.printing.html_head import SITE
from publisher.views.pages.printing.templates import Asset, clean

_ENOUGH = 300
"""Characters of a cell."""


class Sheets:
    """Prints them in the site's dress: its style and its way home."""

    def __init__(self, site: Site, assets: Mapping[str, Asset]) -> None:
        root = urlsplit(site.base).path
        loader = PackageLoader("publisher.views.ogc")
        self._environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals |= {
            "home": f"{root}/",
            "style": f"{root}/assets/{assets['site.css'].name}",
            "seal": f"{root}/assets/{assets['seal.svg'].name}",
        }

    def document(self, asked: Asked, title: str, content: Mapping[str, Any]) -> bytes:
        """Any of our JSON documents: links first, then everything else as it is."""
        rest = {name: value for name, value in content.items() if name != "links"}
        text = msgspec.json.format(msgspec.json.encode(rest), indent=2).decode()
        return self._printed(asked, title, content.get("links", ()), text=text)

    def table(
        self,
        asked: Asked,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        links: Sequence[Mapping[str, Any]],
    ) -> bytes:
        cells = [[_text(row.get(column)) for column in columns] for row in rows]
        return self._printed(asked, title, links, columns=columns, rows=cells)

    def _printed(self, asked: Asked, title: str, links: Sequence[Mapping[str, Any]], **shown: Any) -> bytes:
        leading = [(link.get("title") or link["rel"], link["href"]) for link in links if link.get("href")]
        same: dict[str, Any] = {"language": asked.say("zh-CN", "en"), "site": asked.say(*SITE)}
        same |= {"title": title, "links": leading, "text": "", "columns": (), "rows": ()}
        return clean(self._environment.get_template("plain.html").render(same | shown))


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _ENOUGH else f"{text[:_ENOUGH]}…"
