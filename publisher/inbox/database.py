"""Connections to the inbox: a SQLite file, or a schema of the log's PostgreSQL database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, text

from publisher.inbox import tables as t
from publisher.separate_store import SeparateStore

_LOCK = 0x51_44_10
"""Advisory lock of writers; the log's are near (:mod:`publisher.log.database.postgresql`)."""
_PRIVATE = ("contact", "statement", "request", "follower", "choice")
"""Tables with rows that are deleted for good."""
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION})


class InboxDatabase(SeparateStore):
    """``public``: opened by the public side, with its rights only."""

    def __init__(self, url: str, file: Path, *, public: bool = False, application: str = "qingdan") -> None:
        super().__init__(
            url,
            file,
            t.metadata,
            lock=_LOCK,
            application=application,
            configure=_restrict if public else None,
        )

    def create_tables(self) -> None:
        """Create the tables if there are none. Raises ``ProgrammingError`` without the right to do so."""
        self.create(t.VERSION, self._create_view)

    def _create_view(self, conn: Connection) -> None:
        columns = ", ".join(t.ACCEPTED_COLUMNS)
        statement = f"SELECT {columns} FROM {self.prefix}request WHERE state = 'accepted'"  # noqa: S608 - our own names
        conn.execute(text(f"CREATE VIEW {self.prefix}{t.ACCEPTED} AS {statement}"))

    def upgrade(self) -> None:
        """Add the tables that an inbox of version 1 lacks. Raises ``ProgrammingError`` without the right."""
        with self.write() as conn:
            t.metadata.create_all(conn)
            conn.execute(t.version.update().values(number=t.VERSION))

    def erase_contacts(self) -> None:
        """Overwrite what was deleted of requests and of followers."""
        self.erase_deleted(_PRIVATE)


def newest_key(conn: Connection) -> Row[Any, Any]:
    """Return the columns ``id`` and ``public`` of the newest key, for which contacts are sealed."""
    return conn.execute(select(t.key.c.id, t.key.c.public).order_by(t.key.c.made_at.desc()).limit(1)).one()


def _restrict(connection: sqlite3.Connection) -> None:
    connection.set_authorizer(authorize)


def authorize(action: int, first: str | None, second: str | None, _: str | None, view: str | None) -> int:
    """Allow the statements of the public side; the arguments are those of ``sqlite3_set_authorizer``."""
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_INSERT and first in t.INSERTED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        # An empty column: the statement needs only the number of rows.
        is_readable = first in t.READABLE and (not second or second in t.READABLE[first])
        if is_readable or t.ACCEPTED in (first, view):
            return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
