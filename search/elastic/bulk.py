"""Bulk writes: temporary failures are retried, permanent ones reported by span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import msgspec
from elasticsearch import ApiError, AsyncElasticsearch

from search.contract import SearchError
from search.elastic.cluster import READ_ONLY, is_write_blocked

REQUEST_BYTES = 800_000
"""Approximate size of one request. The event loop that sends it also serves searches, so it is far below
the server's limit of 100 MB."""

ATTEMPTS = 6
_FIRST_PAUSE = 0.2
_TIMEOUT = 100.0

type Line = tuple[bytes, bytes]


class BulkResult(msgspec.Struct):
    accepted: int = 0
    created: int = 0
    """Those of them that were new to the index."""
    rejected: dict[str, str] = msgspec.field(default_factory=dict)
    """Span → reason of the permanent failure."""

    def add(self, other: BulkResult) -> None:
        self.accepted += other.accepted
        self.created += other.created
        self.rejected |= other.rejected


async def send_requests(client: AsyncElasticsearch, index: str, lines: Sequence[Line]) -> BulkResult:
    """Write ``lines``. A version older than that in the index is skipped without an error.

    Raises :class:`SearchError` if the cluster stays too busy, cannot be reached or is read-only.
    """
    outcome = BulkResult()
    pending, pause = list(lines), _FIRST_PAUSE
    for attempt in range(ATTEMPTS):
        try:
            # The client accepts encoded lines, which its types do not declare.
            operations: list[Any] = [part for line in pending for part in line]
            answer = await client.options(request_timeout=_TIMEOUT).bulk(index=index, operations=operations)
        except ApiError as error:
            busy = error.status_code == 429 and not is_write_blocked(error)
            if not busy or attempt == ATTEMPTS - 1:
                raise
        else:
            pending = _collect_retries(pending, answer["items"], outcome)
            if not pending:
                return outcome
        await anyio.sleep(pause)
        pause *= 2
    raise SearchError("搜索服务繁忙 / the search cluster is too busy", retry_after=30)


def _collect_retries(
    lines: list[Line], items: Sequence[Mapping[str, Any]], outcome: BulkResult
) -> list[Line]:
    """Count the written lines and return those to send again."""
    retries: list[Line] = []
    for line, item in zip(lines, items, strict=True):
        result = item["index"]
        status = result["status"]
        if status < 300:
            outcome.accepted += 1
            outcome.created += result["result"] == "created"
        elif status == 409:
            continue
        else:
            error = result.get("error") or {}
            kind, reason = error.get("type", ""), str(error.get("reason", ""))
            if kind == "cluster_block_exception":
                raise SearchError(f"{READ_ONLY}: {reason}", retry_after=60)
            if status == 400:
                cause = (error.get("caused_by") or {}).get("reason", "")
                outcome.rejected[result["_id"]] = f"{kind}: {reason} {cause}".strip()
            elif status == 429 or status >= 500:
                retries.append(line)
            else:
                raise SearchError(f"{kind}: {reason}", retry_after=30)
    return retries
