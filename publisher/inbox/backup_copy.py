"""The inbox in a backup: without contacts, so that no copy of them outlives their deletion."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from publisher.inbox.tables import SCHEMA
from publisher.separate_store import copy_store

_NOT_COPIED = ("contact", "follower", "choice")
"""Tables whose rows are in no backup."""
EXCLUDED_TABLES = tuple(f"{SCHEMA}.{name}" for name in _NOT_COPIED)
"""The same tables, by their names in PostgreSQL."""


def copy_inbox(file: Path, target: Path) -> None:
    """Copy the inbox, if there is one, to ``target``, without contacts and followers."""
    copy_store(file, target, without=_NOT_COPIED)


def list_requests(copy: Path, records: Sequence[tuple[str, str]]) -> Sequence[str]:
    """List the requests about records (dataset, id) in the copy in a backup, by their ids."""
    if not copy.exists():
        return ()
    with closing(sqlite3.connect(copy)) as connection:
        query = "SELECT id FROM request WHERE dataset = ? AND record = ?"
        return [id_ for record in records for (id_,) in connection.execute(query, record)]


def clean_copy(copy: Path, records: Sequence[tuple[str, str]]) -> bool:
    """Delete the requests about erased records (dataset, id) from the copy in a backup. → if it had any."""
    if not copy.exists():
        return False
    deleted = 0
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for record in records:
            connection.execute(
                "DELETE FROM statement WHERE request IN "
                "(SELECT id FROM request WHERE dataset = ? AND record = ?)",
                record,
            )
            deleted += connection.execute(
                "DELETE FROM request WHERE dataset = ? AND record = ?", record
            ).rowcount
        connection.commit()
        connection.execute("VACUUM")
    return deleted > 0
