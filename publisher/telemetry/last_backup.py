"""When the last backup of a site was made, in a file of its home."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

_NAME = "last-backup"


def write_last_backup(home: Path, made_at: datetime) -> None:
    part = home / f"{_NAME}.part"
    part.write_text(made_at.isoformat(), encoding="ascii")
    part.replace(home / _NAME)


def read_last_backup(home: Path) -> datetime | None:
    """Return None if there was none, or if the file cannot be read."""
    try:
        return datetime.fromisoformat((home / _NAME).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
