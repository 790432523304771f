"""Changes of the hits of a saved search, in process; the merge of both clocks serves every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tantivy import Order

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import HitChange, HitChanges, SavedSearch
from search.embedded.tantivy_index import Reader, to_query
from search.query import parser
from search.query.conditions import HitSets, change_condition

type Clock = Literal["known_from", "known_to"]

CLOCKS: Sequence[Clock] = ("known_from", "known_to")


def hit_changes(
    reader: Reader | None, saved: SavedSearch, analyzer: Analyzer, lexicon: Lexicon
) -> HitChanges:
    """List the changes in the embedded index."""
    if reader is None or not reader.documents:
        return HitChanges((), None)
    query = parser.parse(saved.text, analyzer, lexicon)
    by_clock: list[list[HitChange]] = []
    for clock in CLOCKS:
        sets = HitSets(reader.frequency, analyzer, change_condition(saved, clock), query)
        hits = reader.searcher.search(
            to_query(reader.schema, sets.members("all")),
            limit=saved.limit,
            count=False,
            order_by_field=clock,
            order=Order.Desc,
        ).hits
        by_clock.append([HitChange(reader.document(address).record, int(at)) for at, address in hits])
    return merge_changes(by_clock, saved.limit)


def merge_changes(by_clock: Sequence[Sequence[HitChange]], limit: int) -> HitChanges:
    """Merge the newest ``limit`` changes of each clock. A full list may lack changes older than its last."""
    oldest_of_full_lists = [touches[-1].at for touches in by_clock if len(touches) == limit]
    unread_until = max(oldest_of_full_lists, default=None)
    unique = dict.fromkeys(touch for touches in by_clock for touch in touches)
    whole = (touch for touch in unique if unread_until is None or touch.at > unread_until)
    return HitChanges(tuple(sorted(whole, key=lambda touch: (-touch.at, touch.record))), unread_until)
