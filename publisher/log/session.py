"""State that the modules of the log share: database, sources, clock, snapshot, parsed catalogues."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.blob_store import BlobStore
from publisher.log.clocks import day_at
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.transparency import checkpoints, shortfall
from publisher.log.transparency.key_files import KeyFiles
from schemas.definition.catalogue import Catalogue
from schemas.definition.charges import add_charges
from schemas.definition.file_loader import parse_catalogue


class DatasetKey(msgspec.Struct, frozen=True):
    """Key and name of a dataset."""

    key: int
    name: str


class _Shared(threading.local):
    """State of the current thread that the reads of one snapshot share."""

    open: bool = False
    transaction: AbstractContextManager[Connection] | None = None
    conn: Connection | None = None
    sequences: dict[str | None, int]


class Session:
    """State of one open log."""

    def __init__(
        self,
        database: Database,
        sources: BlobStore,
        clock: Callable[[], datetime],
        files: Path,
        keys: KeyFiles,
    ) -> None:
        self.database, self.sources, self.clock = database, sources, clock
        self.files = files
        """Folder of files generated from the log, which an erasure empties."""
        self.keys = keys
        # Entries never become stale: the digest identifies the catalogue, and a dataset keeps its key.
        self._catalogues: dict[str, Catalogue] = {}
        self._dataset_keys: dict[str, DatasetKey] = {}
        self._shared = _Shared()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Open one state of the log for all reads of this thread, over one connection.

        For example, a validator and its body must come from the same state. The connection opens at the first
        read. The caller must not await or write inside.
        """
        shared = self._shared
        if shared.open:
            yield
            return
        shared.open, shared.sequences = True, {}
        try:
            yield
        finally:
            transaction, shared.open, shared.transaction, shared.conn = shared.transaction, False, None, None
            if transaction is not None:
                transaction.__exit__(None, None, None)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only transaction; inside a snapshot, use its transaction."""
        shared = self._shared
        if shared.conn is not None:
            return nullcontext(shared.conn)
        if not self.database.has_idle_connection() and not self.database.exists():
            raise registry.not_initialised()
        transaction = self.database.read()
        if not shared.open:
            return transaction
        shared.conn = transaction.__enter__()
        shared.transaction = transaction
        return nullcontext(shared.conn)

    def read_once[T](self, fetch: Callable[[Connection], T]) -> T:
        """Run one statement as in :meth:`read`."""
        if self._shared.open or not self.database.has_idle_connection():
            with self.read() as conn:
                return fetch(conn)
        return self.database.read_once(fetch)

    def write(self, *, keep: bool = True) -> AbstractContextManager[Connection]:
        """Open a write transaction; ``keep=False`` rolls it back at the end."""
        if not self.database.exists():
            raise registry.not_initialised()
        return self.database.write(keep=keep)

    @contextmanager
    def append(self) -> Iterator[Connection]:
        """Open a write transaction; it ends with a checkpoint over the entries that it appended.

        Raises ``LogError('log-behind')`` if the log was restored and lacks entries.
        """
        with self.write() as conn:
            shortfall.require_complete(conn)
            yield conn
            checkpoints.store_checkpoint(conn, self.keys)

    def sequence(self, dataset: str | None, fetch: Callable[[Connection], int]) -> int:
        """Return the number that ``fetch`` returns for a dataset, once per snapshot."""
        shared = self._shared
        if not shared.open:
            return self.read_once(fetch)
        if dataset not in shared.sequences:
            shared.sequences[dataset] = self.read_once(fetch)
        return shared.sequences[dataset]

    def today(self) -> date:
        return day_at(self.clock())

    def catalogue(self, conn: Connection, digest: str) -> Catalogue:
        if digest not in self._catalogues:
            source = conn.scalar(select(t.catalogue.c.source).where(t.catalogue.c.digest == digest)) or ""
            self._catalogues[digest] = add_charges(parse_catalogue(source, where=digest))
        return self._catalogues[digest]

    def dataset_key(self, conn: Connection, dataset: str) -> DatasetKey:
        """Raises ``LogError('no-such-dataset')``."""
        if dataset not in self._dataset_keys:
            self._dataset_keys[dataset] = DatasetKey(registry.dataset_row(conn, dataset).key, dataset)
        return self._dataset_keys[dataset]
