"""Texts of records as HTML: every character escaped, citations linked, matches and differences marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from markupsafe import Markup

from publisher.views.comparison.text_diff import Piece
from schemas.reference import document_numbers
from schemas.reference.document_numbers import Citation

type Address = Callable[[Citation], str]
"""Where a citation leads."""

LONGEST_LINKED = 20_000
"""Characters of a text in which citations are looked for; the rest is shown plain."""
_SHOWN = 100_000
"""Characters of one value that a page shows; the files and the API have all of it."""


def linked(text: str, address: Address) -> Markup:
    """``text`` with its citations as links."""
    out: list[str] = []
    end = 0
    for found in document_numbers.find(text[:LONGEST_LINKED]):
        if found.start < end:
            continue
        shown = escape(text[found.start : found.end])
        out += (
            escape(text[end : found.start]),
            f'<a class="cite" href="{escape(address(found))}">{shown}</a>',
        )
        end = found.end
    out.append(escape(text[end:_SHOWN]))
    if len(text) > _SHOWN:
        out.append("…")
    return joined(out)


def joined(pieces: Iterable[str]) -> Markup:
    """HTML of pieces that are HTML. Markup's own ways escape, and look at, each of them once more."""
    return Markup("".join(pieces))  # noqa: S704 - the caller escaped what is not ours


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """``text`` with the stretches that matched in ``<mark>``."""
    out: list[str] = []
    end = 0
    for start, stop in marks:
        out += (escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>")
        end = stop
    out.append(escape(text[end:]))
    return joined(out)


def sides(pieces: Iterable[Piece]) -> tuple[Markup, Markup]:
    """Two texts side by side: what went is marked in the first, what came in the second."""
    listed = list(pieces)
    before = [piece for piece in listed if piece.op != "insert"]
    after = [piece for piece in listed if piece.op != "delete"]
    return differing(before), differing(after)


_CONTEXT = 60
"""Characters of a long stretch alike that stay on each side of a difference."""


def differing(pieces: Iterable[Piece]) -> Markup:
    """What went in ``<del>``, what came in ``<ins>``; of long stretches alike only what stands beside."""
    listed = list(pieces)
    out: list[str] = []
    for n, piece in enumerate(listed):
        match piece.op:
            case "equal":
                out.append(escape(_shortened(piece.text, first=n == 0, last=n == len(listed) - 1)))
            case "delete":
                out.append(f"<del>{escape(piece.text)}</del>")
            case "insert":
                out.append(f"<ins>{escape(piece.text)}</ins>")
    return joined(out)


def _shortened(text: str, *, first: bool, last: bool) -> str:
    if len(text) <= 2 * _CONTEXT + 20:
        return text
    if first:
        return f"…{text[-_CONTEXT:]}"
    if last:
        return f"{text[:_CONTEXT]}…"
    return f"{text[:_CONTEXT]} … {text[-_CONTEXT:]}"
