"""Connections to the inbox: a SQLite file, or a schema of the log's PostgreSQL database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateSchema

from publisher.inbox import tables as t
from publisher.log.database import postgresql
from publisher.log.database.postgresql import ServerLimits

_LOCK = 0x51_44_10
"""Advisory lock of writers; the log's are near (:mod:`publisher.log.database.postgresql`)."""
_BUSY_MILLISECONDS = 5_000
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION})


class InboxDatabase:
    """``public``: opened by the public side, with its rights only."""

    def __init__(self, url: str, file: Path, *, public: bool = False, application: str = "qingdan") -> None:
        """``url``: the log's database. ``file``: the inbox, if that is SQLite."""
        self.file = file if url.startswith("sqlite") else None
        if self.file is not None:
            engine = _sqlite_engine(self.file, public=public)
        else:
            limits = ServerLimits(connections=2, statement_seconds=10, application=application)
            engine = postgresql.create_postgresql_engine(postgresql.with_driver(make_url(url)), limits)
        self._root = engine
        schema = t.SCHEMA if self.file is None else None
        self.engine = engine.execution_options(schema_translate_map={t.SCHEMA: schema})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that excludes other writers of the inbox, committed at the end."""
        with self.engine.execution_options(qingdan_write=True).begin() as conn:
            if self.file is None:
                conn.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield conn

    def create(self) -> None:
        """Create the tables if there are none. Raises ``ProgrammingError`` without the right to do so."""
        if self.file is not None and not self.file.exists():
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with self.write() as conn:
            if self.file is None:
                conn.execute(CreateSchema(t.SCHEMA, if_not_exists=True))
            t.metadata.create_all(conn)
            if conn.scalar(select(t.version.c.number)) is None:
                conn.execute(t.version.insert().values(number=t.VERSION))
                _create_view(conn, "" if self.file else f"{t.SCHEMA}.")

    def erase_deleted(self) -> None:
        """Overwrite what was deleted, also in the write-ahead log or in dead rows."""
        with self._root.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            if self.file is not None:
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                names = ", ".join(f"{t.SCHEMA}.{name}" for name in ("contact", "statement", "request"))
                conn.exec_driver_sql(f"VACUUM FULL {names}")

    def close(self) -> None:
        self._root.dispose()


def _create_view(conn: Connection, prefix: str) -> None:
    columns = ", ".join(t.ACCEPTED_COLUMNS)
    statement = f"SELECT {columns} FROM {prefix}request WHERE state = 'accepted'"  # noqa: S608 - our own names
    conn.execute(text(f"CREATE VIEW {prefix}{t.ACCEPTED} AS {statement}"))


def _sqlite_engine(file: Path, *, public: bool) -> Engine:
    engine = create_engine(f"sqlite:///{file}", pool_size=2, max_overflow=8)

    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # a deleted contact is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")
        if public:
            connection.set_authorizer(authorize)

    def begin(conn: Connection) -> None:
        is_write = conn.get_execution_options().get("qingdan_write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return engine


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
