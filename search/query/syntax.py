"""The signs that people write queries with: a blank is and, “…” a phrase, - not, 或 / OR / | either.

Nothing is an error here. A sign that makes no sense where it stands is text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OPENING, CLOSING = '"“”„〝「『', '"“”〞」』'
NOT = "-－−"
EITHER = frozenset(("OR", "ＯＲ", "或", "或者", "|", "｜"))

_ITEM = re.compile(
    rf"(?P<minus>(?<!\S)[{NOT}](?=\S))?"
    rf"(?:[{OPENING}](?P<phrase>[^{CLOSING}]*[^{CLOSING}\s][^{CLOSING}]*)[{CLOSING}]"
    rf"|(?P<text>[{OPENING}{CLOSING}]|[^\s{OPENING}{CLOSING}]+))"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of what was typed, its signs taken off."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What was typed, taken apart at the signs."""

    required: tuple[tuple[Piece, ...], ...]
    """Of each tuple at least one piece; most have one. Pieces of plain text that adjoin are one."""
    excluded: tuple[Piece, ...]
    plain: str
    """All that is wanted, in the order typed, without what is excluded."""


def read(text: str) -> Written:
    items = list(_ITEM.finditer(text))
    wanted: list[list[Piece]] = []
    excluded: list[Piece] = []
    joins: set[int] = {n for n in range(1, len(items) - 1) if _joins(items, n)}
    plain_until = -1
    """End of the last piece, where more plain text may follow it."""
    start = 0
    for number, item in enumerate(items):
        piece = Piece(item["phrase"] or item["text"], quoted=item["phrase"] is not None)
        if number in joins:
            continue
        if item["minus"]:
            excluded.append(piece)
            plain_until = -1
        elif number - 1 in joins:
            wanted[-1].append(piece)
            plain_until = -1
        elif not piece.quoted and plain_until >= 0 and number + 1 not in joins:
            wanted[-1] = [Piece(text[start : item.end()])]
        else:
            wanted.append([piece])
            start, plain_until = item.start(), -1 if piece.quoted or number + 1 in joins else item.end()
    if not excluded and not joins:
        return Written(tuple(map(tuple, wanted)), (), text)
    plain = " ".join(piece.text for choice in wanted for piece in choice)
    return Written(tuple(map(tuple, wanted)), tuple(excluded), plain)


def _joins(items: Sequence[re.Match[str]], number: int) -> bool:
    """Whether an item is an 或 between two others that are wanted."""
    before, item, after = items[number - 1 : number + 2]
    return (
        not item["minus"]
        and item["text"] in EITHER
        and before.end() < item.start()
        and item.end() < after.start()
        and not any(other["minus"] or other["text"] in EITHER for other in (before, after))
    )
