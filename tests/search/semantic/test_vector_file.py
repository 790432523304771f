"""Comparison of a query with the vectors of a file: the same as comparing it with each document alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.indexed_document import span_key
from search.semantic import vector_file
from search.semantic.encoder import DIMENSIONS, Encoded, compute_similarities, measure
from search.semantic.vector_file import EncodedDocument, VectorFile

_SPANS = ("甲", "乙", "丙", "丁", "戊", "己")


def encode(seed: int, passages: int) -> Encoded:
    """Make up vectors, of which some are equal."""
    draw = np.random.default_rng(seed % 5)
    return measure(draw.integers(-127, 128, (passages, DIMENSIONS)).astype(np.int8))


_documents = st.lists(
    st.builds(
        lambda span, seed, passages: EncodedDocument(span, 1, seed, encode(seed, passages)),
        st.sampled_from(_SPANS),
        st.integers(0, 100),
        st.integers(0, 4),
    ),
    max_size=30,
)


@pytest.mark.slow
@given(_documents, st.integers(0, 100), st.integers(1, 8), st.sampled_from((-1.0, 0.0, 0.03)))
def test_a_query_is_compared_with_the_last_vectors_of_each_document(
    documents: list[EncodedDocument], seed: int, batch: int, least: float
) -> None:
    query = encode(seed, 1)
    last = {one.span: one for one in documents}  # a later line of a span replaces the earlier one
    expected = {
        span: max(compute_similarities(query, one.encoded).tolist(), default=0.0)
        for span, one in last.items()
    }
    near = [span for span in expected if len(last[span].encoded.vectors) and expected[span] >= least]
    with tempfile.TemporaryDirectory() as folder:
        for one in documents:
            vector_file.append(Path(folder) / "vectors", [one])
        file = VectorFile(Path(folder) / "vectors")
        file.reload()
        comparison = file.compare(query)
        assert (comparison is None) == (not any(len(one.encoded.vectors) for one in documents))
        if comparison is None:
            return
        for span, similarity in expected.items():
            similarity_in_file = comparison.similarity(span_key(span))
            assert similarity_in_file is not None
            assert abs(similarity_in_file - similarity) < 1e-5
        batches = list(comparison.nearest(least, batch))
    listed = [one.span for one_batch in batches for one in one_batch]
    assert sorted(listed) == sorted(near)
    places = [one.place for one_batch in batches for one in one_batch]
    assert places == sorted(places), "the nearest first, equals by their span"
