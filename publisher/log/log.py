"""The log of a site: the only interface to its tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path

from publisher.log import generated_files, transfer
from publisher.log.approvals.approvals import Approvals
from publisher.log.blob_store import DatabaseBlobs, FolderBlobs
from publisher.log.changes.changes import Changes
from publisher.log.clocks import utc_now
from publisher.log.commitments.commitments import Commitments
from publisher.log.database.connection import Database
from publisher.log.database.postgresql import ServerLimits
from publisher.log.database.upgrade import migrate, upgrade_needed
from publisher.log.datasets import Datasets
from publisher.log.drafts.drafts import Drafts
from publisher.log.evidence.evidence import Evidence
from publisher.log.findings.findings import Findings
from publisher.log.graph.graph import Graph
from publisher.log.keys import Keys
from publisher.log.limits.limits import Limits
from publisher.log.outbox.outbox import Outbox
from publisher.log.outbox.subscriptions import Subscriptions
from publisher.log.outbox.witnesses import Witnesses
from publisher.log.proofs import Proofs
from publisher.log.queries.feed_changes import FeedChanges
from publisher.log.queries.queries import Queries
from publisher.log.recovery.recovery import Recovery
from publisher.log.releases.releases import Releases
from publisher.log.session import Session
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.verification.integrity import Integrity


class Log:
    """Entry point to the log. Methods of its attributes may raise ``LogError``. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.was_resealed = False
        """Whether opening it resealed releases that are older than the entries."""
        self.datasets = Datasets(session)
        self.drafts = Drafts(session)
        self.approvals = Approvals(session)
        self.releases = Releases(session)
        self.queries = Queries(session)
        self.feed_changes = FeedChanges(session)
        self.changes = Changes(session)
        self.findings = Findings(session)
        self.graph = Graph(session)
        self.limits = Limits(session)
        self.commitments = Commitments(session)
        self.evidence = Evidence(session)
        self.outbox = Outbox(session)
        self.subscriptions = Subscriptions(session)
        self.proofs = Proofs(session)
        self.keys = Keys(session)
        self.witnesses = Witnesses(session)
        self.integrity = Integrity(session)
        self.recovery = Recovery(session)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        sources: Path,
        clock: Callable[[], datetime] = utc_now,
        files: Path | None = None,
        read_only: bool = False,
        public: bool = False,
        keys: KeyFiles | None = None,
        limits: ServerLimits | None = None,
    ) -> Log:
        """Open a log and upgrade its tables. Without a site only ``init_site`` works.

        ``read_only``: nothing is written, so the medium may be read-only too; tables that need an upgrade are
        refused (``LogError('upgrade-needed')``). ``public``: the same, and secrets of webhooks are hidden.
        ``files``: folder of files generated from the log, which an erasure empties; by default the sibling
        ``files`` of ``sources``. ``keys``: private keys; by default the sibling ``keys``, without passphrase.
        ``limits``: of this process on a database server. Raises ``LogError('newer-database')`` for tables of
        a newer program.
        """
        read_only = read_only or public
        database = Database(url, read_only=read_only, public=public, limits=limits or ServerLimits())
        keys = keys or KeyFiles(sources.with_name("keys"))
        blobs = FolderBlobs(sources) if database.sqlite else DatabaseBlobs(database)
        files = files or sources.with_name("files")
        if public:
            files = generated_files.choose_folder(files)
        log = cls(Session(database, blobs, clock, files, keys))
        with ExitStack() as on_failure:
            on_failure.callback(database.close)
            if database.exists():
                migrate(database)
                if not read_only:
                    log.was_resealed = log.releases.reseal() > 0
                    log.releases.finish_erasure()
                elif log.releases.needs_reseal():
                    raise upgrade_needed()
            on_failure.pop_all()
        return log

    def close(self) -> None:
        self._session.database.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Open one state of the log for all reads of this thread; see :meth:`.session.Session.snapshot`."""
        return self._session.snapshot()

    @property
    def files(self) -> Path:
        """Folder of files generated from the log."""
        return self._session.files

    def move(
        self, url: str, *, sources: Path, progress: transfer.CopyProgress | None = None
    ) -> transfer.MoveReport:
        """Copy the whole site into the empty database at ``url``; see :func:`.transfer.move`."""
        return transfer.move(self._session, url, folder=sources, progress=progress)
