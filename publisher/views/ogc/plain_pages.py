"""Plain HTML pages of the OGC routes: links and content, without scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from publisher.log.model import Site
from publisher.log.registry import SiteDetails
from publisher.views.ogc.parameters import Parameters
from publisher.views.pages.printing.page_request import site_name
from publisher.views.pages.printing.templates import Asset, clean

_ENOUGH = 300
"""Maximum length of a cell, in characters."""


class PlainPages:
    """Renders documents and tables with the site's stylesheet, and its name as a link to its home page."""

    def __init__(
        self, site: Site, assets: Mapping[str, Asset], read_details: Callable[[], SiteDetails]
    ) -> None:
        self._read_details = read_details
        root = urlsplit(site.base).path
        self._site = {
            "home": f"{root}/",
            "style": f"{root}/assets/{assets['site.css'].name}",
            "seal": f"{root}/assets/{assets['seal.svg'].name}",
        }

    def document(self, params: Parameters, title: str, content: Mapping[str, Any]) -> bytes:
        """Render a JSON document: the links first, then all other content as JSON."""
        rest = {name: value for name, value in content.items() if name != "links"}
        text = msgspec.json.format(msgspec.json.encode(rest), indent=2).decode()
        return self._render(params, title, content.get("links", ()), text=text)

    def table(
        self,
        params: Parameters,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        links: Sequence[Mapping[str, Any]],
    ) -> bytes:
        cells = [[_text(row.get(column)) for column in columns] for row in rows]
        return self._render(params, title, links, columns=columns, rows=cells)

    def _render(
        self, params: Parameters, title: str, links: Sequence[Mapping[str, Any]], **variables: Any
    ) -> bytes:
        leading = [(link.get("title") or link["rel"], link["href"]) for link in links if link.get("href")]
        defaults: dict[str, Any] = {"language": params.say("zh-CN", "en")}
        defaults |= {"site": site_name(self._read_details(), params.say)}
        defaults |= {"title": title, "links": leading, "text": "", "columns": (), "rows": ()}
        return clean(_template().render(self._site | defaults | variables))


@cache
def _template() -> Template:
    loader = PackageLoader("publisher.views.ogc")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("plain.html")


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _ENOUGH else f"{text[:_ENOUGH]}…"
