"""Files with the vectors of documents: a matrix of bytes mapped into memory, and a line for each document.

Both files only grow, the matrix first, so that a crash leaves at most rows that no line names. A later line
of a span replaces an earlier one. Rows that are out of use go when the files are copied.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.indexed_document import span_key
from search.semantic.encoder import DIMENSIONS, Encoded, Factors, Similarities, Vectors
from search.semantic.model import VERSION

_MATRIX, _LINES = "matrix", "documents.jsonl"
_BATCH = 2_000
"""Documents that are copied at once."""

_halves = ThreadPoolExecutor(2, thread_name_prefix="vectors")


class _Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A document, as a line of JSON."""

    span: str
    version: int
    digest: int
    """Digest of the texts that were encoded, by :func:`digest_of_texts`."""
    first: int
    """Row of its first passage."""
    factors: tuple[float, ...]
    """Factor of each of its rows, as :attr:`search.semantic.encoder.Encoded.factors`."""


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


class EncodedDocument(msgspec.Struct, frozen=True):
    span: str
    version: int
    digest: int
    encoded: Encoded


def digest_of_texts(texts: Sequence[str]) -> int:
    """Return the hash by which texts that were encoded before are found again."""
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode(), digest_size=8).digest())


def locate(generation: Path) -> Path:
    """Return the folder of the vectors of an index. Those of another model are in another one."""
    return generation / f"vectors-{VERSION}"


class VectorFile(msgspec.Struct):
    """The vectors of a folder, read as far as they were written at the last :meth:`reload`."""

    folder: Path
    _lock: threading.Lock = msgspec.field(default_factory=threading.Lock)
    _lines: dict[int, _Line] = msgspec.field(default_factory=dict)
    """By the key of the span."""
    _by_digest: dict[int, _Line] = msgspec.field(default_factory=dict)
    _bytes_read: int = 0
    """Bytes of the file of lines that were read."""
    _rows: int = 0
    _matrix: Vectors | None = None
    _table: _Table | None = None

    def reload(self) -> None:
        """Read the lines that were added. Raises ``OSError``; damaged lines count as missing."""
        with self._lock:
            try:
                if (self.folder / _LINES).stat().st_size > self._bytes_read:
                    self._read_added()
            except FileNotFoundError:
                return

    def _read_added(self) -> None:
        with (self.folder / _LINES).open("rb") as file:
            file.seek(self._bytes_read)
            added = file.read()
        size = (self.folder / _MATRIX).stat().st_size // DIMENSIONS
        added = added[: added.rfind(b"\n") + 1]
        for text in added.splitlines():
            try:
                line = _decoder.decode(text)
            except msgspec.MsgspecError:
                continue
            if line.first + len(line.factors) <= size:
                self._lines[span_key(line.span)] = line
                self._by_digest[line.digest] = line
                self._rows = max(self._rows, line.first + len(line.factors))
        self._bytes_read += len(added)
        if self._rows:
            self._matrix = np.memmap(self.folder / _MATRIX, np.int8, "r", shape=(self._rows, DIMENSIONS))
        self._table = None

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def writes(self) -> int:
        """Bytes of the lines, which grow with every write."""
        return self._bytes_read

    def versions(self) -> dict[int, int]:
        """Return key of the span → version of the document whose texts were encoded."""
        with self._lock:
            return {key: line.version for key, line in self._lines.items()}

    def spans(self) -> list[str]:
        with self._lock:
            return [line.span for line in self._lines.values()]

    def find_encoded(self, digest: int) -> Encoded | None:
        """Return the vectors of texts that were encoded before, of any document."""
        line = self._by_digest.get(digest)
        if line is None or self._matrix is None:
            return None
        return self._read_rows(line, self._matrix)

    def _read_rows(self, line: _Line, matrix: Vectors) -> Encoded:
        rows = matrix[line.first : line.first + len(line.factors)]
        return Encoded(rows, np.array(line.factors, np.float32))

    def read(self, span: str) -> EncodedDocument | None:
        """Return the vectors of a document; None if it has none."""
        line = self._lines.get(span_key(span))
        if line is None or self._matrix is None:
            return None
        return EncodedDocument(span, line.version, line.digest, self._read_rows(line, self._matrix))

    def compare(self, query: Encoded) -> Comparison | None:
        """Compare a query with every document; None if there are none."""
        with self._lock:
            if self._matrix is None:
                return None
            if self._table is None:
                self._table = _Table(self._lines, self._rows)
            table, matrix = self._table, self._matrix
        return Comparison(table, _compare(matrix, query, table))


class _Table:
    """The documents of a file as arrays."""

    def __init__(self, lines_by_key: Mapping[int, _Line], rows: int) -> None:
        self.lines = dict(lines_by_key)
        self.keys = list(self.lines)
        counts = np.array([len(line.factors) for line in self.lines.values()], np.intp)
        starts = np.array([line.first for line in self.lines.values()], np.intp)
        used = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        self.document_of_row = np.full(rows, -1, np.int32)
        """Position of the document in ``keys``; -1 of a row that is out of use."""
        self.document_of_row[used] = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self.factors: Factors = np.zeros(rows, np.float32)
        self.factors[used] = [factor for line in self.lines.values() for factor in line.factors]
        self.unused = (self.document_of_row < 0).nonzero()[0]


class NearDocument(NamedTuple):
    """A document that is near to a query."""

    span: str
    key: int
    similarity: float

    @property
    def place(self) -> tuple[float, str]:
        """Place among others, of which the nearest is the first."""
        return -self.similarity, self.span


class Comparison:
    """Similarities (cosine, -1 to 1) of one query to all documents with vectors: of their best passages."""

    def __init__(self, table: _Table, of_rows: Similarities) -> None:
        self._table = table
        self._of_rows = of_rows

    def similarity(self, key: int) -> float | None:
        """Return the similarity of a document by the key of its span: 0 if it has no text, None if it is not
        encoded yet."""
        line = self._table.lines.get(key)
        if line is None:
            return None
        of_passages = self._of_rows[line.first : line.first + len(line.factors)]
        return float(of_passages.max()) if len(of_passages) else 0.0

    def nearest(self, least: float, batch: int) -> Iterator[list[NearDocument]]:
        """Yield the documents from a similarity on, the nearest first, in growing batches: the first are the
        documents of the nearest ``batch`` passages. Those that are equally near are in one batch."""
        similarities, yielded = self._of_rows, set[int]()
        above, passages = np.inf, batch
        while above > least:
            nearest = (
                np.partition(similarities, -passages)[-passages] if passages < len(similarities) else least
            )
            floor = max(float(nearest), least)
            rows = ((similarities >= floor) & (similarities < above)).nonzero()[0]
            if near := list(self._documents(rows, yielded)):
                yield sorted(near, key=attrgetter("place"))
            above, batch = floor, batch * 4
            passages += batch

    def _documents(self, rows: NDArray[np.intp], yielded: set[int]) -> Iterator[NearDocument]:
        """Yield the documents of rows, except those that were yielded with a better row."""
        for position in np.unique(self._table.document_of_row[rows]).tolist():
            if position not in yielded:
                yielded.add(position)
                key = self._table.keys[position]
                yield NearDocument(self._table.lines[key].span, key, self.similarity(key) or 0.0)


def _compare(matrix: Vectors, query: Encoded, table: _Table) -> Similarities:
    """Return the similarity of each row; of a row that is out of use the least number."""
    middle = len(matrix) // 2
    # A core reads 8 to 10 GB of memory in a second: two halve the 16 ms of 300,000 rows.
    halves = _halves.map(lambda rows: _multiply(rows, query.vectors), (matrix[:middle], matrix[middle:]))
    similarities: Similarities = np.concatenate(list(halves)) * query.factors * table.factors
    similarities[table.unused] = -np.inf
    return similarities


def _multiply(matrix: Vectors, query: Vectors) -> Similarities:
    """Multiply each row with the query in 8 bits."""
    import numkong  # noqa: PLC0415 - an extra

    if not len(matrix):
        return np.zeros(0, np.float32)
    products: Similarities = np.asarray(numkong.cdist(query, matrix, "inner", out_dtype="float32"))
    return products.reshape(-1)


def append(folder: Path, documents: Sequence[EncodedDocument]) -> None:
    """Add vectors, which readers see at their next reload. Nobody else may write. Raises ``OSError``."""
    if not documents:
        return
    folder.mkdir(exist_ok=True)
    lines: list[bytes] = []
    with (folder / _MATRIX).open("ab") as matrix:
        row = -(-matrix.tell() // DIMENSIONS)
        matrix.truncate(row * DIMENSIONS)  # a writer killed meanwhile may have left a part of a row
        matrix.seek(0, os.SEEK_END)
        for one in documents:
            matrix.write(np.ascontiguousarray(one.encoded.vectors).tobytes())
            factors = tuple(one.encoded.factors.tolist())
            lines.append(_encoder.encode(_Line(one.span, one.version, one.digest, row, factors)) + b"\n")
            row += len(factors)
        matrix.flush()
        os.fsync(matrix.fileno())
    with (folder / _LINES).open("ab+") as file:
        if file.tell() and not _ends_a_line(file.fileno(), file.tell()):
            file.write(b"\n")
        file.write(b"".join(lines))
        file.flush()
        os.fsync(file.fileno())


def _ends_a_line(file: int, size: int) -> bool:
    return os.pread(file, 1, size - 1) == b"\n"


def copy(source: VectorFile, folder: Path, belongs: Callable[[str], bool]) -> None:
    """Copy the vectors of those spans for which ``belongs`` is true into another folder."""
    spans = [span for span in source.spans() if belongs(span)]
    for start in range(0, len(spans), _BATCH):
        documents = (source.read(span) for span in spans[start : start + _BATCH])
        append(folder, [document for document in documents if document is not None])
