"""Statistics of the whole index, requested together with the search that needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from search.contract import FOREVER
from search.elastic.multi_search import Body
from search.elastic.response import SearchResponse
from search.ranking.reranker import Statistics

type Token = tuple[str, str]
"""(stream, token)."""

_MAX_CACHED_TOKENS = 200_000
"""Maximum number of cached frequencies, about 150 bytes each."""

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
"""Request for the state. Shards answer it from their cache until the next write."""


class State(msgspec.Struct, frozen=True):
    """State of an index between two writes. Every write changes the number of documents or the sum of their
    versions, so equal states have equal content."""

    documents: int
    average_length: float
    newest: int
    """The last instant at which a document began or ceased to be known."""
    versions: float


class Facts(msgspec.Struct, frozen=True):
    """Statistics of the whole index and of the words of a query."""

    state: State
    frequencies: Mapping[Token, int]

    def frequency(self, stream: str, token: str) -> int:
        return self.frequencies.get((stream, token), 0)

    def statistics(self) -> Statistics:
        return Statistics(self.state.documents, self.state.average_length, self.frequency)


class FrequencyCache:
    """Cache of document frequencies of tokens, valid for one state of the index."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._frequencies: dict[Token, int] = {}

    def missing(self, tokens: Iterable[Token]) -> list[Token]:
        return [token for token in tokens if token not in self._frequencies]

    def expected(self, stream: str, token: str) -> int:
        """Return the cached frequency. An unknown token is assumed to occur in one document."""
        return self._frequencies.get((stream, token), 1)

    def learn(
        self, answers: Sequence[SearchResponse], requested: Sequence[Token], tokens: Sequence[Token]
    ) -> Facts | None:
        """Add the answers to ``build_count_requests(requested)`` and return the facts of ``tokens``. None if
        the index has changed since the others were cached, so that all have to be requested."""
        state, frequencies = _extract_state(answers[0]), _extract_document_counts(answers, requested)
        if state != self._state or len(self._frequencies) > _MAX_CACHED_TOKENS:
            self._state, self._frequencies = state, {}
        self._frequencies |= frequencies
        if self.missing(tokens):
            return None
        return Facts(state, {token: self._frequencies[token] for token in tokens})


def build_count_requests(tokens: Sequence[Token]) -> list[Body]:
    """Build the requests for the state and for the document frequency of each token."""
    if not tokens:
        return [_STATE]
    filters = [{"term": {stream: token}} for stream, token in tokens]
    aggs = {"of": {"filters": {"filters": filters}}}
    return [_STATE, {"size": 0, "track_total_hits": False, "aggs": aggs}]


def _extract_state(answer: SearchResponse) -> State:
    figures = {
        name: (aggregation.within or aggregation).value or 0
        for name, aggregation in answer.aggregations.items()
    }
    return State(
        documents=int(figures["documents"]),
        average_length=figures["length"] or 1.0,
        newest=int(max(figures["begun"], figures["ended"])),
        versions=figures["versions"],
    )


def _extract_document_counts(
    answers: Sequence[SearchResponse], requested: Sequence[Token]
) -> dict[Token, int]:
    buckets = answers[1].aggregations["of"].buckets if requested else []
    return {token: bucket.doc_count for token, bucket in zip(requested, buckets, strict=True)}
