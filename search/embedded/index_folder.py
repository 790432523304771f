"""Where the index lies: generations, the pointer to the one in force, the writer's lock, fresh readers."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

import msgspec
import tantivy

from search.chinese.analyzer import Analyzer
from search.contract import Document, SearchError
from search.embedded.tantivy_index import Reader, reader, schema, written
from search.indexed_document import FORMAT, key

PATIENCE = 60.0
"""Seconds that a writer waits for another process to finish writing."""

BATCH = 2_000
"""Documents whose versions are looked up at once."""

_HEAP = 128_000_000
_GENERATION = re.compile(r"g-\d{6,}")
_REINDEX = "搜索索引需要重建，请运行 qingdan reindex / the index must be rebuilt: run qingdan reindex"


class _Pointer(msgspec.Struct, frozen=True):
    format: int
    generation: str


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: tuple[str, int, int]
    index: tantivy.Index
    reader: Reader


class Folder:
    """A folder of generations. Nothing is written before the first document comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pointer = path / "current"
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def reader(self) -> Reader | None:
        """The newest commit of the generation in force, also one that another process wrote; None before
        the first. Raises :class:`SearchError` for an index that this version cannot read."""
        for attempt in range(5):
            try:
                return self._fresh()
            except (OSError, ValueError) as error:  # the folder was swapped or swept between two looks
                failure = error
                time.sleep(0.02 * attempt)
        raise SearchError(_REINDEX) from failure

    def _fresh(self) -> Reader | None:
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
                    index = tantivy.Index.open(str(self._path / name))
                    loaded = self._loaded = _Loaded(stamp, index, self._read(index, name))
        return loaded.reader

    def _read(self, index: tantivy.Index, name: str) -> Reader:
        segments = msgspec.json.decode((self._path / name / "meta.json").read_bytes())["segments"]
        return reader(index, replaced=any(segment["deletes"] for segment in segments))

    def mark(self, sequence: int) -> None:
        with self._writing():
            name = self._current() or self._begin()
            if not self._pointer.exists():
                Writing(self._path / name).close()
                self._point(name)
            if sequence > self._marked(name):
                _replace(self._path / name / "mark", str(sequence))

    def position(self) -> int:
        """The largest version or mark that is durable."""
        found = self.reader()
        name = self._current()
        return max(self._marked(name) if name else 0, found.largest_version if found else 0)

    def _marked(self, name: str) -> int:
        try:
            return int((self._path / name / "mark").read_text())
        except FileNotFoundError:
            return 0

    def add(self, documents: Iterable[Document], analyzer: Analyzer) -> int:
        """Write into the generation in force, in one commit."""
        with self._writing():
            name = self._current()
            held = self.reader() if name else None
            writing = Writing(self._path / (name or self._begin()), held)
            try:
                count = writing.write(documents, analyzer)
                if count or name is None:
                    writing.commit()
            finally:
                writing.close()
            if name is None:
                self._point(writing.path.name)
            return count

    @contextmanager
    def replacing(self) -> Iterator[Writing]:
        """A new generation to fill, put in force when the block ends well and swept away when it does not.

        The old one goes with all its files.
        """
        with self._writing():
            writing = Writing(self._path / self._begin())
            try:
                yield writing
                writing.commit()
            finally:
                writing.close()
            self._point(writing.path.name)
            self._sweep()

    def drop(self, spans: frozenset[str], analyzer: Analyzer) -> None:
        """Copy what is not in ``spans`` into a new generation: tantivy keeps deleted text until it merges."""
        held = self.reader()
        if held is None or not held.versions(list(spans)):
            with self._writing():  # one that was killed after the swap may have left the old files
                self._sweep()
            return
        mark = self.position()
        with self.replacing() as writing:
            held = self.reader()
            if held is not None:
                writing.write((d for d in held.everything() if d.span not in spans), analyzer)
            _replace(writing.path / "mark", str(mark))

    def close(self) -> None:
        with self._lock:
            self._loaded = None

    def _current(self) -> str | None:
        try:
            pointer = self._pointed()
        except msgspec.MsgspecError as error:
            raise SearchError(_REINDEX) from error
        if pointer is not None and (
            pointer.format != FORMAT or not _GENERATION.fullmatch(pointer.generation)
        ):
            raise SearchError(_REINDEX)
        return None if pointer is None else pointer.generation

    def _pointed(self) -> _Pointer | None:
        try:
            return msgspec.json.decode(self._pointer.read_bytes(), type=_Pointer)
        except FileNotFoundError:
            return None

    def _begin(self) -> str:
        """An empty folder for a new generation."""
        self._sweep()
        numbers = [int(p.name[2:]) for p in self._path.glob("g-*") if _GENERATION.fullmatch(p.name)]
        name = f"g-{max(numbers, default=0) + 1:06d}"
        (self._path / name).mkdir()
        return name

    def _point(self, name: str) -> None:
        _replace(self._pointer, msgspec.json.encode(_Pointer(FORMAT, name)).decode())

    def _sweep(self) -> None:
        """Remove generations that are not in force: old ones, and what a killed rebuild left."""
        try:
            kept = self._pointed()
        except msgspec.MsgspecError:
            kept = None
        for path in self._path.glob("g-*"):
            if (kept is None or path.name != kept.generation) and _GENERATION.fullmatch(path.name):
                shutil.rmtree(path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The writer's lock of this folder; the system frees it when its holder is killed."""
        self._path.mkdir(parents=True, exist_ok=True)
        with (self._path / "writer.lock").open("w") as file:
            end = time.monotonic() + PATIENCE
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


class Writing:
    """A tantivy writer over one generation. What is not committed is gone when it is closed."""

    def __init__(self, path: Path, held: Reader | None = None) -> None:
        self.path = path
        self._held = held
        self._versions: dict[int, int] = {}
        with _told():
            self._writer = tantivy.Index(schema(), str(path)).writer(_HEAP, 1)
            # A writer that was killed in its commit leaves files under names that the next one would take.
            self._writer.garbage_collect_files()

    def write(self, documents: Iterable[Document], analyzer: Analyzer) -> int:
        """Insert or replace by span, unless the index holds a larger version; returns how many were taken."""
        count = 0
        for batch in batched(documents, BATCH):
            if self._held is not None:
                spans = [d.span for d in batch]
                for number, version in self._held.versions(spans).items():
                    self._versions.setdefault(number, version)
            with _told():
                count += sum(self._put(document, analyzer) for document in batch)
        return count

    def _put(self, document: Document, analyzer: Analyzer) -> bool:
        number = key(document.span)
        version = self._versions.get(number)
        if version is not None:
            if version > document.version:
                return False
            self._writer.delete_documents_by_term("span", document.span)
        self._versions[number] = document.version
        self._writer.add_document(written(document, analyzer))
        return True

    def commit(self) -> None:
        with _told():
            self._writer.commit()

    def close(self) -> None:
        with _told():
            self._writer.rollback()
            self._writer.wait_merging_threads()


@contextmanager
def _told() -> Iterator[None]:
    """tantivy says ``ValueError`` for every failure, a full disk among them."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise SearchError(f"搜索索引无法写入 / the index cannot be written: {error}") from error


def _replace(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old text or the new."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
