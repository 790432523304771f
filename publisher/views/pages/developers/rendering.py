"""Documents as safe HTML: no HTML of the source, links between documents lead to their pages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from urllib.parse import unquote

import msgspec
import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from publisher.views.pages.developers import documents
from publisher.views.pages.developers.documents import Document, Edition

_EXAMPLE_SITES = re.compile(r"https://data\.example\.gov\.cn|http://127\.0\.0\.1:8000")
"""Addresses of sites in examples. The page has its own in their place, so that they can be copied."""
_ELSEWHERE = re.compile(r"^(?:https?:|mailto:)")
_ELEMENTS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "div", "img"),
}
_ATTRIBUTES = {
    **{f"h{level}": {"id"} for level in range(1, 7)},
    "a": {"href", "title"},
    "ol": {"start"},
    "img": {"src", "alt", "loading"},
    "pre": {"tabindex", "translate"},
    "code": {"translate"},
    "div": {"class", "tabindex", "role", "aria-label"},
}

_LINE = MarkdownIt("commonmark", {"html": False}).disable(["image", "link"])
"""Parser of one paragraph, made once: the reference of the API has some seven hundred."""

type Link = Callable[[str], str]
"""Makes the address of a page, in the reader's language, or of a file of the site, from its path."""


class Section(msgspec.Struct, frozen=True):
    """A heading of the second level."""

    anchor: str
    title: str


class RenderedDocument(msgspec.Struct, frozen=True):
    html: Markup
    sections: Sequence[Section]


def render(document: Document, edition: Edition, *, base: str, link: Link, label: str) -> RenderedDocument:
    """Render one edition. ``base``: address of the site; ``label``: name of a table for screen readers."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    for kind in ("html_block", "html_inline"):
        markdown.add_render_rule(kind, _render_nothing)
    for kind in ("fence", "code_block"):
        markdown.add_render_rule(kind, _code_block(base))
    markdown.add_render_rule("code_inline", _render_code)
    markdown.add_render_rule("softbreak", _render_line_end)
    markdown.add_render_rule("table_open", _table_opening(label))
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    tokens = markdown.parse(edition.text)
    sections = _anchor_headings(tokens, anchors(document, edition).values())
    for token in tokens:
        if token.children:
            token.children = _rewrite_links(token.children, document, edition, link)
    html = nh3.clean(
        markdown.renderer.render(tokens, markdown.options, {}),
        tags=_ELEMENTS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
    )
    return RenderedDocument(Markup(html), sections)  # noqa: S704 - escaped by markdown-it and sanitised


def render_line(text: str) -> Markup:
    """Render a text of one paragraph, without a link of its own."""
    html = _LINE.renderInline(text)
    return Markup(nh3.clean(html, tags=_ELEMENTS, attributes=_ATTRIBUTES))  # noqa: S704 - escaped and sanitised


def anchors(document: Document, edition: Edition) -> Mapping[str, str]:
    """Return own anchor → anchor on the page of each heading, in order.

    Both languages have the same headings (tests/test_docs.py), and their pages the anchors of the English
    edition, so that a link leads to the same place in either.
    """
    own = _slugs(edition.text)
    english = _slugs(document.edition("en").text)
    return dict(zip(own, english if len(english) == len(own) else own, strict=True))


@cache
def _slugs(text: str) -> list[str]:
    """Return the anchors of all headings, formed as code hosts form them."""
    slugs: list[str] = []
    tokens = MarkdownIt("commonmark").parse(text)
    for heading, content in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            words = "".join(child.content for child in content.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            times = sum(re.fullmatch(rf"{re.escape(slug)}(-\d+)?", one) is not None for one in slugs)
            slugs.append(f"{slug}-{times}" if times else slug)
    return slugs


def _anchor_headings(tokens: Sequence[Token], names: Iterable[str]) -> list[Section]:
    remaining = iter(names)
    sections = []
    for n, token in enumerate(tokens):
        if token.type == "heading_open":
            anchor = next(remaining)
            token.attrSet("id", anchor)
            if token.tag == "h2":
                title = "".join(child.content for child in tokens[n + 1].children or ())
                sections.append(Section(anchor, title))
    return sections


def _rewrite_links(
    children: Sequence[Token], document: Document, edition: Edition, link: Link
) -> list[Token]:
    """Lead links to pages of the site, and pictures to its files.

    A link to a file that is not served becomes its text, and such a picture nothing.
    """
    out: list[Token] = []
    is_dropped = False
    for token in children:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href")), document, edition, link)
            is_dropped = address is None
            if address is not None:
                token.attrSet("href", address)
        elif token.type == "image":
            name = documents.find_picture(edition, unquote(str(token.attrGet("src"))))
            if name is None:
                continue
            token.attrSet("src", link(f"{documents.PICTURES}/{name}"))
            token.attrSet("loading", "lazy")
        if not (is_dropped and token.type in ("link_open", "link_close")):
            out.append(token)
    return out


def _address(href: str, document: Document, edition: Edition, link: Link) -> str | None:
    if _ELSEWHERE.match(href):
        return href
    path, _, fragment = unquote(href).partition("#")
    example = documents.find_example(edition, path)
    if example is not None:
        return link(f"{documents.EXAMPLES}/{example}")
    target = documents.find_document(edition, path) if path else document
    if target is None:
        return None
    for one in target.editions.values():
        fragment = anchors(target, one).get(fragment, fragment)
    return (link(f"{documents.HOME}/{target.name}") if path else "") + (f"#{fragment}" if fragment else "")


def _render_nothing(*_: object) -> str:
    return ""


def _table_opening(label: str) -> Callable[..., str]:
    numbers = itertools.count(1)  # no two regions of a page have one name

    def open_table(*_: object) -> str:
        name = f"{label} {next(numbers)}"
        return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table>'

    return open_table


def _render_line_end(_self: object, tokens: Sequence[Token], n: int, *_: object) -> str:
    """Join lines; between two Chinese characters there is no space."""
    neighbours = (tokens[n - 1].content[-1:], tokens[n + 1].content[:1])
    return "" if all(letter and not letter.isascii() for letter in neighbours) else "\n"


def _code_block(base: str) -> Callable[..., str]:
    def render_code_block(_self: object, tokens: Sequence[Token], n: int, *_: object) -> str:
        text = _EXAMPLE_SITES.sub(base, tokens[n].content)
        return f'<pre translate="no" tabindex="0"><code>{Markup.escape(text)}</code></pre>\n'

    return render_code_block


def _render_code(_self: object, tokens: Sequence[Token], n: int, *_: object) -> str:
    return f'<code translate="no">{Markup.escape(tokens[n].content)}</code>'
