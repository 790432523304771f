"""Texts of records as escaped HTML, with linked citations and marked matches and differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import accumulate, chain, pairwise

import msgspec
from markupsafe import Markup

from publisher.views.comparison.text_diff import Piece
from schemas.reference.cited_works import find_named_works

type AddressOfWork = Callable[[str], str]
"""Returns the address of the work with a key."""

LONGEST_LINKED = 20_000
"""Number of characters of a text that are scanned for citations. The rest has no links."""
_LONGEST_TEXT = 100_000
"""Maximum length of a value on a page, in characters. The files and the API have the full value."""


class TaggedText(msgspec.Struct, frozen=True):
    """A piece of a text with the tag that marks it; no tag: unmarked."""

    text: str
    tag: str = ""


def link_citations(text: str, address: AddressOfWork) -> Markup:
    """Escape ``text`` and link its citations."""
    html = _link_spans([TaggedText(text[:_LONGEST_TEXT])], address)
    return html if len(text) <= _LONGEST_TEXT else join_html((html, "…"))


def join_html(pieces: Iterable[str]) -> Markup:
    """Join pieces of HTML. Markup's own methods would escape and copy each piece again."""
    return Markup("".join(pieces))  # noqa: S704 - the caller escaped foreign text


def mark_matches(text: str, marks: Iterable[tuple[int, int]], address: AddressOfWork | None = None) -> Markup:
    """Escape ``text``, put its matches into ``<mark>`` and link its citations.

    ``address``: None for a text that is itself in a link.
    """
    spans: list[TaggedText] = []
    end = 0
    for start, stop in marks:
        if stop > end:  # several places may be cited that overlap
            spans += (TaggedText(text[end:start]), TaggedText(text[max(start, end) : stop], "mark"))
            end = stop
    return _link_spans([*spans, TaggedText(text[end:])], address)


def mark_sides(pieces: Iterable[Piece], address: AddressOfWork) -> tuple[Markup, Markup]:
    """Format two texts side by side: deletions are marked in the first, insertions in the second."""
    listed = list(pieces)
    before = [piece for piece in listed if piece.op != "insert"]
    after = [piece for piece in listed if piece.op != "delete"]
    return _link_spans(_short_spans(before), address), _link_spans(_short_spans(after), address)


_CONTEXT = 60
"""Characters of equal text on each side of a difference."""
_TAGS = {"equal": "", "delete": "del", "insert": "ins"}


def mark_differences(pieces: Iterable[Piece], address: AddressOfWork) -> Markup:
    """Put deletions into ``<del>`` and insertions into ``<ins>``, and shorten long equal text.

    Links are those of the later text. A work that is named in a deletion alone is linked too.
    """
    return _link_spans(_short_spans(list(pieces)), address, aside="del")


def _short_spans(pieces: Sequence[Piece]) -> list[TaggedText]:
    last = len(pieces) - 1
    return [
        TaggedText(
            _shorten(piece.text, first=n == 0, last=n == last) if piece.op == "equal" else piece.text,
            _TAGS[piece.op],
        )
        for n, piece in enumerate(pieces)
    ]


def _shorten(text: str, *, first: bool, last: bool) -> str:
    if len(text) <= 2 * _CONTEXT + 20:
        return text
    if first:
        return f"…{text[-_CONTEXT:]}"
    if last:
        return f"{text[:_CONTEXT]}…"
    return f"{text[:_CONTEXT]} … {text[-_CONTEXT:]}"


def _link_spans(spans: Sequence[TaggedText], address: AddressOfWork | None, *, aside: str = "") -> Markup:
    """Escape spans within their tags, and these within links of the works that their text names.

    ``aside``: the tag of spans that are not part of that text, but texts of their own.
    """
    starts = [0, *accumulate(len(span.text) for span in spans)]
    opening: dict[int, str] = {}
    closing: set[int] = set()
    end = 0
    for start, stop, key in _find_links(spans, starts, aside) if address else ():
        if start >= end and address:
            opening[start] = f'<a class="cite" href="{escape(address(key))}">'
            closing.add(end := stop)
    out: list[str] = []
    n = 0
    for start, stop in pairwise(sorted({*starts, *opening, *closing})):
        while starts[n + 1] <= start:
            n += 1
        tag, text = spans[n].tag, escape(spans[n].text[start - starts[n] : stop - starts[n]])
        out += (opening.get(start, ""), f"<{tag}>{text}</{tag}>" if tag else text)
        if stop in closing:
            out.append("</a>")
    return join_html(out)


def _find_links(spans: Sequence[TaggedText], starts: Sequence[int], aside: str) -> list[tuple[int, int, str]]:
    """Find start, end and key of every work that is named, in order."""
    links: list[tuple[int, int, str]] = []
    runs: list[range] = []
    """Places of the text's characters among all spans."""
    for n, span in enumerate(spans):
        own = range(starts[n], starts[n + 1])
        if aside and span.tag == aside:
            links += _links_in(span.text, [own])
        else:
            runs.append(own)
    links += _links_in("".join(span.text for span in spans if not aside or span.tag != aside), runs)
    return sorted(links, key=lambda link: (link[0], -link[1]))


def _links_in(text: str, runs: Sequence[range]) -> Iterator[tuple[int, int, str]]:
    """Yield the works that a text names. What begins where the text was cut may be half a name."""
    works = find_named_works(text[:LONGEST_LINKED])
    if not works:
        return
    places = [*chain.from_iterable(runs)]
    for work in works:
        if not text[max(0, work.start - 2) : work.start].rstrip().endswith("…"):
            yield places[work.start], places[work.end - 1] + 1, work.key
