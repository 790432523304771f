"""``log.recovery``: backups, and the state of a log that was restored from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from publisher.log.recovery import backup, completion, repeated_erasure, succession
from publisher.log.recovery.archive import open_archive
from publisher.log.session import Session
from publisher.log.transparency import shortfall as shortfalls
from publisher.log.transparency import successions
from publisher.log.transparency.successions import Succession


class Recovery:
    """Methods for operators of a site; see the functions that they call."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def back_up(self, home: Path, folder: Path, **options: Unpack[backup.Options]) -> backup.BackupReport:
        """See :func:`.backup.write_backup`."""
        return backup.write_backup(self._session, home, folder, **options)

    def forget_erased(
        self, folder: Path, clean_besides: repeated_erasure.CleanBesides
    ) -> tuple[int, Sequence[Path]]:
        """See :func:`.repeated_erasure.forget_erased`."""
        return repeated_erasure.forget_erased(self._session, folder, clean_besides)

    def complete(self, archive: Path, progress: completion.Progress) -> completion.CompletionReport:
        """Complete a restored log from a ``log.zip``; see :func:`.completion.complete`."""
        with open_archive(archive) as opened:
            return completion.complete(self._session, opened, progress)

    def succeed(self, reason: str) -> succession.SuccessionReport:
        """See :func:`.succession.succeed`."""
        return succession.succeed(self._session, reason)

    def missing_entries(self) -> int | None:
        """Return the number of entries that a restored log lacks; None if it is complete.

        A log that lacks no entry but has an erasure to repeat returns 0.
        """
        with self._session.read() as conn:
            shortfall = shortfalls.read(conn)
            return None if shortfall is None else shortfalls.missing(conn, shortfall)

    def is_lost_change(self, sequence: int) -> bool:
        """Report whether a change of this number may have existed before a succession, and is lost."""
        with self._session.read() as conn:
            return successions.is_lost_change(conn, sequence)

    def successions(self) -> Sequence[Succession]:
        """List the successions of the log, oldest first."""
        with self._session.read() as conn:
            return successions.successions(conn)
