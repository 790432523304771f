"""The log of a site: the one door to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from publisher.log import made_files, transfer
from publisher.log.blob_store import Folder, Rows
from publisher.log.clocks import utc_now
from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.database.upgrade import migrate
from publisher.log.drafts.drafts import Drafting
from publisher.log.evidence.evidence import Collecting
from publisher.log.model import OutboxItem, StoreError, Verification
from publisher.log.outbox import outbox
from publisher.log.outbox.subscriptions import Subscribing
from publisher.log.queries.comparison import Comparing
from publisher.log.queries.feed_changes import Announcing
from publisher.log.queries.queries import Asking
from publisher.log.queries.record_match import Matching
from publisher.log.queries.whole_state import Exporting
from publisher.log.releases import hash_chain
from publisher.log.releases.releases import Releasing


class Store(Drafting, Releasing, Asking, Announcing, Subscribing, Matching, Comparing, Exporting, Collecting):
    """Every method is one transaction; any may raise ``StoreError``. Safe to share between threads."""

    _files: Path

    @classmethod
    def open(
        cls,
        url: str,
        *,
        sources: Path,
        clock: Callable[[], datetime] = utc_now,
        files: Path | None = None,
    ) -> Store:
        """Open, and bring the tables up to date. Where there is no site, only ``init_site`` works.

        ``files``: the folder of what is made from the log, which an erasure empties; ``files`` beside the
        sources unless named.
        """
        database = Database(url)
        store = cls(database, Folder(sources) if database.sqlite else Rows(database), clock)
        store._files = files or sources.with_name("files")
        if database.exists():
            migrate(database)
            store.finish_erasure()
        return store

    def finish_erasure(self) -> None:
        """Where the program was killed in the midst of an erasure, do the rest; readers may put it off."""
        with self._read() as conn:
            pending = conn.scalar(select(t.site.c.scrub_pending))
        if pending:
            with suppress(StoreError):
                self.scrub()

    @property
    def files(self) -> Path:
        """Where files made from the log are kept."""
        return self._files

    def scrub(self) -> None:
        """Destroy what an erasure left on the disk, files made from the log among it. May be run again."""
        made_files.sweep(self._files)
        super().scrub()

    def outbox(
        self, *, after: int = 0, limit: int = 1000, due_by: datetime | None = None
    ) -> tuple[OutboxItem, ...]:
        with self._read() as conn:
            return outbox.items(conn, after=after, limit=limit, due_by=due_by or self._clock())

    def outbox_done(self, *, upto: int | None = None, sequences: Sequence[int] = ()) -> None:
        """Items that are due, up to a sequence, or those named: done, and gone."""
        with self._write() as conn:
            outbox.done(conn, upto=upto, sequences=sequences, due_by=self._clock())

    def outbox_set_aside(self, refused: Mapping[int, str]) -> None:
        """Sequence → why it can never be done. It is kept to be shown, and waited for no more."""
        with self._write() as conn:
            outbox.set_aside(conn, refused)

    def outbox_aside(self, limit: int = 100) -> tuple[OutboxItem, ...]:
        with self._read() as conn:
            return outbox.aside(conn, limit)

    def outbox_failed(self, sequence: int, error: str) -> None:
        with self._write() as conn:
            outbox.failed(conn, sequence, error)

    def outbox_waiting(self) -> int:
        """How many items are due."""
        with self._read() as conn:
            return outbox.waiting(conn, self._clock())

    def outbox_position(self) -> int:
        """The sequence up to which everything that is due is done."""
        with self._read() as conn:
            return outbox.position(conn, self._clock())

    def move(self, url: str, *, sources: Path, progress: transfer.Progress | None = None) -> transfer.Moved:
        """Carry the whole site into the empty database at ``url``; see :func:`.moving.move`."""
        return transfer.move(self._database, self._sources, url, folder=sources, progress=progress)

    def worker_lock(self) -> AbstractContextManager[bool]:
        """True in the one process that may drain the outbox; never waits."""
        return self._database.lock("worker")

    def collecting_lock(self) -> AbstractContextManager[bool]:
        """True in the one process that may collect, by the scheduler or by command; never waits."""
        return self._database.lock("collecting")

    def verify(self) -> Verification:
        with self._read() as conn:
            return hash_chain.verify(conn)
