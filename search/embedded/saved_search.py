"""Which hits of a search came or went: the same for every engine, but for how an index is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tantivy import Order

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Followed, Touch, Touches
from search.embedded.tantivy_index import Reader, spelled
from search.query import parser
from search.query.conditions import Asked, of_change

type Clock = Literal["known_from", "known_to"]

CLOCKS: Sequence[Clock] = ("known_from", "known_to")


def touched(reader: Reader | None, followed: Followed, analyzer: Analyzer, lexicon: Lexicon) -> Touches:
    """Of the index in process."""
    if reader is None or not reader.documents:
        return Touches((), None)
    asked_for = parser.parse(followed.text, analyzer, lexicon)
    found: list[list[Touch]] = []
    for clock in CLOCKS:
        asked = Asked(reader.frequency, analyzer, of_change(followed, clock), asked_for)
        hits = reader.searcher.search(
            spelled(reader.schema, asked.members("all")),
            limit=followed.limit,
            count=False,
            order_by_field=clock,
            order=Order.Desc,
        ).hits
        found.append([Touch(reader.document(address).record, int(at)) for at, address in hits])
    return gathered(found, followed.limit)


def gathered(by_clock: Sequence[Sequence[Touch]], limit: int) -> Touches:
    """Of each clock the newest ``limit``: what lies behind the last of a full list may be missing."""
    cut = [touches[-1].at for touches in by_clock if len(touches) == limit]
    rest = max(cut, default=None)
    unique = dict.fromkeys(touch for touches in by_clock for touch in touches)
    whole = (touch for touch in unique if rest is None or touch.at > rest)
    return Touches(tuple(sorted(whole, key=lambda touch: (-touch.at, touch.record))), rest)
