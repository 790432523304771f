"""Documents that are near to a query by meaning: those that no word set holds, under their own total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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
from search.semantic.similarity import LEAST, MOST, asks_by_meaning
from search.semantic.vector_file import Comparison, VectorFile

type Near = tuple[float, tantivy.DocAddress]
"""Similarity and address of a document."""

_BATCH = 256
"""Documents that are looked up in the index together; a further batch is four times as large."""


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """The vectors of an index, and the model that encodes queries for them."""

    vectors: VectorFile
    encoder: Encoder

    def compare(self, query: Query) -> Comparison | None:
        """Compare a query with every document; None if there are no vectors, or nothing to compare."""
        if not query.text.strip() or not len(self.vectors):
            return None
        return self.vectors.compare(self.encoder.encode_query(query.text))


def list_similar(
    reader: Reader, comparison: Comparison | None, outside: Condition, query: Query
) -> list[Near]:
    """List the documents that are near and no hits. ``outside``: what is no hit, and passes the filters."""
    if comparison is None or not asks_by_meaning(query):
        return []
    return list(islice(list_near(reader, comparison, outside, LEAST), MOST))


def present_similar(
    reader: Reader, near: Sequence[Near], place: Place, request: Request, presenter: HitPresenter
) -> Similar:
    """Return the page of the documents that begins at a place."""
    end = place.offset + request.similar
    return Similar(
        hits=tuple(
            presenter.hit(*reader.stored_document(address), similarity)
            for similarity, address in near[place.offset : end]
        ),
        total=len(near),
        cursor=cursor.encode_similar_cursor(replace(place, offset=end), request) if end < len(near) else None,
    )


def list_near(reader: Reader, comparison: Comparison, within: Condition, least: float) -> Iterator[Near]:
    """Yield the documents of a condition from a similarity on, the nearest first.

    The index decides what belongs to the day and passes the filters, so that past days are exact.
    """
    for batch in comparison.nearest(least, _BATCH):
        spans = [span for span, _ in batch]
        condition = Every((Among("span", tuple(spans)), within))
        addresses = reader.addresses(to_query(reader.schema, condition), spans)
        for span, similarity in batch:
            if span in addresses:
                yield similarity, addresses[span]
