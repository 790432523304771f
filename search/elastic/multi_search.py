"""Several searches in one call, each answered whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from search.contract import SearchError
from search.elastic.response import Answer

type Body = Mapping[str, Any]
"""What one search asks."""

_encoder = msgspec.json.Encoder()


class FailedError(SearchError):
    """One of the searches was refused: the cluster is busy, a shard is lost, a point in time has run out."""


async def several(
    client: AsyncElasticsearch, bodies: Sequence[Body], *, index: str, moment: str = "", kept: str = ""
) -> list[Answer] | None:
    """The answers in order; None where there is no index.

    ``moment``: a point in time to ask instead of the index, which then waits for ``kept`` more. Totals are
    exact or there are none: a shard that does not answer fails the search. Raises :class:`FailedError`.
    """
    # A point in time was opened for whole answers.
    header: Body = {} if moment else {"index": index, "allow_partial_search_results": False}
    pit = {"pit": {"id": moment, "keep_alive": kept}} if moment else {}
    # The client takes lines that are written already, and does not say so in its types.
    searches: list[Any] = [_encoder.encode(part) for body in bodies for part in (header, {**body, **pit})]
    answers: list[Answer] = (await client.msearch(searches=searches))["responses"]
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
