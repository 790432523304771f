"""Which hits of a search came or went, asked of the cluster."""

from __future__ import annotations

from typing import Any

from elasticsearch import AsyncElasticsearch

from search import query
from search.analysis import Analyzer
from search.asked import Asked, of_change, wanted
from search.elastic.asking import facts_of
from search.elastic.indices import Indices
from search.elastic.spelling import spelled
from search.engine import Followed, SearchError, Touch, Touches
from search.following import CLOCKS, gathered
from search.lexicon import Lexicon


async def touched(
    client: AsyncElasticsearch, indices: Indices, followed: Followed, analyzer: Analyzer, lexicon: Lexicon
) -> Touches:
    asked_for = query.parse(followed.text, analyzer, lexicon)
    await indices.check(client)
    facts = await facts_of(client, indices.alias, wanted(asked_for))
    if facts is None or not facts.documents:
        return Touches((), None)
    limit = min(followed.limit, 10_000)
    searches: list[dict[str, Any]] = []
    for clock in CLOCKS:
        asked = Asked(facts.frequency, analyzer, of_change(followed, clock), asked_for)
        searches += [
            {},
            {
                "query": spelled(asked.members("all")),
                "size": limit,
                "sort": [{clock: "desc"}],
                "_source": ["document.record"],
                "track_total_hits": False,
            },
        ]
    found: list[list[Touch]] = []
    for answer in (await client.msearch(index=indices.alias, searches=searches))["responses"]:
        if "error" in answer:
            raise SearchError(
                f"检索服务暂时不能答复 / the search cluster cannot answer: {answer['error']['type']}"
            )
        hits = answer["hits"]["hits"]
        found.append([Touch(hit["_source"]["document"]["record"], int(hit["sort"][0])) for hit in hits])
    return gathered(found, limit)
