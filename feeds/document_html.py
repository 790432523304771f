"""The full text of a document, from its Markdown to HTML that a reader may show."""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt

from feeds.change import ChangeItem

_ELEMENTS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ANCHORS = {f"h{level}": {"id"} for level in range(1, 7)}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, **_ANCHORS}
_CLASSES = {"a": {"cite"}}
_SCHEMES = {"http", "https", "mailto"}


def full_text(item: ChangeItem) -> str:
    """HTML of the record's Markdown fields after the change; empty for a record that is no document.

    Raw HTML in the Markdown is shown as text. What comes out has passed nh3 besides: the elements of a
    text and nothing that runs, loads or styles; no address but of the web's own schemes is a link.
    """
    content = item.after or {}
    texts = [
        text
        for field in item.catalogue.fields
        if field.format == "markdown" and not field.personal
        for text in [content.get(field.name)]
        if isinstance(text, str) and text
    ]
    return "".join(f"<section>{sanitised(_renderer().render(text))}</section>" for text in texts)


def sanitised(html: str) -> str:
    """``html`` with the elements that a text is made of alone: no script, style, picture or frame."""
    return nh3.clean(
        html, tags=_ELEMENTS, attributes=_ATTRIBUTES, allowed_classes=_CLASSES, url_schemes=_SCHEMES
    )


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
