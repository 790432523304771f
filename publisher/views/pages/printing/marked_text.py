"""Texts of records as escaped HTML, with linked citations and marked matches and differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from markupsafe import Markup

from publisher.views.comparison.text_diff import Piece
from schemas.reference.cited_works import find_named_works

type Address = Callable[[str], str]
"""Returns the address of the work with a key."""

LONGEST_LINKED = 20_000
"""Number of characters of a text that are scanned for citations. The rest has no links."""
_LONGEST_TEXT = 100_000
"""Maximum length of a value on a page, in characters. The files and the API have the full value."""


def link_citations(text: str, address: Address) -> Markup:
    """Escape ``text`` and link its citations."""
    out: list[str] = []
    end = 0
    for work in find_named_works(text[:LONGEST_LINKED]):
        if work.start < end:
            continue
        label = escape(text[work.start : work.end])
        out += (
            escape(text[end : work.start]),
            f'<a class="cite" href="{escape(address(work.key))}">{label}</a>',
        )
        end = work.end
    out.append(escape(text[end:_LONGEST_TEXT]))
    if len(text) > _LONGEST_TEXT:
        out.append("…")
    return join_html(out)


def join_html(pieces: Iterable[str]) -> Markup:
    """Join pieces of HTML. Markup's own methods would escape and copy each piece again."""
    return Markup("".join(pieces))  # noqa: S704 - the caller escaped foreign text


def mark_matches(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """Escape ``text`` and put its matches into ``<mark>``."""
    out: list[str] = []
    end = 0
    for start, stop in marks:
        out += (escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>")
        end = stop
    out.append(escape(text[end:]))
    return join_html(out)


def mark_sides(pieces: Iterable[Piece]) -> tuple[Markup, Markup]:
    """Format two texts side by side: deletions are marked in the first, insertions in the second."""
    listed = list(pieces)
    before = [piece for piece in listed if piece.op != "insert"]
    after = [piece for piece in listed if piece.op != "delete"]
    return mark_differences(before), mark_differences(after)


_CONTEXT = 60
"""Characters of equal text on each side of a difference."""


def mark_differences(pieces: Iterable[Piece]) -> Markup:
    """Put deletions into ``<del>`` and insertions into ``<ins>``, and shorten long equal text."""
    listed = list(pieces)
    out: list[str] = []
    for n, piece in enumerate(listed):
        match piece.op:
            case "equal":
                out.append(escape(_shorten(piece.text, first=n == 0, last=n == len(listed) - 1)))
            case "delete":
                out.append(f"<del>{escape(piece.text)}</del>")
            case "insert":
                out.append(f"<ins>{escape(piece.text)}</ins>")
    return join_html(out)


def _shorten(text: str, *, first: bool, last: bool) -> str:
    if len(text) <= 2 * _CONTEXT + 20:
        return text
    if first:
        return f"…{text[-_CONTEXT:]}"
    if last:
        return f"{text[:_CONTEXT]}…"
    return f"{text[:_CONTEXT]} … {text[-_CONTEXT:]}"
