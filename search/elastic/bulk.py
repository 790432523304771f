"""Bulk writing: what is refused for a moment is sent again, what is refused for good is told by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
from elasticsearch import ApiError, AsyncElasticsearch

from search.contract import SearchError
from search.elastic.cluster import blocked

BYTES = 800_000
"""Of one request, about: the loop that sends it answers searches too. The server takes 100 MB."""

ATTEMPTS = 6
_FIRST_PAUSE = 0.2
_PATIENCE = 100.0

type Line = tuple[bytes, bytes]


@dataclass(slots=True)
class Outcome:
    taken: int = 0
    created: int = 0
    """Of those taken, the spans that the index had not."""
    refused: dict[str, str] = field(default_factory=dict)
    """Span → why no attempt can write it."""

    def add(self, other: Outcome) -> None:
        self.taken += other.taken
        self.created += other.created
        self.refused |= other.refused


async def send(client: AsyncElasticsearch, index: str, lines: Sequence[Line]) -> Outcome:
    """Write ``lines``. An older version than the index holds is no failure, and not taken.

    Raises :class:`SearchError` where the cluster stays too busy, is away or does not let itself be written.
    """
    outcome = Outcome()
    waiting, pause = list(lines), _FIRST_PAUSE
    for attempt in range(ATTEMPTS):
        try:
            # The client takes lines that are written already, and does not say so in its types.
            operations: list[Any] = [part for line in waiting for part in line]
            answer = await client.options(request_timeout=_PATIENCE).bulk(index=index, operations=operations)
        except ApiError as error:
            busy = error.status_code == 429 and not blocked(error)
            if not busy or attempt == ATTEMPTS - 1:
                raise
        else:
            waiting = _settled(waiting, answer["items"], outcome)
            if not waiting:
                return outcome
        await anyio.sleep(pause)
        pause *= 2
    raise SearchError("搜索服务繁忙 / the search cluster is too busy", retry_after=30)


def _settled(lines: list[Line], items: Sequence[Mapping[str, Any]], outcome: Outcome) -> list[Line]:
    """Count what is done → what to send again."""
    again: list[Line] = []
    for line, item in zip(lines, items, strict=True):
        result = item["index"]
        status = result["status"]
        if status < 300:
            outcome.taken += 1
            outcome.created += result["result"] == "created"
        elif status == 409:
            continue
        else:
            error = result.get("error") or {}
            kind, reason = error.get("type", ""), str(error.get("reason", ""))
            if kind == "cluster_block_exception":
                raise SearchError(
                    f"搜索索引只读，磁盘可能将满 / the search index is read-only: {reason}", retry_after=60
                )
            if status == 400:
                cause = (error.get("caused_by") or {}).get("reason", "")
                outcome.refused[result["_id"]] = f"{kind}: {reason} {cause}".strip()
            elif status == 429 or status >= 500:
                again.append(line)
            else:
                raise SearchError(f"{kind}: {reason}", retry_after=30)
    return again
