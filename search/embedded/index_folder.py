"""Folder of an index: its generations, the pointer to the current one, the writer's lock, the reader."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path

import msgspec
import tantivy

from search.contract import REBUILD, DamagedIndexError, Document, SearchError
from search.embedded.analysis_processes import AnalysedDocument, analyse
from search.embedded.checksums import find_damaged_file
from search.embedded.tantivy_index import Reader, build_document, build_schema, open_reader
from search.indexed_document import FORMAT, span_key
from search.semantic import vector_file
from search.semantic.vector_file import EncodedDocument, VectorFile

LOCK_TIMEOUT = 60.0
"""Seconds that a writer waits for another process to finish writing."""

BATCH = 2_000
"""Documents whose versions are looked up together."""

_HEAP = 128_000_000
"""Bytes that a writer keeps in memory before it writes a segment."""
_GENERATION = re.compile(r"g-\d{6,}")


class _Pointer(msgspec.Struct, frozen=True):
    format: int
    generation: str


_decode_pointer = msgspec.json.Decoder(_Pointer).decode


class _OpenIndex(msgspec.Struct, frozen=True):
    """The generation that this process has open; ``stamp`` identifies its last commit."""

    stamp: tuple[str, int, int]
    index: tantivy.Index
    reader: Reader


class Generations:
    """The generations of an index in one folder. The folder is created by the first write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pointer = path / "current"
        self._lock = threading.Lock()
        self._loaded: _OpenIndex | None = None
        self._vectors: VectorFile | None = None

    def reader(self) -> Reader | None:
        """Return a reader of the newest commit, including those of other processes; None before the first.
        Raises :class:`SearchError` for an index that this version cannot read."""
        for attempt in range(5):
            try:
                return self._reload_if_changed()
            except (OSError, ValueError) as error:  # another process replaced the generation meanwhile
                failure = error
                time.sleep(0.02 * attempt)
        raise DamagedIndexError(str(failure)) from failure

    def check(self) -> None:
        """Compare all files of the current commit with their checksums. Raises ``DamagedIndexError``."""
        for _ in range(5):
            name = self._current()
            if name is None:
                return
            try:
                damaged = find_damaged_file(self._path / name)
            except (OSError, msgspec.MsgspecError, KeyError) as error:
                damaged = str(error)
            # A file that is gone is normal if another process has committed or replaced the generation.
            if damaged is None or (name == self._current() and self._is_listed(name, damaged)):
                break
        if damaged is not None:
            raise DamagedIndexError(damaged)

    def _is_listed(self, name: str, file: str) -> bool:
        """Report whether the commit still needs a file; an unreadable list is damage too."""
        try:
            return file.partition(".")[0] in (self._path / name / "meta.json").read_text().replace("-", "")
        except (OSError, ValueError):
            return True

    def _reload_if_changed(self) -> Reader | None:
        name = self._current()
        if name is None:
            return None
        meta = (self._path / name / "meta.json").stat()
        stamp = (name, meta.st_mtime_ns, meta.st_ino)
        loaded = self._loaded
        if loaded is None or loaded.stamp != stamp:
            with self._lock:
                loaded = self._loaded
                if loaded is None or loaded.stamp != stamp:
                    with _lockable_folder(self._path / name) as folder:
                        index = tantivy.Index.open(str(folder))
                        loaded = self._loaded = _OpenIndex(stamp, index, self._build_reader(index, name))
        return loaded.reader

    def _build_reader(self, index: tantivy.Index, name: str) -> Reader:
        segments = msgspec.json.decode((self._path / name / "meta.json").read_bytes())["segments"]
        return open_reader(index, replaced=any(segment["deletes"] for segment in segments))

    def vectors(self) -> VectorFile | None:
        """Return the vectors of the current generation, as far as documents are encoded; None before the
        first write. Raises :class:`SearchError`."""
        name = self._current()
        if name is None:
            return None
        folder = vector_file.locate(self._path / name)
        with self._lock:
            vectors = self._vectors
            if vectors is None or vectors.folder != folder:
                vectors = self._vectors = VectorFile(folder)
        try:
            vectors.reload()
        except OSError as error:
            raise DamagedIndexError(str(error)) from error
        return vectors

    def add_vectors(self, documents: Sequence[EncodedDocument]) -> None:
        """Store vectors of documents, except those that were erased or replaced since they were read."""
        with self._lock_for_writing(), _translate_errors():
            name, reader = self._current(), self.reader()
            if name is not None and reader is not None:
                versions = reader.versions([one.span for one in documents])
                present = [one for one in documents if versions.get(span_key(one.span)) == one.version]
                vector_file.append(vector_file.locate(self._path / name), present)

    @contextmanager
    def lock_for_encoding(self) -> Iterator[bool]:
        """Yield whether this process encodes: of several workers one does."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._path / "encoder.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def mark(self, sequence: int) -> None:
        with self._lock_for_writing():
            name = self._current() or self._create_generation()
            if not self._pointer.exists():
                GenerationWriter(self._path / name).close()
                self._write_pointer(name)
            if sequence > self._read_mark(name):
                _replace_file(self._path / name / "mark", str(sequence))

    def position(self) -> int:
        """Return the largest durable version or mark."""
        reader = self.reader()
        name = self._current()
        return max(self._read_mark(name) if name else 0, reader.largest_version if reader else 0)

    def _read_mark(self, name: str) -> int:
        try:
            return int((self._path / name / "mark").read_text())
        except FileNotFoundError:
            return 0

    def add(self, documents: Iterable[Document]) -> int:
        """Write documents into the current generation in one commit. Return how many."""
        with self._lock_for_writing():
            name = self._current()
            reader = self.reader() if name else None
            writer = GenerationWriter(self._path / (name or self._create_generation()), reader)
            try:
                count = writer.write(documents)
                if count or name is None:
                    writer.commit()
            finally:
                writer.close()
            if name is None:
                self._write_pointer(writer.path.name)
            return count

    @contextmanager
    def replace_generation(self) -> Iterator[GenerationWriter]:
        """Yield the writer of a new generation, which becomes the current one if the block succeeds.

        The old generation is deleted with all its files; a failed new one is deleted at the next sweep.
        """
        with self._lock_for_writing():
            writer = GenerationWriter(self._path / self._create_generation())
            try:
                yield writer
                writer.commit()
            finally:
                writer.close()
            with _translate_errors():
                self._copy_vectors(writer)
            self._write_pointer(writer.path.name)
            self._sweep()

    def _copy_vectors(self, writer: GenerationWriter) -> None:
        """Copy the vectors of those documents that the new generation contains."""
        try:
            vectors = self.vectors()
        except SearchError:  # an index that is replaced because it is damaged, or of an older format
            return
        if vectors is not None:
            vector_file.copy(vectors, vector_file.locate(writer.path), writer.contains)

    def erase(self, spans: frozenset[str]) -> None:
        """Copy all other documents into a new generation: tantivy keeps deleted text until a merge."""
        reader = self.reader()
        if reader is None or not reader.versions(list(spans)):
            with self._lock_for_writing():  # a process killed after the swap may have left old files
                self._sweep()
            return
        mark = self.position()
        with self.replace_generation() as writer:
            reader = self.reader()
            if reader is not None:
                writer.write(d for d in reader.iterate_documents() if d.span not in spans)
            _replace_file(writer.path / "mark", str(mark))

    def close(self) -> None:
        with self._lock:
            self._loaded = self._vectors = None

    def _current(self) -> str | None:
        try:
            pointer = self._read_pointer()
        except msgspec.MsgspecError as error:
            raise DamagedIndexError(self._pointer.name) from error
        if pointer is not None and (
            pointer.format != FORMAT or not _GENERATION.fullmatch(pointer.generation)
        ):
            raise SearchError(REBUILD)
        return None if pointer is None else pointer.generation

    def _read_pointer(self) -> _Pointer | None:
        try:
            return _decode_pointer(self._pointer.read_bytes())
        except FileNotFoundError:
            return None

    def _create_generation(self) -> str:
        """Create an empty folder for a new generation and return its name."""
        self._sweep()
        numbers = [int(p.name[2:]) for p in self._path.glob("g-*") if _GENERATION.fullmatch(p.name)]
        name = f"g-{max(numbers, default=0) + 1:06d}"
        (self._path / name).mkdir()
        return name

    def _write_pointer(self, name: str) -> None:
        _replace_file(self._pointer, msgspec.json.encode(_Pointer(FORMAT, name)).decode())

    def _sweep(self) -> None:
        """Delete generations other than the current one: old ones, and remains of a killed rebuild."""
        try:
            current = self._read_pointer()
        except msgspec.MsgspecError:
            current = None
        for path in self._path.glob("g-*"):
            if (current is None or path.name != current.generation) and _GENERATION.fullmatch(path.name):
                shutil.rmtree(path)

    @contextmanager
    def _lock_for_writing(self) -> Iterator[None]:
        """Hold the folder's lock for writers. The system releases it if the process is killed."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._path / "writer.lock").open("w") as file:
            end = time.monotonic() + LOCK_TIMEOUT
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise SearchError(
                            "另一个进程正在写入搜索索引 / another process is writing the index"
                        ) from None
                    time.sleep(0.02)
            yield


@contextmanager
def _lockable_folder(generation: Path) -> Iterator[Path]:
    """Yield the folder, or if nobody can write there, one of links to its files: tantivy locks to open.

    The files stay mapped into memory when the links are gone.
    """
    if os.access(generation, os.W_OK):
        yield generation
        return
    with tempfile.TemporaryDirectory(prefix="qingdan-index-") as links:
        for path in generation.iterdir():
            if path.suffix == ".lock":
                continue
            (Path(links) / path.name).symlink_to(path.absolute())
        yield Path(links)


class GenerationWriter:
    """A tantivy writer of one generation. Closing discards uncommitted documents."""

    def __init__(self, path: Path, reader: Reader | None = None) -> None:
        self.path = path
        self._reader = reader
        self._versions: dict[int, int] = {}
        with _translate_errors():
            self._writer = tantivy.Index(build_schema(), str(path)).writer(_HEAP, 1)
            # A writer killed during a commit leaves files whose names the next one would use.
            self._writer.garbage_collect_files()

    def write(self, documents: Iterable[Document]) -> int:
        """Insert or replace by span, unless the index has a larger version. Return how many were written."""
        count = 0
        for batch in batched(analyse(documents), BATCH):
            if self._reader is not None:
                spans = [one.document.span for one in batch]
                for key, version in self._reader.versions(spans).items():
                    self._versions.setdefault(key, version)
            with _translate_errors():
                count += sum(map(self._write_document, batch))
        return count

    def _write_document(self, analysed: AnalysedDocument) -> bool:
        document = analysed.document
        key = span_key(document.span)
        version = self._versions.get(key)
        if version is not None:
            if version > document.version:
                return False
            self._writer.delete_documents_by_term("span", document.span)
        self._versions[key] = document.version
        self._writer.add_document(build_document(analysed))
        return True

    def contains(self, span: str) -> bool:
        """Report whether a document of the span was written."""
        return span_key(span) in self._versions

    def commit(self) -> None:
        with _translate_errors():
            self._writer.commit()

    def close(self) -> None:
        with _translate_errors():
            self._writer.rollback()
            self._writer.wait_merging_threads()


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate errors. tantivy raises ``ValueError`` for every failure, including a full disk."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise SearchError(f"搜索索引无法写入 / the index cannot be written: {error}") from error


def _replace_file(path: Path, text: str) -> None:
    """Replace a small file atomically: after a crash it has the old text or the new."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
