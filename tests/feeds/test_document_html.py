"""The full text in a feed is sanitised: no script runs and no resource loads from any document."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.document_html import full_text, sanitise
from schemas.definition.file_loader import load_catalogue
from tests.feeds.test_change_sentence import item

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![图](https://evil.example/pixel.gif)",
    "[点我](javascript:alert(1))",
    "[点我](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "<svg/onload=alert(1)>",
    "<p style='position:fixed'>盖住</p>",
    "<iframe src=https://evil.example></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "`</code><script>alert(1)</script>`",
    '[a](https://a.example/ "x\\" onmouseover=alert(1)")',
]
ELEMENTS = {
    *("section", "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em"),
    *("strong", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.starts: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Elements(html).starts:
        assert tag in ELEMENTS
        assert set(attributes) <= {"href", "title", "rel", "start"}
        assert (attributes.get("href") or "https:").partition(":")[0] in {"http", "https", "mailto"}


def render_text(markdown: str) -> str:
    content = {"title": "通知", "body_markdown": markdown}
    return full_text(item("added", catalogue=load_catalogue("policies"), after=content))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_hostile_markup_of_a_document_runs_or_loads(hostile: str) -> None:
    html = render_text(f"一、总则\n\n{hostile}\n\n二、附则")
    assert_harmless(html)
    assert "一、总则" in html
    assert "二、附则" in html
    assert_harmless(sanitise(hostile))


@given(
    st.lists(st.sampled_from([*HOSTILE, "\n\n", "# 一", "> ", "|a|b|\n|-|-|\n", "<", ">", '"', "`", "&lt;"]))
)
def test_no_mixture_of_hostile_markup_runs_or_loads(pieces: list[str]) -> None:
    assert_harmless(render_text("".join(pieces) or "空"))


def test_tables_headings_and_links_of_a_text_stay() -> None:
    html = render_text("# 任务\n\n| 序号 | 任务 |\n| --- | --- |\n| 1 | 见[原文](https://a.example/1.html) |")
    tags = {tag for tag, _ in Elements(html).starts}
    assert {"h1", "table", "th", "td", "a"} <= tags
    assert 'href="https://a.example/1.html"' in html
