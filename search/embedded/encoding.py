"""Encoding of the documents of an index that have no vectors yet, after they were indexed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import tantivy

from search.chinese.analyzer import Analyzer
from search.contract import Document
from search.embedded.index_folder import Generations
from search.embedded.tantivy_index import Reader
from search.semantic.encoder import Encoder
from search.semantic.passages import list_passages
from search.semantic.vector_file import EncodedDocument, VectorFile, digest_of_texts


class Encoding:
    """Encodes an index in small steps, so that it can stop and follow what is indexed meanwhile."""

    def __init__(self, folder: Generations, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = encoder
        self._reader: Reader | None = None
        self._waiting: deque[tantivy.DocAddress] = deque()

    def encode(self, most: int, analyzer: Analyzer) -> int:
        """Encode up to ``most`` documents and return how many wait. Another process may encode instead.

        Raises :class:`search.contract.SearchError` and :class:`search.semantic.model.ModelError`.
        """
        with self._folder.lock_for_encoding() as is_locked:
            reader, vectors = self._folder.reader(), self._folder.vectors()
            if not is_locked or reader is None or vectors is None:
                return 0
            if reader is not self._reader:
                self._reader, self._waiting = reader, deque(_list_unencoded(reader, vectors))
            batch = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            if batch:
                self._reader = None  # after a failure, such as a full disk, list all of them again
                documents = [reader.document(address) for address in batch]
                self._folder.add_vectors(self._encode_documents(documents, vectors, analyzer))
                self._reader = reader
            return len(self._waiting)

    def _encode_documents(
        self, documents: Sequence[Document], vectors: VectorFile, analyzer: Analyzer
    ) -> list[EncodedDocument]:
        """Encode documents, except texts that were encoded before, for example for an earlier day."""
        encoded_documents = []
        for document in documents:
            passages = list_passages(document, analyzer)
            digest = digest_of_texts(passages)
            encoded = vectors.find_encoded(digest) or self._encoder.encode(passages)
            encoded_documents.append(EncodedDocument(document.span, document.version, digest, encoded))
        return encoded_documents


def _list_unencoded(reader: Reader, vectors: VectorFile) -> list[tantivy.DocAddress]:
    versions = vectors.versions()
    return [address for address, key, version in reader.iterate_versions() if versions.get(key) != version]
