"""The search contract: what an engine is given, what it is asked, what it answers.

Both engines (in process, Elasticsearch) keep it; ``tests/system/contract`` holds them to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

type Match = Literal["all", "most", "any"]
type How = Literal["word", "phrase", "alias", "synonym", "taiwan", "own-number", "cited-number"]
type Sort = Literal["relevance", "date", "-date"]

FOREVER = 2**62
"""An open end of an interval of days or of microseconds."""


@dataclass(frozen=True, slots=True)
class Document:
    """One span of one record: what it said from ``effective_from`` on, as known from ``known_from`` on."""

    span: str
    """Stable id of the span; indexing the same span twice leaves one document."""
    version: int
    """Outbox sequence: of two writes of one span the larger wins, however late the smaller comes."""
    dataset: str
    catalogue: str
    record: str
    revision: str
    title: str
    texts: Mapping[str, str]
    """Searched field → its text, as published. Highlights point into these."""
    weights: Mapping[str, float]
    numbers: tuple[str, ...]
    """发文字号 in standard form, the document's own first."""
    facets: Mapping[str, tuple[str, ...]]
    """``dataset``, ``body``, ``type``, ``division`` (with every ancestor code), ``year``,
    and facets of the catalogue's own."""
    effective_from: int
    """Day, as ``date.toordinal()``; inclusive."""
    effective_to: int = FOREVER
    """Exclusive."""
    known_from: int = 0
    """Microseconds since the epoch, UTC; inclusive."""
    known_to: int = FOREVER
    date: int = 0
    """Day by which ``sort=date`` orders, as ``date.toordinal()``."""
    own_numbers: int = 1
    """How many of :attr:`numbers` are the document's own; it cites the others."""


@dataclass(frozen=True, slots=True)
class Request:
    text: str
    """What a person typed. Never an error: what cannot be parsed is searched as text."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Facet name → values, any of which will do; different names must all hold."""
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Facet name → values that no hit has."""
    as_of: int = 0
    """Day (ordinal). The caller always sets it: today in Asia/Shanghai is the present."""
    known_at: int = FOREVER - 1
    """Microseconds UTC."""
    sort: Sort = "relevance"
    limit: int = 20
    cursor: str | None = None
    facets: tuple[str, ...] = ()
    highlight: bool = True
    explain: bool = False
    """Hits tell :attr:`Hit.reasons`."""


class Marked(msgspec.Struct, frozen=True):
    """An excerpt of an original text and the marked stretches in it, as ``(start, end)`` of the excerpt."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A word of the query that a hit holds."""

    word: str
    """As it was looked for."""
    form: str
    """As it was met: the word, another name of the body, another wording of the term, a whole 发文字号."""
    how: How
    fields: tuple[str, ...]
    """Where it stands; empty where a number is told by the document's own field."""


class Hit(msgspec.Struct, frozen=True):
    span: str
    dataset: str
    record: str
    revision: str
    score: float
    title: Marked
    excerpts: tuple[Marked, ...]
    reasons: tuple[Reason, ...] = ()


class FacetValue(msgspec.Struct, frozen=True):
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    hits: tuple[Hit, ...]
    total: int
    """Exact, and of the set that ``match`` names."""
    match: Match
    whole: int
    """How many hold all the words, exact: 0 where nothing is what was typed."""
    facets: Mapping[str, tuple[FacetValue, ...]]
    """Exact. A facet that the request filters by counts as if it did not: its other values stay to choose."""
    cursor: str | None
    """Opaque; None at the end."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A search that somebody follows: which of its hits came or went in a stretch of time."""

    text: str
    """As in :class:`Request`; hits hold all its words."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: int = 0
    """Microseconds UTC; inclusive."""
    before: int = FOREVER
    """Exclusive."""
    spans: tuple[str, ...] | None = None
    """Only these."""
    limit: int = 100
    """Documents that are looked at."""


@dataclass(frozen=True, slots=True)
class Touch:
    """At ``at`` a hit of ``record`` began to be known, or ceased to be."""

    record: str
    at: int


@dataclass(frozen=True, slots=True)
class Touches:
    found: tuple[Touch, ...]
    """The newest first, each once, and every one of its instant."""
    rest: int | None
    """The newest instant that was not gone through to its end; None where ``found`` is everything."""


class SearchError(Exception):
    """The engine cannot answer now. ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RejectedError(Exception):
    """Documents that the engine refuses for good; all others of the call are written."""

    def __init__(self, refused: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{span}: {why}" for span, why in list(refused.items())[:3]))
        self.refused = dict(refused)
        """Span → why."""


class CursorError(ValueError):
    """A cursor that this engine did not make, or made for another request."""


class SearchEngine(Protocol):
    """What the service needs of a search engine. Safe to share between tasks."""

    async def search(self, request: Request) -> Page: ...

    async def touched(self, followed: Followed) -> Touches:
        """What came or went in that time, as far back as ``limit`` goes."""
        ...

    async def index(self, documents: Iterable[Document]) -> int:
        """Write spans (insert or replace by ``span``); searchable when it returns. → how many."""
        ...

    async def erase(self, spans: Sequence[str]) -> None:
        """Destroy documents so that no file of the index holds their text when it returns."""
        ...

    async def rebuild(self, documents: AsyncIterable[Document] | Iterable[Document]) -> int:
        """Build a new index beside the old one and swap. Readers see one or the other."""
        ...

    async def position(self) -> int:
        """The largest ``Document.version`` or mark that is durable; 0 for an empty index."""
        ...

    async def mark(self, sequence: int) -> None:
        """Remember that the outbox was drained up to ``sequence``; what was indexed before is durable."""
        ...

    async def count(self) -> int: ...

    async def close(self) -> None: ...
