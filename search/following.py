"""Which hits of a search came or went: the same for every engine, but for how an index is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from tantivy import Order

from search import query
from search.analysis import Analyzer
from search.asked import Asked, of_change
from search.engine import Followed, Touch
from search.index import Reader, spelled
from search.lexicon import Lexicon

type Clock = Literal["known_from", "known_to"]

CLOCKS: Sequence[Clock] = ("known_from", "known_to")


def touched(
    reader: Reader | None, followed: Followed, analyzer: Analyzer, lexicon: Lexicon
) -> tuple[Touch, ...]:
    """Of the index in process."""
    if reader is None or not reader.documents:
        return ()
    asked_for = query.parse(followed.text, analyzer, lexicon)
    found: list[Touch] = []
    for clock in CLOCKS:
        asked = Asked(reader.frequency, analyzer, of_change(followed, clock), asked_for)
        hits = reader.searcher.search(
            spelled(reader.schema, asked.members("all")),
            limit=followed.limit,
            count=False,
            order_by_field=clock,
            order=Order.Desc,
        ).hits
        found += [Touch(reader.document(address).record, int(at)) for at, address in hits]
    return newest(found, followed.limit)


def newest(found: Iterable[Touch], limit: int) -> tuple[Touch, ...]:
    """Each once, the newest first."""
    ordered = sorted(dict.fromkeys(found), key=lambda touch: (-touch.at, touch.record))
    return tuple(ordered[:limit])

