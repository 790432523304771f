"""Copies of the desk's store: in a backup, and in another database. Its key is copied apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.audit_log import AuditLog
from publisher.desk.accounts.store import DeskStore
from publisher.log.model import LogError
from publisher.separate_store import copy_store

_PASSING = ("session", "link", "failure", "answer")
EXCLUDED_TABLES = tuple(f"{t.SCHEMA}.{name}" for name in _PASSING)
"""Tables of PostgreSQL whose rows are in no backup: a restored one opens no session and accepts no link."""


def copy_desk(file: Path, target: Path) -> None:
    """Copy the store, if there is one, without sessions, links, failed sign-ins and stored answers."""
    copy_store(file, target, without=_PASSING)


def clean_copy(copy: Path, requests: Sequence[str]) -> bool:
    """Delete the proofs of readers' requests from the copy in a backup. → if it had any."""
    if not requests or not copy.exists():
        return False
    with closing(sqlite3.connect(copy)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'correction'").fetchone():
            return False  # of an earlier version
        connection.execute("PRAGMA secure_delete = ON")
        statement = "DELETE FROM correction WHERE request = ?"
        deleted = connection.executemany(statement, [(id_,) for id_ in requests]).rowcount
        connection.commit()
        connection.execute("VACUUM")
    return deleted > 0


def move_desk(url: str, new_url: str, file: Path) -> int:
    """Copy the desk of the site at ``url`` to ``new_url`` and verify it → number of accounts.

    ``file``: the store of a SQLite site, which stays in the home whatever the name of the log's file. Its
    sessions end. Raises ``LogError``: ``move-differs``, ``newer-database``.
    """
    if url.startswith("sqlite") and new_url.startswith("sqlite"):
        return 0
    try:
        old = DeskStore.open(url, file)
    except LogError as error:
        if error.code == "no-desk":
            return 0
        raise
    with closing(old), closing(DeskStore.create_or_open(new_url, file)) as new:
        old.copy_rows(new, without=(t.session, t.answer))
        with old.read() as source:
            count = source.scalar(select(func.count()).select_from(t.account)) or 0
        if AuditLog(new).head() != AuditLog(old).head() or AuditLog(new).verify():
            raise LogError(
                "move-differs",
                "审计日志的副本与原来的不同，请重新迁移。",
                "The copy of the audit log differs from the original; move the site again.",
            )
    return count
