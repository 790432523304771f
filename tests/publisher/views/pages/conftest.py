"""Pages of the small site of the API tests and of the sample site, requested as by a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from litestar.testing import TestClient

from publisher import settings
from publisher.app import create_app
from tests.support.site import HOST, Site

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Page(HTMLParser):
    """Texts, links and elements of a page. Parsing fails on elements that are not closed correctly."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(convert_charrefs=True)
        self.answer = answer
        self.status = answer.status_code
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(answer.text)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "link", "input", "br", "img", "hr", "path", "rect", "circle"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop() == tag, (tag, self._open)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [a for t, a in self.elements if t == tag and all(a.get(k) == v for k, v in attributes.items())]

    @property
    def links(self) -> list[str]:
        return [a["href"] for t, a in self.elements if t in ("a", "link") and "href" in a]

    def leading_to(self, part: str) -> list[str]:
        return [link for link in self.links if part in unquote(link)]


type Open = Callable[[str], Page]


@pytest.fixture
def visit(site: Site) -> Open:
    def open_page(address: str) -> Page:
        return Page(site.client.get(address, headers=BROWSER))

    return open_page


@pytest.fixture(scope="session")
def demo(sample_home: Path) -> Iterator[httpx.Client]:
    """Serve the sample site."""
    with TestClient(create_app(settings.read_settings(sample_home, {})), base_url=HOST) as client:
        yield client


@pytest.fixture
def look(demo: httpx.Client) -> Open:
    """Open a page of the sample site."""

    def open_page(address: str) -> Page:
        return Page(demo.get(address, headers=BROWSER))

    return open_page
