"""Vectors of a document as an index stores them, and the field in which the cluster compares them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from elasticsearch import AsyncElasticsearch, BadRequestError, NotFoundError
from msgspec import Struct, convert

from search.elastic.query_dsl import Clause
from search.semantic.encoder import DIMENSIONS, Encoded, Similarities, Vectors, compute_similarities, measure
from search.semantic.model import VERSION
from search.semantic.vector_file import digest_of_texts

_CANDIDATES = 200
"""Vectors that the cluster compares at least. Of 100 nearest it then misses one in a thousand."""


class StoredVectors(Struct, frozen=True, gc=False):
    """The vectors of a document. Responses contain them; they lack the field that the cluster compares."""

    texts: str
    """Names the model and the texts that it encoded, by :func:`name_texts`."""
    rows: bytes
    """A row of :data:`DIMENSIONS` bytes for each passage."""

    @property
    def vectors(self) -> Vectors:
        return _read_rows(self.rows)


def store(texts: str, encoded: Encoded) -> StoredVectors:
    return StoredVectors(texts, np.ascontiguousarray(encoded.vectors).tobytes())


def name_texts(passages: Sequence[str]) -> str:
    return f"{VERSION}-{digest_of_texts(passages):016x}"


def build_mappings() -> dict[str, Any]:
    """Build the mapping of the fields of vectors.

    The vectors are bytes, as in the embedded engine, so that similarities are equal.
    """
    vector = {
        "type": "dense_vector",
        "element_type": "byte",
        "dims": DIMENSIONS,
        "similarity": "cosine",
        "index_options": {"type": "hnsw"},
    }
    return {
        "passages": {"type": "nested", "properties": {"vector": vector}},
        "encoded": {"type": "object", "enabled": False},
        "encoded_texts": {"type": "keyword"},
    }


def write_fields(stored: StoredVectors) -> dict[str, Any]:
    return {
        "passages": [{"vector": row.tobytes().hex()} for row in stored.vectors],
        "encoded": stored,
        "encoded_texts": stored.texts,
    }


def build_nearest(query: Encoded, within: Clause, most: int, least: float = -1.0) -> Clause:
    """Match up to ``most`` documents of ``within`` (in each shard), the nearest, from a similarity on.

    Documents of other days are not compared, so that there are as many of a past day.
    """
    nearest = {
        "field": "passages.vector",
        "query_vector": query.vectors[0].tolist(),
        "k": most,
        "num_candidates": max(most, _CANDIDATES),
        "similarity": least,
        "filter": within,
    }
    return {"nested": {"path": "passages", "score_mode": "max", "query": {"knn": nearest}}}


def similarity_of_score(score: float) -> float:
    """Return the similarity of a document that :func:`build_nearest` matched."""
    return 2 * score - 1


def compare(query: Encoded, documents: Sequence[StoredVectors | None]) -> list[float | None]:
    """Return the similarity of a query to each document; None for one without vectors."""
    every = measure(_read_rows(b"".join(one.rows for one in documents if one is not None)))
    similarities: Similarities = compute_similarities(query, every)
    result: list[float | None] = []
    start = 0
    for one in documents:
        end = start + (0 if one is None else len(one.rows) // DIMENSIONS)
        result.append(None if one is None else float(similarities[start:end].max(initial=0.0)))
        start = end
    return result


async def find_stored(
    client: AsyncElasticsearch, index: str, texts: Collection[str]
) -> dict[str, StoredVectors]:
    """Return the vectors of texts that were encoded before, of any document, by their name."""
    try:
        answer = await client.search(
            index=index,
            query={"terms": {"encoded_texts": list(texts)}},
            collapse={"field": "encoded_texts"},
            size=len(texts),
            source_includes=["encoded"],
            track_total_hits=False,
        )
    except (NotFoundError, BadRequestError):  # there is no index, or one made before it had such fields
        return {}
    vectors = (convert(hit["_source"]["encoded"], StoredVectors) for hit in answer["hits"]["hits"])
    return {one.texts: one for one in vectors}


def _read_rows(rows: bytes) -> Vectors:
    return np.frombuffer(rows, np.int8).reshape(-1, DIMENSIONS)
