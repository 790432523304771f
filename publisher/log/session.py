"""Shared state of the log's parts: database, sources, clock, open snapshot, catalogues already parsed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.blob_store import Sources
from publisher.log.clocks import day_at
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import parse


@dataclass(frozen=True, slots=True)
class Keyed:
    """A dataset by key and name."""

    key: int
    name: str


class _Shared(threading.local):
    """State that reads of one snapshot share, by thread."""

    open: bool = False
    reading: AbstractContextManager[Connection] | None = None
    conn: Connection | None = None
    sequences: dict[str | None, int]


class Session:
    """One for each open log; every part of the log holds the same one."""

    def __init__(
        self, database: Database, sources: Sources, clock: Callable[[], datetime], files: Path
    ) -> None:
        self.database, self.sources, self.clock = database, sources, clock
        self.files = files
        """Folder of files made from the log, which an erasure empties."""
        # Neither is ever stale: a catalogue goes by its digest, and a dataset keeps its key.
        self._catalogues: dict[str, Catalogue] = {}
        self._keys: dict[str, Keyed] = {}
        self._shared = _Shared()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within, every read of this thread sees one state of the log, over one connection.

        A reader of a validator and then of a body needs both of the same moment. Nothing is opened before
        the first read. The caller awaits nothing within and writes nothing.
        """
        shared = self._shared
        if shared.open:
            yield
            return
        shared.open, shared.sequences = True, {}
        try:
            yield
        finally:
            reading, shared.open, shared.reading, shared.conn = shared.reading, False, None, None
            if reading is not None:
                reading.__exit__(None, None, None)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only reads; within a snapshot, that of the snapshot."""
        shared = self._shared
        if shared.conn is not None:
            return nullcontext(shared.conn)
        if not self.database.at_hand() and not self.database.exists():
            raise registry.not_initialised()
        reading = self.database.read()
        if not shared.open:
            return reading
        shared.conn = reading.__enter__()
        shared.reading = reading
        return nullcontext(shared.conn)

    def glance[T](self, read: Callable[[Connection], T]) -> T:
        """:meth:`read` for one statement."""
        if self._shared.open or not self.database.at_hand():
            with self.read() as conn:
                return read(conn)
        return self.database.glance(read)

    def write(self, *, keep: bool = True) -> AbstractContextManager[Connection]:
        """Open a transaction that writes; ``keep=False`` rolls it back at its end."""
        if not self.database.exists():
            raise registry.not_initialised()
        return self.database.write(keep=keep)

    def sequence(self, dataset: str | None, read: Callable[[Connection], int]) -> int:
        """The number that ``read`` returns for a dataset, read once within a snapshot."""
        shared = self._shared
        if not shared.open:
            return self.glance(read)
        if dataset not in shared.sequences:
            shared.sequences[dataset] = self.glance(read)
        return shared.sequences[dataset]

    def today(self) -> date:
        return day_at(self.clock())

    def catalogue(self, conn: Connection, digest: str) -> Catalogue:
        if digest not in self._catalogues:
            source = conn.scalar(select(t.catalogue.c.source).where(t.catalogue.c.digest == digest)) or ""
            self._catalogues[digest] = parse(source, where=digest)
        return self._catalogues[digest]

    def keyed(self, conn: Connection, dataset: str) -> Keyed:
        """Raises ``LogError('no-such-dataset')``."""
        if dataset not in self._keys:
            self._keys[dataset] = Keyed(registry.dataset_row(conn, dataset).key, dataset)
        return self._keys[dataset]
