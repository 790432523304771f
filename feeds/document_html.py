"""Full text of a document: Markdown rendered to safe HTML."""

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
    """Render the record's Markdown fields after the change; empty if the record is not a document.

    Raw HTML in the Markdown appears as text. In addition nh3 sanitises the output: it contains only text
    elements, no scripts, styles or embedded resources, and only links with web schemes.
    """
    content = item.after or {}
    texts = [
        text
        for field in item.catalogue.fields
        if field.format == "markdown" and not field.personal
        for text in [content.get(field.name)]
        if isinstance(text, str) and text
    ]
    return "".join(f"<section>{sanitise(_renderer().render(text))}</section>" for text in texts)


def sanitise(html: str) -> str:
    """Reduce ``html`` to text elements: no scripts, styles, images or frames."""
    return nh3.clean(
        html, tags=_ELEMENTS, attributes=_ATTRIBUTES, allowed_classes=_CLASSES, url_schemes=_SCHEMES
    )


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
