"""The contract of a search engine: documents, requests, pages of hits and errors.

Both engines (in process, Elasticsearch) implement it; ``tests/search/contract`` checks both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

type Match = Literal["all", "most", "any"]
type MatchKind = Literal["word", "phrase", "alias", "synonym", "taiwan", "own-number", "cited-number"]
type Sort = Literal["relevance", "date", "-date"]

type Status = Literal["current", "removed", "withdrawn"]
STATUS = "status"
"""Facet of a document's status."""
ENDED: tuple[Status, ...] = ("removed", "withdrawn")

FOREVER = 2**62
"""The open end of an interval, in days or in microseconds."""


class Document(msgspec.Struct, frozen=True):
    """One span of one record: its content from ``effective_from`` on, as known from ``known_from`` on."""

    span: str
    """Stable id of the span. Indexing the same span twice leaves one document."""
    version: int
    """Outbox sequence. Of two writes of one span the larger wins, even if the smaller arrives later."""
    dataset: str
    catalogue: str
    record: str
    revision: str
    title: str
    texts: Mapping[str, str]
    """Searched field → its text, as published. Highlights are positions in these texts."""
    weights: Mapping[str, float]
    numbers: tuple[str, ...]
    """发文字号 in standard form, the document's own first."""
    facets: Mapping[str, tuple[str, ...]]
    """``dataset``, ``body``, ``type``, ``division`` (with every ancestor code), ``year``,
    and the facets that the catalogue defines."""
    effective_from: int
    """Day, as ``date.toordinal()``; inclusive."""
    effective_to: int = FOREVER
    """Exclusive."""
    known_from: int = 0
    """Microseconds since the epoch, UTC; inclusive."""
    known_to: int = FOREVER
    date: int = 0
    """Sort key of ``sort=date``, as ``date.toordinal()``."""
    own_numbers: int = 1
    """Count of :attr:`numbers` that are the document's own. The others are cited."""
    status: Status = "current"
    """Whether the record is in the list in this span, or was removed from it, or withdrawn."""


class Request(msgspec.Struct, frozen=True):
    text: str
    """The query as typed. It never causes an error: unparseable input is searched as plain text."""
    filters: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Facet name → accepted values. A hit matches one value of every name."""
    excluded: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Facet name → values that a hit must not have."""
    statuses: tuple[Status, ...] = ("current",)
    """Statuses on the day, of which a hit has one."""
    as_of: int = 0
    """Day (ordinal). The caller always sets it; the present is today in Asia/Shanghai."""
    known_at: int = FOREVER - 1
    """Microseconds UTC."""
    sort: Sort = "relevance"
    limit: int = 20
    cursor: str | None = None
    facets: tuple[str, ...] = ()
    facet_values: int = 1_000
    """Most values of a facet, the most frequent; at most 65,535."""
    highlight: bool = True
    explain: bool = False
    """Fill :attr:`Hit.reasons`."""
    all_words: bool = False
    """Only documents with all the words are hits, however few they are."""
    similar: int = 0
    """Most documents of :attr:`Page.similar`. There are none with 0, nor after the first page of hits."""
    similar_cursor: str | None = None
    """Request the next page of similar documents; the page then has no hits."""


class HighlightedText(msgspec.Struct, frozen=True):
    """An original text or an excerpt of it, with the highlighted ranges as ``(start, end)`` in it."""

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]


class Reason(msgspec.Struct, frozen=True):
    """A word of the query that a hit contains."""

    word: str
    """The word as searched."""
    form: str
    """The matching form: the word, another name of the body, another wording of the term, a full 发文字号."""
    how: MatchKind
    fields: tuple[str, ...]
    """Fields that contain it; empty if the document's number field matches."""


class Hit(msgspec.Struct, frozen=True):
    span: str
    dataset: str
    record: str
    revision: str
    score: float
    title: HighlightedText
    excerpts: tuple[HighlightedText, ...]
    reasons: tuple[Reason, ...] = ()
    status: Status = "current"


class FacetValue(msgspec.Struct, frozen=True):
    value: str
    count: int


class Similar(msgspec.Struct, frozen=True):
    """Documents that are near to the query by meaning and are not hits, the nearest first.

    They pass the same filters. :attr:`Hit.score` is the similarity (cosine).
    """

    hits: tuple[Hit, ...]
    total: int
    """Exact up to the number of documents that are offered at most."""
    cursor: str | None
    """Opaque, for :attr:`Request.similar_cursor`; None on the last page."""
    nothing_near: bool = False
    """Every document is encoded, and none that passes the filters is near, hits included. Only reported if no
    document contains all the words."""


class Page(msgspec.Struct, frozen=True):
    hits: tuple[Hit, ...]
    total: int
    """Exact count of the set that ``match`` names."""
    match: Match
    all_words_total: int
    """Exact count of documents that contain all the words; 0 if no document does."""
    facets: Mapping[str, tuple[FacetValue, ...]]
    """Exact counts of the most frequent values, at most :attr:`Request.facet_values`. A facet that the
    request filters by is counted without that filter, so that its other values can still be chosen."""
    cursor: str | None
    """Opaque; None on the last page."""
    similar: Similar | None = None
    """None if it was not requested, or the engine has no model. It never counts among the hits."""


class EncodingProgress(msgspec.Struct, frozen=True):
    """Progress of encoding for search by meaning."""

    documents: int
    """Documents with vectors."""
    writes: int
    """Grows with every write of vectors: a response that uses them depends on it."""
    failure: str = ""
    """Why the installed model does not work; empty if it does."""


class SavedSearch(msgspec.Struct, frozen=True):
    """A search whose changes are requested: hits that appeared or disappeared in a period."""

    text: str
    """As in :class:`Request`; a hit contains all its words."""
    filters: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    after: int = 0
    """Microseconds UTC; inclusive."""
    before: int = FOREVER
    """Exclusive."""
    spans: tuple[str, ...] | None = None
    """Consider only these spans."""
    limit: int = 100
    """Maximum number of hits that appeared, and of those that disappeared, to read."""


class HitChange(msgspec.Struct, frozen=True):
    """A hit of ``record`` appeared or disappeared at ``at``."""

    record: str
    at: int


class HitChanges(msgspec.Struct, frozen=True):
    changes: tuple[HitChange, ...]
    """Newest first, without duplicates. All changes of one instant are included together."""
    unread_until: int | None
    """The newest instant whose changes are incomplete; None if ``changes`` is complete."""


REBUILD = "搜索索引需要重建，请运行 qingdan reindex / the index must be rebuilt: run qingdan reindex"
"""Message of an index that this version cannot use."""


class SearchError(Exception):
    """The engine is temporarily unavailable. ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DamagedIndexError(SearchError):
    """The index cannot be read any more: it has to be rebuilt, which the worker does by itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "搜索索引损坏，由工作进程重建，或运行 qingdan reindex / "
            f"the index is damaged; the worker rebuilds it, or run qingdan reindex ({reason})",
            retry_after=30,
        )


class RejectedError(Exception):
    """Documents that the engine rejects permanently. All others of the call are written."""

    def __init__(self, rejected: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{span}: {why}" for span, why in list(rejected.items())[:3]))
        self.rejected = dict(rejected)
        """Span → reason."""


class CursorError(ValueError):
    """A cursor that this engine did not issue, or issued for another request."""


class SearchEngine(Protocol):
    """Interface of a search engine. One instance may be shared between tasks."""

    async def search(self, request: Request) -> Page: ...

    async def hit_changes(self, saved: SavedSearch) -> HitChanges:
        """List hits that appeared or disappeared in the period, newest first, up to ``limit`` of each."""
        ...

    async def index(self, documents: Iterable[Document]) -> int:
        """Insert or replace documents by ``span``; they are searchable on return. Return how many."""
        ...

    async def erase(self, spans: Sequence[str]) -> None:
        """Delete documents permanently: on return no file of the index contains their text."""
        ...

    async def rebuild(self, documents: Iterable[Document]) -> int:
        """Build a new index next to the old one, then swap them. Readers see one or the other."""
        ...

    async def position(self) -> int:
        """Return the largest durable ``Document.version`` or mark; 0 for an empty index."""
        ...

    async def mark(self, sequence: int) -> None:
        """Store in the index that the outbox was drained up to ``sequence``. Earlier writes are durable."""
        ...

    async def count(self) -> int: ...

    async def encode(self, most: int) -> int:
        """Encode up to ``most`` documents that have no vectors yet; return how many others wait. 0 if no
        model is installed, or while another process encodes."""
        ...

    async def encoding_progress(self) -> EncodingProgress | None:
        """Report how many documents have vectors; None if no model is installed."""
        ...

    async def visit_documents(self, receive: Callable[[Sequence[Document]], None]) -> None:
        """Pass every document to ``receive``, in batches and in no particular order, in another thread."""
        ...

    async def check(self) -> None:
        """Read the whole index, if it has checksums. Raises :class:`DamagedIndexError`."""
        ...

    async def close(self) -> None: ...
