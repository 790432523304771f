"""What is counted over the whole index, asked together with the search that needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.contract import FOREVER
from search.elastic.multi_search import Body
from search.elastic.response import Answer

type Token = tuple[str, str]
"""(stream, token)."""

_KEPT = 200_000
"""Tokens whose frequencies are kept, of some 150 bytes each."""

_STATE: Body = {
    "size": 0,
    "track_total_hits": False,
    "aggs": {
        "documents": {"value_count": {"field": "effective_from"}},
        "length": {"avg": {"field": "length"}},
        "versions": {"sum": {"field": "version"}},
        "begun": {"max": {"field": "known_from"}},
        "ended": {
            "filter": {"range": {"known_to": {"lt": FOREVER}}},
            "aggs": {"within": {"max": {"field": "known_to"}}},
        },
    },
}
"""Answered from the shards' own cache until something is written."""


@dataclass(frozen=True, slots=True)
class State:
    """An index between two writes. Whatever is written anew changes the number of documents or the sum of
    their versions, so two that are equal hold the same."""

    documents: int
    average_length: float
    newest: int
    """The last instant at which anything began, or ceased, to be known."""
    versions: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the whole index, and of the words that were typed."""

    state: State
    frequencies: Mapping[Token, int]

    def frequency(self, stream: str, token: str) -> int:
        return self.frequencies.get((stream, token), 0)


class Known:
    """How many documents hold a token, as learned of one state of the index."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._held: dict[Token, int] = {}

    def lacking(self, tokens: Iterable[Token]) -> list[Token]:
        return [token for token in tokens if token not in self._held]

    def expected(self, stream: str, token: str) -> int:
        """Of every word, until it is known: that some document holds it."""
        return self._held.get((stream, token), 1)

    def learned(
        self, answers: Sequence[Answer], asked: Sequence[Token], wanted: Sequence[Token]
    ) -> Facts | None:
        """The facts of ``wanted``, of the answers to ``counting(asked)``; None where something was written
        since the others were learned, so that all have to be asked."""
        state, found = _state(answers[0]), _counted(answers, asked)
        if state != self._state or len(self._held) > _KEPT:
            self._state, self._held = state, {}
        self._held |= found
        if self.lacking(wanted):
            return None
        return Facts(state, {token: self._held[token] for token in wanted})


def counting(tokens: Sequence[Token]) -> list[Body]:
    """What to ask to learn the state, and how many documents hold each token."""
    if not tokens:
        return [_STATE]
    filters = [{"term": {stream: token}} for stream, token in tokens]
    aggs = {"of": {"filters": {"filters": filters}}}
    return [_STATE, {"size": 0, "track_total_hits": False, "aggs": aggs}]


def _state(answer: Answer) -> State:
    told = {name: (counted.within or counted).value or 0 for name, counted in answer.aggregations.items()}
    return State(
        documents=int(told["documents"]),
        average_length=told["length"] or 1.0,
        newest=int(max(told["begun"], told["ended"])),
        versions=told["versions"],
    )


def _counted(answers: Sequence[Answer], asked: Sequence[Token]) -> dict[Token, int]:
    buckets = answers[1].aggregations["of"].buckets if asked else []
    return {token: bucket.doc_count for token, bucket in zip(asked, buckets, strict=True)}
