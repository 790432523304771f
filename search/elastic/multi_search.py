"""Several searches in one call, without partial responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from search.contract import SearchError
from search.elastic.response import SearchResponse

type Body = Mapping[str, Any]
"""Body of one search."""

_encoder = msgspec.json.Encoder()


class FailedError(SearchError):
    """One of the searches failed: the cluster is busy, a shard is lost, a point in time has expired."""


async def search_together(
    client: AsyncElasticsearch, bodies: Sequence[Body], *, index: str, moment: str = "", keep_alive: str = ""
) -> list[SearchResponse] | None:
    """Run the searches and return the responses in order; None if there is no index.

    ``moment``: a point in time to search instead of the index, prolonged by ``keep_alive``. Totals are exact:
    a shard that does not respond fails the search. Raises :class:`FailedError`.
    """
    # Partial results are already disabled in a point in time.
    header: Body = {} if moment else {"index": index, "allow_partial_search_results": False}
    pit = {"pit": {"id": moment, "keep_alive": keep_alive}} if moment else {}
    # The client accepts encoded lines, which its types do not declare.
    searches: list[Any] = [_encoder.encode(part) for body in bodies for part in (header, {**body, **pit})]
    answers: list[SearchResponse] = (await client.msearch(searches=searches))["responses"]
    for answer in answers:
        if answer.error is not None:
            if answer.error.type == "index_not_found_exception":
                return None
            if answer.status == 400 and not moment:
                raise RuntimeError(
                    f"a search that is wrong in itself: {answer.error.type}: {answer.error.reason}"
                )
            raise FailedError(f"搜索服务暂无响应 / the search cluster cannot answer: {answer.error.type}")
    return answers
