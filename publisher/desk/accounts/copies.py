"""Copies of the desk's store: in a backup, and in another database. Its key is copied apart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.audit_log import AuditLog
from publisher.desk.accounts.store import DeskStore
from publisher.log.model import LogError
from publisher.log.recovery.backup import copy_sqlite

_PASSING = ("session", "link", "failure")
LEFT_OUT = tuple(f"{t.SCHEMA}.{name}" for name in _PASSING)
"""Tables of PostgreSQL whose rows are in no backup: a restored one opens no session and accepts no link."""


def copy_desk(file: Path, target: Path) -> None:
    """Copy the store, if there is one, to ``target``, without sessions and links."""
    if not file.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True)
    copy_sqlite(file, target)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA secure_delete = ON")
        for table in _PASSING:
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        copy.commit()
        copy.execute("VACUUM")


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
        with old.read() as source, new.write() as target:
            for table in t.metadata.sorted_tables:
                rows = [dict(row) for row in source.execute(select(table)).mappings()]
                if rows and table not in (t.version, t.session):
                    target.execute(table.insert(), rows)
            count = source.scalar(select(func.count()).select_from(t.account)) or 0
        if AuditLog(new).head() != AuditLog(old).head() or AuditLog(new).verify():
            raise LogError(
                "move-differs",
                "审计日志的副本与原来的不同，请重新迁移。",
                "The copy of the audit log differs from the original; move the site again.",
            )
    return count
