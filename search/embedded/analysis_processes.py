"""Analysis of many documents in processes beside this one: cutting texts is the longest part of indexing.

A process receives documents and returns their fields. It ends with its connection, however this process ends.
If it is killed, its documents are analysed here.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from io import BufferedRWPair
from itertools import chain, islice
from queue import SimpleQueue
from typing import Self

import msgspec

from search.chinese import thesaurus
from search.contract import Document
from search.indexed_document import IndexedFields, build_fields

_BATCH = 512 << 10
"""Bytes of documents that a process receives at once, so that memory is bounded whatever their size."""
_BATCHES_HERE = 8
"""Batches that are analysed here at first: it takes as long as a process takes to start."""
_MOST_PROCESSES = 2
"""As many as keep this process busy, which reads the documents, writes the index and analyses in between."""
_WAITING = 3
"""Batches that are sent to each process; as many more wait to be written."""
_NICENESS = 5
"""Added to that of this process, so that readers go first where the processors are busy."""
_BOOT = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from search.embedded import analysis_processes
analysis_processes.serve()
"""

_encoder = msgspec.msgpack.Encoder()
_documents_decoder = msgspec.msgpack.Decoder(list[Document])
_fields_decoder = msgspec.msgpack.Decoder(list[IndexedFields])


class AnalysedDocument(msgspec.Struct, frozen=True, gc=False):
    """A document, its MessagePack and its fields."""

    document: Document
    encoded: bytes
    fields: IndexedFields


type _Batch = list[tuple[Document, bytes]]


def analyse(documents: Iterable[Document]) -> Iterator[AnalysedDocument]:
    """Analyse documents, in order. The result does not depend on where they are analysed."""
    batches = _batches(documents)
    for batch in islice(batches, _BATCHES_HERE):
        yield from _combine(batch, _analyse_here(batch))
    following = next(batches, None)
    processes = min(_MOST_PROCESSES, _processors() - 1)
    if following is not None and processes:
        yield from _analyse_beside(chain((following,), batches), processes)
    elif following is not None:
        for batch in chain((following,), batches):
            yield from _combine(batch, _analyse_here(batch))


def _analyse_beside(batches: Iterable[_Batch], processes: int) -> Iterator[AnalysedDocument]:
    with ExitStack() as stack:
        idle: SimpleQueue[_Process] = SimpleQueue()
        for _ in range(processes):
            idle.put(stack.enter_context(_Process()))
        threads = stack.enter_context(ThreadPoolExecutor(processes, "analysis"))

        def fields(batch: _Batch) -> list[IndexedFields]:
            process = idle.get()
            try:
                return process.analyse(batch) or _analyse_here(batch)
            finally:
                idle.put(process)

        waiting: deque[tuple[_Batch, Future[list[IndexedFields]]]] = deque()
        for batch in batches:
            sent = sum(not future.done() for _, future in waiting)
            if sent < _WAITING * processes:
                future = threads.submit(fields, batch)
            else:  # this process would only wait
                future = Future()
                future.set_result(_analyse_here(batch))
            waiting.append((batch, future))
            while waiting and (waiting[0][1].done() or len(waiting) > 2 * _WAITING * processes):
                first, future = waiting.popleft()
                yield from _combine(first, future.result())
        for last, future in waiting:
            yield from _combine(last, future.result())


def _batches(documents: Iterable[Document]) -> Iterator[_Batch]:
    batch: _Batch = []
    size = 0
    for document in documents:
        encoded = _encoder.encode(document)
        batch.append((document, encoded))
        size += len(encoded)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _combine(batch: _Batch, fields: list[IndexedFields]) -> Iterator[AnalysedDocument]:
    return (AnalysedDocument(*pair, one) for pair, one in zip(batch, fields, strict=True))


def _analyse_here(batch: _Batch) -> list[IndexedFields]:
    analyzer, _ = thesaurus.load_language()
    return [build_fields(document, analyzer) for document, _ in batch]


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Process:
    """A process that analyses. Leaving the block ends it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            # A group of its own: Ctrl-C reaches this process only, which then closes the connection. In a
            # session of its own its niceness would count for nothing (autogroup of Linux).
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own code
                [sys.executable, "-c", _BOOT, json.dumps(sys.path)],
                stdin=theirs.fileno(),
                process_group=0,
            )
            self._connection = ours.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # it was killed within a message
            self._connection.close()
        self._process.wait()

    def analyse(self, batch: _Batch) -> list[IndexedFields] | None:
        """Return the fields of documents; None if the process was killed."""
        try:
            _send(self._connection, _encoder.encode([msgspec.Raw(encoded) for _, encoded in batch]))
            answer = _receive(self._connection)
        except OSError:
            return None
        return None if answer is None else _fields_decoder.decode(answer)


def serve() -> None:
    """Answer batches on the connection that is standard input, until it ends."""
    with suppress(OSError):  # a container may forbid it
        os.nice(_NICENESS)
    analyzer, _ = thesaurus.load_language()
    with suppress(OSError), socket.socket(fileno=0) as stdin, stdin.makefile("rwb") as connection:
        while (request := _receive(connection)) is not None:
            documents = _documents_decoder.decode(request)
            _send(connection, _encoder.encode([build_fields(document, analyzer) for document in documents]))


def _send(connection: BufferedRWPair, message: bytes) -> None:
    connection.write(len(message).to_bytes(8))
    connection.write(message)
    connection.flush()


def _receive(connection: BufferedRWPair) -> bytes | None:
    """Read a message; None if the other side ended before or within it."""
    size = int.from_bytes(connection.read(8))
    message = connection.read(size)
    return message if message and len(message) == size else None
