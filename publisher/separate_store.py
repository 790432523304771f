"""Stores apart from the log: a SQLite file, or a schema of the log's PostgreSQL database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import CreateSchema

from publisher.log.database import postgresql
from publisher.log.database.postgresql import ServerLimits
from publisher.log.database.sqlite import sqlite_url
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError
from publisher.log.recovery.backup import copy_sqlite

_BUSY_MILLISECONDS = 5_000
_WORKER = ("qingdan work 会再次删除", "qingdan work tries again")
_ROWS_AT_ONCE = 500
"""Rows that a copy to another store holds in memory."""
type Configure = Callable[[sqlite3.Connection], None]


class StorableText(TypeDecorator[str]):
    """Text from outside, in a value or in a condition: PostgreSQL fails for a NUL, which SQLite stores."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - its own
        return None if value is None else storable(value)


class SeparateStore:
    """Tables of one purpose, apart from the log, with one writer at a time."""

    def __init__(
        self,
        url: str,
        file: Path,
        metadata: MetaData,
        *,
        lock: int,
        connections: int = 2,
        application: str = "qingdan",
        configure: Configure | None = None,
    ) -> None:
        """``url``: the log's database. ``file``: the store, if that is SQLite. ``metadata``: has a schema.

        ``lock``: PostgreSQL's advisory lock of writers, of this store alone. ``configure``: called with each
        new connection to SQLite.
        """
        self.file = file if url.startswith("sqlite") else None
        self.metadata, self._lock = metadata, lock
        if self.file is not None:
            engine = _sqlite_engine(self.file, connections, configure)
        else:
            limits = ServerLimits(connections=connections, statement_seconds=10, application=application)
            engine = postgresql.create_postgresql_engine(postgresql.with_driver(make_url(url)), limits)
        self._root = engine
        schema = metadata.schema if self.file is None else None
        self.engine = engine.execution_options(schema_translate_map={metadata.schema: schema})

    @property
    def prefix(self) -> str:
        """Prefix of the names of tables in SQL that is written by hand."""
        return "" if self.file else f"{self.metadata.schema}."

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that excludes other writers of the store, committed at the end."""
        with self.engine.execution_options(qingdan_write=True).begin() as conn:
            if self.file is None:
                conn.execute(select(func.pg_advisory_xact_lock(self._lock)))
            yield conn

    def version(self) -> int | None:
        """Return the version of the tables; None if there are none."""
        if self.file is not None and not self.file.exists():
            return None
        try:
            with self.read() as conn:
                # A file whose creation was killed has no tables. On PostgreSQL reading them tells this.
                if self.file is not None and not inspect(conn).has_table(self._version.name):
                    return None
                return conn.scalar(select(self._version.c.number))
        except ProgrammingError:
            return None

    def require_empty(self) -> None:
        """Raise ``LogError('store-exists')`` if there is a row: a move overwrites nothing."""
        if self.version() is None:
            return
        with self.read() as conn:
            schema = None if self.file else self.metadata.schema
            present = inspect(self._root).get_table_names(schema)  # an earlier version has fewer
            tables = [t for t in self.metadata.sorted_tables if t.name in present and t is not self._version]
            is_filled = any(conn.execute(select(table).limit(1)).first() is not None for table in tables)
        if is_filled:
            place = self.file or self.metadata.schema
            raise LogError(
                "store-exists",
                f"迁移的目标处已有内容：{place}。没有迁移任何内容，请先将其移开。",
                f"There is content already where the site moves to: {place}. Move it away first.",
            )

    def copy_rows(self, target: SeparateStore, *, without: Collection[Table] = ()) -> None:
        """Copy the rows of all tables but ``without`` to another store of this kind, which is empty."""
        with self.read() as source, target.write() as conn:
            streamed = source.execution_options(yield_per=_ROWS_AT_ONCE)
            for table in self.metadata.sorted_tables:
                if table is self._version or table in without:
                    continue
                for rows in streamed.execute(select(table)).mappings().partitions():
                    conn.execute(table.insert(), [dict(row) for row in rows])
            if target.file is None:
                postgresql.continue_keys(conn, self.metadata.sorted_tables)

    def create(self, version: int, finish: Callable[[Connection], None]) -> None:
        """Create the tables if there are none; then ``finish`` is called with the connection.

        Raises ``ProgrammingError`` without the right to do so.
        """
        if self.file is not None and not self.file.exists():
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with self.write() as conn:
            if self.file is None and self.metadata.schema:
                conn.execute(CreateSchema(self.metadata.schema, if_not_exists=True))
            self.metadata.create_all(conn)
            if conn.scalar(select(self._version.c.number)) is None:
                conn.execute(self._version.insert().values(number=version))
                finish(conn)

    def erase_deleted(self, tables: Sequence[str], *, remedy: tuple[str, str] = _WORKER) -> None:
        """Overwrite what was deleted, also in the write-ahead log or in dead rows of ``tables``.

        ``remedy``: what deletes it later, in Chinese and English. Raises ``LogError('erasure-incomplete')``
        while a reader of SQLite needs the write-ahead log.
        """
        with self._root.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            if self.file is not None:
                if conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
                    raise LogError(
                        "erasure-incomplete",
                        f"已删除，但 {self.file.name} 正被读取，磁盘上还有旧数据；{remedy[0]}。",
                        f"It is deleted, but a reader of {self.file.name} prevents the deletion of old data; "
                        f"{remedy[1]}.",
                    )
            else:
                conn.exec_driver_sql(f"VACUUM FULL {', '.join(self.prefix + name for name in tables)}")

    def close(self) -> None:
        self._root.dispose()

    @property
    def _version(self) -> Any:
        return self.metadata.tables[f"{self.metadata.schema}.version"]


def copy_store(file: Path, target: Path, *, without: Collection[str]) -> None:
    """Copy a store of SQLite, if there is one, to ``target``, without the rows of some tables."""
    if not file.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True)
    copy_sqlite(file, target)
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA secure_delete = ON")
        names = {row[0] for row in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for table in names & set(without):  # an earlier version has fewer
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        copy.commit()
        copy.execute("VACUUM")


def _sqlite_engine(file: Path, connections: int, configure_further: Configure | None) -> Engine:
    engine = create_engine(sqlite_url(file), pool_size=connections, max_overflow=8)

    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # what is deleted is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")
        if configure_further is not None:
            configure_further(connection)

    def begin(conn: Connection) -> None:
        is_write = conn.get_execution_options().get("qingdan_write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return engine
