"""What is counted over the whole index, asked together with the search that needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.engine import FOREVER

type Token = tuple[str, str]
type Raw = Mapping[str, Any]

_FACTS: Mapping[str, Any] = {
    "size": 0,
    "track_total_hits": False,
    "aggs": {
        "documents": {"value_count": {"field": "effective_from"}},
        "length": {"avg": {"field": "length"}},
        "begun": {"max": {"field": "known_from"}},
        "ended": {
            "filter": {"range": {"known_to": {"lt": FOREVER}}},
            "aggs": {"last": {"max": {"field": "known_to"}}},
        },
    },
}
"""Answered from the shards' own cache until something is written."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the whole index, and of the words that were typed."""

    documents: int
    average_length: float
    newest: int
    """The last instant at which anything began, or ceased, to be known."""
    frequencies: Mapping[Token, int]

    def frequency(self, stream: str, token: str) -> int:
        return self.frequencies.get((stream, token), 0)


def counting(tokens: Sequence[Token]) -> list[Raw]:
    """What to ask to learn the facts, and how many documents hold each token."""
    return [_FACTS, _frequencies(tokens)] if tokens else [_FACTS]


def _frequencies(tokens: Sequence[Token]) -> Raw:
    filters = {str(n): {"term": {stream: token}} for n, (stream, token) in enumerate(tokens)}
    return {"size": 0, "track_total_hits": False, "aggs": {"of": {"filters": {"filters": filters}}}}


def facts(answers: Sequence[Raw], tokens: Sequence[Token]) -> Facts:
    """Of the answers to :func:`counting`."""
    told = answers[0]["aggregations"]
    ended = told["ended"]["last"]["value"] or 0
    buckets = answers[1]["aggregations"]["of"]["buckets"] if tokens else {}
    return Facts(
        documents=told["documents"]["value"],
        average_length=told["length"]["value"] or 1.0,
        newest=int(max(told["begun"]["value"] or 0, ended)),
        frequencies={token: buckets[str(n)]["doc_count"] for n, token in enumerate(tokens)},
    )
