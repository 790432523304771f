"""The full text of a document, from its Markdown to HTML that a reader may show."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt

from feeds.changes import ChangeItem


def full_text(item: ChangeItem) -> str:
    """HTML of the record's Markdown fields after the change; empty for a record that is no document.

    Raw HTML in the Markdown is shown as text, and no address but of the web's own schemes is a link.
    """
    content = item.after or {}
    texts = [
        text
        for field in item.catalogue.fields
        if field.format == "markdown" and not field.personal
        for text in [content.get(field.name)]
        if isinstance(text, str) and text
    ]
    return "".join(f"<section>{_renderer().render(text)}</section>" for text in texts)


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
