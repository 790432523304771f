"""Which hits of a search came or went, asked of the cluster."""

from __future__ import annotations

import msgspec
from elasticsearch import AsyncElasticsearch

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Followed, Touch, Touches
from search.elastic import term_statistics
from search.elastic.indices import Indices
from search.elastic.multi_search import several
from search.elastic.query_dsl import spelled
from search.elastic.term_statistics import Known
from search.embedded.saved_search import CLOCKS, gathered
from search.query import parser
from search.query.conditions import Asked, of_change, wanted


class _Stored(msgspec.Struct, frozen=True):
    record: str


_record = msgspec.json.Decoder(_Stored)


async def touched(
    client: AsyncElasticsearch, indices: Indices, followed: Followed, analyzer: Analyzer, lexicon: Lexicon
) -> Touches:
    asked_for = parser.parse(followed.text, analyzer, lexicon)
    await indices.check(client)
    tokens = list(dict.fromkeys(wanted(asked_for)))
    counted = await several(client, term_statistics.counting(tokens), index=indices.alias)
    facts = Known().learned(counted, tokens, tokens) if counted else None
    if facts is None:
        return Touches((), None)
    limit = min(followed.limit, 10_000)
    answers = await several(
        client,
        [
            {
                "query": spelled(
                    Asked(facts.frequency, analyzer, of_change(followed, clock), asked_for).members("all")
                ),
                "size": limit,
                "sort": [{clock: "desc"}],
                "_source": ["document.record"],
                "track_total_hits": False,
            }
            for clock in CLOCKS
        ],
        index=indices.alias,
    )
    found = [
        [Touch(_record.decode(hit.source.document).record, int(hit.sort[0])) for hit in answer.hits.hits]
        for answer in answers or ()
    ]
    return gathered(found, limit)
