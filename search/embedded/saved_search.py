"""Changes of the hits of a saved search, in process."""

from __future__ import annotations

from tantivy import Order

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import HitChange, HitChanges, SavedSearch
from search.embedded.tantivy_index import Reader, to_query
from search.hits.hit_changes import KNOWN_BOUNDS, merge_changes
from search.query import parser
from search.query.conditions import HitSets, build_change_condition


def find_hit_changes(
    reader: Reader | None, saved: SavedSearch, analyzer: Analyzer, lexicon: Lexicon
) -> HitChanges:
    """List the changes in the embedded index."""
    if reader is None or not reader.documents:
        return HitChanges((), None)
    query = parser.parse_query(saved.text, analyzer, lexicon)
    by_bound: list[list[HitChange]] = []
    for bound in KNOWN_BOUNDS:
        sets = HitSets(reader.frequency, analyzer, build_change_condition(saved, bound), query)
        hits = reader.searcher.search(
            to_query(reader.schema, sets.members("all")),
            limit=saved.limit,
            count=False,
            order_by_field=bound,
            order=Order.Desc,
        ).hits
        by_bound.append([HitChange(reader.document(address).record, int(at)) for at, address in hits])
    return merge_changes(by_bound, saved.limit)
