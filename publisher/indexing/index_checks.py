"""Comparison of the search index with the documents that the log gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import batched

import msgspec
from anyio import to_thread
from msgspec import structs

from publisher.indexing.span_to_document import DocumentBuilder
from publisher.log.log import Log
from publisher.log.verification.problem import Problem
from search.contract import DamagedIndexError, Document, SearchEngine

type Digest = bytes

_BATCH = 500
_MOST_COMPARED = 1_000
"""Different documents that are compared field by field; the others are named."""
_ANY_TIME = datetime(9999, 12, 31, tzinfo=UTC)
_encode = msgspec.msgpack.Encoder(order="sorted").encode


class _IndexDifferences(msgspec.Struct):
    """The differences that one pass over the index finds."""

    expected: dict[str, Digest]
    different: dict[str, Digest] = msgspec.field(default_factory=dict)
    """Span → digest of a document that is not the expected one."""
    documents: dict[str, Document] = msgspec.field(default_factory=dict)
    """The first of them."""

    def receive(self, documents: Sequence[Document]) -> None:
        for document in documents:
            digest = _digest(document)
            if self.expected.pop(document.span, None) != digest:
                self.different[document.span] = digest
                if len(self.documents) < _MOST_COMPARED:
                    self.documents[document.span] = document


async def check_index(log: Log, search: SearchEngine) -> Sequence[Problem]:
    """Compare every document. Documents that wait to be indexed are left out.

    Raises :class:`search.contract.SearchError` if the index cannot be read.
    """
    try:
        await search.check()
    except DamagedIndexError as error:
        return [Problem(f"搜索索引 index: {error}")]
    differences = _IndexDifferences(await to_thread.run_sync(_expected, log))
    await search.visit_documents(differences.receive)
    problems = await to_thread.run_sync(lambda: list(_list_problems(log, differences)))
    least, last = await to_thread.run_sync(lambda: (log.outbox.position(), log.outbox.last_written()))
    if not least <= (position := await search.position()) <= last:
        problems.append(Problem("搜索索引 index", "position", position, least))
    return problems


def _digest(document: Document) -> Digest:
    return hashlib.blake2b(_encode(document), digest_size=16).digest()


def _expected(log: Log) -> dict[str, Digest]:
    builder = DocumentBuilder(log)
    with closing(log.queries.spans()) as spans:
        documents = map(builder.document, spans)
        return {document.span: _digest(document) for document in documents if document is not None}


def _list_problems(log: Log, differences: _IndexDifferences) -> Iterator[Problem]:
    """Compare documents that differ once more, with the log as it is after the pass over the index."""
    builder, places = DocumentBuilder(log), _places(log)
    waiting = {item.key for item in log.outbox.items(limit=2**31, due_by=_ANY_TIME)}
    for batch in batched(sorted({*differences.different, *differences.expected} - waiting), _BATCH):
        with closing(log.queries.spans(ids=batch)) as rows:
            spans = {span.id: span for span in rows}
        for key in batch:
            rebuilt = builder.document(spans[key]) if key in spans else None
            now = None if rebuilt is None else _digest(rebuilt)
            digest = differences.different.get(key)
            if digest == now or (digest is None and differences.expected[key] != now):
                continue  # written again since
            yield from _compare(_place(key, places), differences.documents.get(key), digest, rebuilt)


def _compare(
    where: str, document: Document | None, digest: Digest | None, rebuilt: Document | None
) -> Iterable[Problem]:
    if digest is None:
        return (Problem(f"{where}: 索引中没有 not in the index"),)
    if rebuilt is None:
        return (Problem(f"{where}: 日志中没有 not in the log"),)
    if document is None:
        return (Problem(f"{where}: 与日志不符 it is not that of the log"),)
    pairs = [(f.name, getattr(document, f.name), getattr(rebuilt, f.name)) for f in structs.fields(Document)]
    return [
        Problem(where, f"index.{name}", stored, expected)
        for name, stored, expected in pairs
        if stored != expected
    ]


def _places(log: Log) -> Mapping[int, str]:
    return {
        release.sequence: f"第{release.number}次发布 release {dataset.name}/{release.number}"
        for dataset in log.datasets.all()
        for release in log.queries.releases(dataset.name)
    }


def _place(span: str, places: Mapping[int, str]) -> str:
    record, sequence, _ = span.split(".") if span.count(".") == 2 else (span, "", "")
    release = places.get(int(sequence), f"release #{sequence}") if sequence.isdigit() else ""
    return f"搜索索引 index: 记录 record {record}, {release}"
