"""What all of the store's doors share: the database, the sources, the clock and the catalogues it read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.blob_store import Sources
from publisher.log.clocks import day_at
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.drafts import staging
from publisher.log.evidence import crawled_pages
from publisher.log.model import Release
from publisher.log.queries import history
from publisher.log.registry import DatasetRow
from publisher.log.releases.release_rows import releases
from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import parse


@dataclass(frozen=True, slots=True)
class Keyed:
    """A dataset by key and name."""

    key: int
    name: str


class _Shared(threading.local):
    """What reads of one snapshot share, by thread."""

    open: bool = False
    reading: AbstractContextManager[Connection] | None = None
    conn: Connection | None = None
    sequences: dict[str | None, int]


class Base:
    def __init__(self, database: Database, sources: Sources, clock: Callable[[], datetime]) -> None:
        self._database, self._sources, self._clock = database, sources, clock
        # Neither is ever stale: a catalogue goes by its digest, and a dataset keeps its key.
        self._catalogues: dict[str, Catalogue] = {}
        self._keys: dict[str, Keyed] = {}
        self._shared = _Shared()

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Every read of this thread within sees one state of the log, over one connection.

        Whoever reads a validator and then a body needs both of the same moment. Nothing is opened before
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

    def _read(self) -> AbstractContextManager[Connection]:
        shared = self._shared
        if shared.conn is not None:
            return nullcontext(shared.conn)
        if not self._database.at_hand() and not self._database.exists():
            raise registry.not_initialised()
        reading = self._database.read()
        if not shared.open:
            return reading
        shared.conn = reading.__enter__()
        shared.reading = reading
        return nullcontext(shared.conn)

    def _glance[T](self, read: Callable[[Connection], T]) -> T:
        """:meth:`_read` for one statement."""
        if self._shared.open or not self._database.at_hand():
            with self._read() as conn:
                return read(conn)
        return self._database.glance(read)

    def _write(self, *, keep: bool = True) -> AbstractContextManager[Connection]:
        if not self._database.exists():
            raise registry.not_initialised()
        return self._database.write(keep=keep)

    def _drop_unnamed(self, digests: Sequence[str]) -> None:
        """Files of a draft that is gone. After its transaction: it must never name what is not there."""
        with self._write() as conn:
            for digest in set(staging.unnamed(conn, digests)) - crawled_pages.named(conn, digests):
                self._sources.drop(conn, digest)

    def _today(self) -> date:
        return day_at(self._clock())

    def _catalogue(self, conn: Connection, digest: str) -> Catalogue:
        if digest not in self._catalogues:
            source = conn.scalar(select(t.catalogue.c.source).where(t.catalogue.c.digest == digest)) or ""
            self._catalogues[digest] = parse(source, where=digest)
        return self._catalogues[digest]

    def _keyed(self, conn: Connection, dataset: str) -> Keyed:
        """Raises ``StoreError('no-such-dataset')``."""
        if dataset not in self._keys:
            self._keys[dataset] = Keyed(registry.dataset_row(conn, dataset).key, dataset)
        return self._keys[dataset]

    def _draft_catalogue(
        self, conn: Connection, dataset: str, offered: Catalogue | None
    ) -> tuple[DatasetRow, Catalogue]:
        """The dataset and its draft's catalogue. Raises ``StoreError('migration-needed')``."""
        row = registry.dataset_row(conn, dataset)
        current = self._catalogue(conn, row.draft_catalogue or row.catalogue_digest)
        if offered is None:
            return row, current
        staging.check_catalogue(current, offered)
        return row, offered

    def _release(self, conn: Connection, dataset: DatasetRow, sequence: int) -> Release:
        number = conn.scalar(select(t.release.c.number).where(t.release.c.sequence == sequence))
        return releases(conn, dataset, number)[0]

    def _field_order(self, conn: Connection) -> history.FieldOrder:
        orders: dict[str, Mapping[str, int]] = {}

        def order(dataset: str) -> Mapping[str, int]:
            if dataset not in orders:
                catalogue = self._catalogue(conn, registry.dataset_row(conn, dataset).catalogue_digest)
                orders[dataset] = {field.name: n for n, field in enumerate(catalogue.fields)}
            return orders[dataset]

        return order
