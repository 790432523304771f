"""A checkpoint that somebody holds, or that a backup has, and of which log of the site it is."""

from __future__ import annotations

from datetime import datetime

import msgspec

from publisher.log.recovery.manifest import BackupManifest
from publisher.log.transparency.checkpoint_text import signed_checkpoint
from publisher.log.transparency.successions import KnownCheckpoint, Succession, number_of


class KeptCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint of the first log of a site, or of a successor."""

    checkpoint: KnownCheckpoint
    origin: str
    """Empty if a backup by an earlier version, without a signature, does not say it."""
    made_at: datetime | None = None
    """When the backup was made."""

    @property
    def age(self) -> tuple[int, int]:
        """Return what orders checkpoints, oldest first: a successor is newer, however short it is."""
        return number_of(self.origin), self.checkpoint.size

    def is_given_up(self, succession: Succession) -> bool:
        """Report whether its last entries are among those that a succession gave up."""
        if self.origin or self.made_at is None:
            return succession.gives_up(self.origin, self.checkpoint.size)
        return self.made_at < succession.succeeded_at and self.checkpoint.size > succession.size


def of_backup(manifest: BackupManifest) -> KeptCheckpoint:
    note = manifest.checkpoint.note
    origin = signed_checkpoint(note).origin if note else manifest.origin
    return KeptCheckpoint(manifest.checkpoint, origin, datetime.fromisoformat(manifest.made_at))
