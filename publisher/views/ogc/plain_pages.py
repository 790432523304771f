"""Plain HTML pages of the OGC routes: links and content, without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from publisher.views.ogc.parameters import Parameters
from publisher.views.pages.printing.language_marks import mark_chinese
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import Press, clean
from publisher.web.route import Call
from publisher.web.service import Service

_LONGEST_CELL = 300
"""Maximum length of a cell, in characters."""


class PlainPages:
    """Renders documents and tables with the head and the foot of the site's pages."""

    def __init__(self, service: Service, press: Press) -> None:
        self._service, self._press = service, press

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
        details = self._service.site_details().details
        visit = Visit(self._service, Call({}, b"", "/ogc"), params.language, site=details)
        same = self._press.shared_fragments(visit)
        defaults: dict[str, Any] = {"same": same, "site": visit.site_name, "title": title, "links": leading}
        defaults |= {"text": "", "columns": (), "rows": ()}
        html = _template().render(defaults | variables)
        return clean(mark_chinese(html) if params.language == "en" else html)


@cache
def _template() -> Template:
    loader = PackageLoader("publisher.views.ogc")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("plain.html")


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
