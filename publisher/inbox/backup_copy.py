"""The inbox in a backup: without contacts, so that no copy of them outlives their deletion."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from publisher.inbox.tables import SCHEMA
from publisher.log.recovery.backup import copy_sqlite

LEFT_OUT = (f"{SCHEMA}.contact", f"{SCHEMA}.follower", f"{SCHEMA}.choice")
"""Tables of PostgreSQL whose rows are in no backup."""


def copy_inbox(file: Path, target: Path) -> None:
    """Copy the inbox, if there is one, to ``target``, without contacts and followers."""
    if not file.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True)
    copy_sqlite(file, target)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA secure_delete = ON")
        names = {row[0] for row in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for table in names & {"contact", "follower", "choice"}:
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        copy.commit()
        copy.execute("VACUUM")


def clean_copy(copy: Path, records: Sequence[tuple[str, str]]) -> None:
    """Delete the requests about erased records (dataset, id) from the copy in a backup, if it has one."""
    if not copy.exists():
        return
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for record in records:
            connection.execute(
                "DELETE FROM statement WHERE request IN "
                "(SELECT id FROM request WHERE dataset = ? AND record = ?)",
                record,
            )
            connection.execute("DELETE FROM request WHERE dataset = ? AND record = ?", record)
        connection.commit()
        connection.execute("VACUUM")
