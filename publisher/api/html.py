"""HTML that is safe by construction: what is not made here is text, and text is escaped."""

from __future__ import annotations

import html
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_VOID = frozenset({"meta", "link", "br", "hr"})


class Html(str):
    """A piece of finished HTML."""

    __slots__ = ()


type Child = Html | str | None


def tag(name: str, /, *children: Child, **attributes: str | None) -> Html:
    """An element; an attribute's trailing underscore is dropped (``class_``), one that is None left out."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    inner = "".join(child if isinstance(child, Html) else _escape(child) for child in children if child)
    return Html(f"<{name}{shown}>{inner}</{name}>")


def page(title: str, style: str, *body: Child) -> bytes:
    """A whole document in Chinese; no scripts, one style of our own in the head."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(style)),
    )
    return f"<!doctype html>{tag('html', head, tag('body', *body), lang='zh-CN')}\n".encode()


def _escape(text: str) -> str:
    return html.escape(_CONTROL.sub("", text), quote=True)
