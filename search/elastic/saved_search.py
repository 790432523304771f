"""Changes of the hits of a saved search, on a cluster."""

from __future__ import annotations

import msgspec
from elasticsearch import AsyncElasticsearch

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import HitChange, HitChanges, SavedSearch
from search.elastic import term_statistics
from search.elastic.indices import Indices
from search.elastic.multi_search import search_together
from search.elastic.query_dsl import to_query
from search.elastic.term_statistics import FrequencyCache
from search.hits.hit_changes import KNOWN_BOUNDS, merge_changes
from search.query import parser
from search.query.conditions import HitSets, build_change_condition, list_frequency_tokens


class _StoredRecord(msgspec.Struct, frozen=True):
    record: str


_record = msgspec.json.Decoder(_StoredRecord)


async def find_hit_changes(
    client: AsyncElasticsearch, indices: Indices, saved: SavedSearch, analyzer: Analyzer, lexicon: Lexicon
) -> HitChanges:
    query = parser.parse_query(saved.text, analyzer, lexicon)
    await indices.check(client)
    tokens = list(dict.fromkeys(list_frequency_tokens(query)))
    answers_of_counts = await search_together(
        client, term_statistics.build_count_requests(tokens), index=indices.alias
    )
    facts = FrequencyCache().learn(answers_of_counts, tokens, tokens) if answers_of_counts else None
    if facts is None:
        return HitChanges((), None)
    limit = min(saved.limit, 10_000)
    answers = await search_together(
        client,
        [
            {
                "query": to_query(
                    HitSets(facts.frequency, analyzer, build_change_condition(saved, bound), query).members(
                        "all"
                    )
                ),
                "size": limit,
                "sort": [{bound: "desc"}],
                "_source": ["document.record"],
                "track_total_hits": False,
            }
            for bound in KNOWN_BOUNDS
        ],
        index=indices.alias,
    )
    by_bound = [
        [HitChange(_record.decode(hit.source.document).record, int(hit.sort[0])) for hit in answer.hits.hits]
        for answer in answers or ()
    ]
    return merge_changes(by_bound, limit)
