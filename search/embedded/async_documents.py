"""An asynchronous stream of documents, read from a worker thread."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator

from anyio import from_thread

from search.contract import Document

BATCH = 2_000


def drained(documents: AsyncIterable[Document]) -> Iterator[Document]:
    """By calls back into the caller's event loop, a batch a call."""
    source = aiter(documents)

    async def batch() -> list[Document]:
        taken: list[Document] = []
        async for document in source:
            taken.append(document)
            if len(taken) == BATCH:
                break
        return taken

    while taken := from_thread.run(batch):
        yield from taken
