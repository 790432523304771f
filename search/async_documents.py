"""Asynchronous stream of documents, read from a worker thread."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator

from anyio import from_thread

from search.contract import Document

BATCH = 2_000


def iterate_documents(documents: AsyncIterable[Document]) -> Iterator[Document]:
    """Iterate over the stream from a worker thread, with one call into the event loop for each batch."""
    source = aiter(documents)

    async def batch() -> list[Document]:
        documents_of_batch: list[Document] = []
        async for document in source:
            documents_of_batch.append(document)
            if len(documents_of_batch) == BATCH:
                break
        return documents_of_batch

    while documents_of_batch := from_thread.run(batch):
        yield from documents_of_batch
