"""Encoding of the documents of an index that have no vectors yet, after they were indexed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from elasticsearch import AsyncElasticsearch, NotFoundError

from search.chinese.analyzer import Analyzer
from search.contract import Document
from search.elastic import bulk, mapping, stored_vectors
from search.elastic.cluster import Cluster
from search.elastic.index_writer import IS_DOCUMENT, count_documents, refresh
from search.elastic.indices import Indices
from search.semantic.encoder import Encoder
from search.semantic.passages import list_passages

_IS_ENCODED = {"exists": {"field": "encoded_texts"}}
IS_UNENCODED = {"bool": {"filter": [IS_DOCUMENT], "must_not": [_IS_ENCODED]}}
"""Query for documents without vectors."""


class Encoding:
    """Encodes an index in small steps, in the order of spans, and then begins again.

    A document is written again as it is, with vectors: the cluster rejects this if it was replaced or erased
    meanwhile. Several machines may encode the same ones, which only costs time.
    """

    def __init__(self, cluster: Cluster, indices: Indices, encoder: Encoder) -> None:
        self._cluster = cluster
        self._indices = indices
        self._encoder = encoder
        self._last: str | None = None
        """Span of the last document; those before it may still seem to wait until the index refreshes."""

    def encode(self, most: int, analyzer: Analyzer) -> int:
        """Encode up to ``most`` documents and return how many wait.

        Raises :class:`search.contract.SearchError` and :class:`search.semantic.model.ModelError`.
        """
        documents, waiting = self._cluster.call(self._list_waiting, most)
        if documents:
            lines = self._encode_documents(documents, analyzer)
            self._cluster.call(bulk.send_requests, self._indices.alias, lines)
        is_end, began = len(documents) < most, self._last is not None
        self._last = None if is_end else documents[-1].span
        if is_end and (documents or began):
            self._cluster.call(refresh, self._indices.alias)
        return 0 if is_end else waiting - len(documents)

    def _encode_documents(self, documents: Sequence[Document], analyzer: Analyzer) -> list[bulk.Line]:
        passages = {document.span: list_passages(document, analyzer) for document in documents}
        names = {span: stored_vectors.name_texts(texts) for span, texts in passages.items()}
        stored = self._cluster.call(stored_vectors.find_stored, self._indices.alias, set(names.values()))
        lines = []
        for document in documents:
            name = names[document.span]
            if name not in stored:
                encoded = self._encoder.encode(passages[document.span])
                stored[name] = stored_vectors.store(name, encoded)
            lines.append(mapping.write_document_lines(document, analyzer, stored[name]))
        return lines

    async def _list_waiting(self, client: AsyncElasticsearch, most: int) -> tuple[list[Document], int]:
        """List documents without vectors after the last one, and count them all."""
        try:
            answer = await client.search(
                index=self._indices.alias,
                query=IS_UNENCODED,
                sort=[{"span": "asc"}],
                size=most,
                search_after=None if self._last is None else [self._last],
                source_includes=["document"],
                track_total_hits=True,
            )
        except NotFoundError:
            return [], 0
        documents = [msgspec.convert(hit["_source"]["document"], Document) for hit in answer["hits"]["hits"]]
        return documents, int(answer["hits"]["total"]["value"])


async def count_encoded(client: AsyncElasticsearch, index: str) -> int:
    try:
        return await count_documents(client, index, _IS_ENCODED)
    except NotFoundError:
        return 0
