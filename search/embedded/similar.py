"""Documents that are near to a query by meaning and are not among its hits, with a total of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import msgspec
import tantivy
from msgspec.structs import replace

from search.contract import Request, Similar
from search.embedded.tantivy_index import Reader, to_query
from search.hits import cursor
from search.hits.cursor import Place
from search.hits.presentation import HitPresenter
from search.query.conditions import Among, Condition, Every
from search.query.parser import Query
from search.semantic.encoder import Encoder
from search.semantic.similarity import LEAST, MOST, NEAREST
from search.semantic.vector_file import Comparison, NearDocument, VectorFile

type SimilarAddress = tuple[NearDocument, tantivy.DocAddress]

_threads = ThreadPoolExecutor(thread_name_prefix="meaning")
_BATCH = 128
"""Documents that are looked up in the index together; a further batch is four times as large."""


class QueryVectors(msgspec.Struct, frozen=True):
    """The vectors of an index, and the model that encodes queries for them."""

    vectors: VectorFile
    encoder: Encoder

    def start(self, query: Query) -> Future[Comparison | None]:
        """Compare a query with every document in another thread, while words are searched.

        The result is None if there are no vectors.
        """
        return _threads.submit(self._compare, query.text)

    def _compare(self, text: str) -> Comparison | None:
        return self.vectors.compare(self.encoder.encode_query(text)) if len(self.vectors) else None


def list_nearest(reader: Reader, comparison: Comparison, allowed: Condition) -> list[NearDocument]:
    """List the nearest of the ``allowed`` documents, of which the hits are ranked by the second stage."""
    return [one for one, _ in islice(_list_near(reader, comparison, allowed, -1.0), NEAREST)]


def list_similar(reader: Reader, comparison: Comparison | None, outside: Condition) -> list[SimilarAddress]:
    """List the near documents that satisfy ``outside``: they are within the filters and are not hits."""
    if comparison is None:
        return []
    return list(islice(_list_near(reader, comparison, outside, LEAST), MOST))


def is_nothing_near(reader: Reader, vectors: VectorFile, comparison: Comparison, allowed: Condition) -> bool:
    """Report whether all documents are encoded and no allowed one is near."""
    is_encoded = len(vectors) >= reader.documents
    return is_encoded and not any(_list_near(reader, comparison, allowed, LEAST))


def present_similar(
    reader: Reader, near: Sequence[SimilarAddress], place: Place, request: Request, presenter: HitPresenter
) -> Similar:
    """Return the page of the documents after a place, which documents encoded meanwhile do not shift."""
    remaining = [one for one in near if not place.after or one[0].place > place.after]
    page = remaining[: request.similar]
    last = replace(place, after=page[-1][0].place) if page else place
    return Similar(
        hits=tuple(presenter.hit(*reader.stored_document(address), one.similarity) for one, address in page),
        total=len(near),
        cursor=cursor.encode_similar_cursor(last, request) if len(remaining) > len(page) else None,
    )


def _list_near(
    reader: Reader, comparison: Comparison, within: Condition, least: float
) -> Iterator[SimilarAddress]:
    """Yield the documents of a condition from a similarity on, the nearest first.

    The index decides what belongs to the day and passes the filters, so that past days are exact.
    """
    for batch in comparison.nearest(least, _BATCH):
        addresses = _find_addresses(reader, within, batch)
        for one in batch:
            if one.key in addresses:
                yield one, addresses[one.key]


def _find_addresses(
    reader: Reader, within: Condition, near: Sequence[NearDocument]
) -> Mapping[int, tantivy.DocAddress]:
    """Return key → address of those documents that a condition matches."""
    condition = Every((Among("span", tuple(one.span for one in near)), within))
    return reader.addresses(to_query(reader.schema, condition), len(near))
