"""Syntax of queries: a blank means and, “…” a phrase, - not, 或 / OR / | or.

There are no syntax errors. A misplaced sign is treated as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

OPENING, CLOSING = '"“”„〝「『', '"“”〞」』'
NOT = "-－−"
EITHER = frozenset(("OR", "ＯＲ", "或", "或者", "|", "｜"))

_ITEM = re.compile(
    rf"(?P<minus>(?<!\S)[{NOT}](?=\S))?"
    rf"(?:[{OPENING}](?P<phrase>\s*+[^{CLOSING}\s][^{CLOSING}]*)[{CLOSING}]"
    rf"|(?P<text>[{OPENING}{CLOSING}]|[^\s{OPENING}{CLOSING}]+))"
)


class Piece(msgspec.Struct, frozen=True):
    """A piece of a query, without its signs."""

    text: str
    quoted: bool = False


class ParsedText(msgspec.Struct, frozen=True):
    """A query, split at its signs."""

    required: tuple[tuple[Piece, ...], ...]
    """A hit matches at least one piece of each tuple; most tuples have one. Adjacent plain text is one
    piece."""
    excluded: tuple[Piece, ...]
    plain: str
    """The query in the order typed, without exclusions."""


def parse_signs(text: str) -> ParsedText:
    items = list(_ITEM.finditer(text))
    required: list[list[Piece]] = []
    excluded: list[Piece] = []
    joins: set[int] = {n for n in range(1, len(items) - 1) if _is_operator(items, n)}
    plain_until = -1
    """Position after which plain text continues the last piece; -1 if it does not."""
    start = 0
    for number, item in enumerate(items):
        piece = Piece(item["phrase"] or item["text"], quoted=item["phrase"] is not None)
        if number in joins:
            continue
        if item["minus"]:
            excluded.append(piece)
            plain_until = -1
        elif number - 1 in joins:
            required[-1].append(piece)
            plain_until = -1
        elif not piece.quoted and plain_until >= 0 and number + 1 not in joins:
            required[-1] = [Piece(text[start : item.end()])]
        else:
            required.append([piece])
            start, plain_until = item.start(), -1 if piece.quoted or number + 1 in joins else item.end()
    if not excluded and not joins:
        return ParsedText(tuple(map(tuple, required)), (), text)
    plain = " ".join(piece.text for choice in required for piece in choice)
    return ParsedText(tuple(map(tuple, required)), tuple(excluded), plain)


def _is_operator(items: Sequence[re.Match[str]], number: int) -> bool:
    """Report whether an item is an 或 between two required items."""
    before, item, after = items[number - 1 : number + 2]
    return (
        not item["minus"]
        and item["text"] in EITHER
        and before.end() < item.start()
        and item.end() < after.start()
        and not any(other["minus"] or other["text"] in EITHER for other in (before, after))
    )
