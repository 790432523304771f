"""One way to two databases: connections, transactions, and what SQLite and PostgreSQL do differently."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Result,
    Select,
    Table,
    cast,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from publisher.log.model import LogError

_WRITE_LOCK = 0x51_44_01
_LOCKS = {"worker": 0x51_44_02, "collecting": 0x51_44_03}
_BUSY_MILLISECONDS = 60_000
_READ_CACHE_KIB = 65_536
"""Of pages, for each kept connection; whoever reads a whole state fills it."""
_CHECKPOINT_TRIES, _CHECKPOINT_PAUSE = 600, 0.05


class Utf8(FunctionElement[bytes]):
    """A text as its bytes: whoever passes it on need not have it decoded and encoded."""

    type = NullType()  # type: ignore[assignment]  # both drivers give bytes as they are
    inherit_cache = True


@compiles(Utf8, "sqlite")
def _utf8_of_sqlite(element: Utf8, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **more)} AS BLOB)"


@compiles(Utf8, "postgresql")
def _utf8_of_postgresql(element: Utf8, compiler: SQLCompiler, **more: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **more)}, 'UTF8')"


class Database:
    """Where the log is kept. Reads see one state throughout; writes come one after the other."""

    def __init__(self, url: str) -> None:
        self.url = _with_driver(make_url(url))
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database) if self.sqlite and self.url.database else None
        self.engine = _sqlite_engine(self.url) if self.sqlite else _postgresql_engine(self.url)
        options: dict[str, Any] = (
            {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._readers = self.engine.execution_options(**options)
        self._writers = self.engine.execution_options(qingdan_write=True)
        self._idle: list[Connection] = []

    def exists(self) -> bool:
        """Whether there is a database to open; SQLite would make an empty one."""
        return self.file is None or self.file.exists()

    def at_hand(self) -> bool:
        """Whether a connection is open for the next read."""
        return bool(self._idle)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One state throughout. Connections to SQLite are kept at hand, the last used first.

        To SQLAlchemy their transaction never ends: to take a connection out of its pool, begin, roll back
        and give it back takes it several times as long as a record takes the database.
        """
        if not self.sqlite:
            with self._readers.connect() as conn:
                yield conn
            return
        conn = self._taken()
        driver: Any = conn.connection.driver_connection
        try:
            driver.execute("BEGIN")
            yield conn
        finally:
            if driver.in_transaction:  # some errors end it
                driver.execute("ROLLBACK")
            self._idle.append(conn)

    def glance[T](self, read: Callable[[Connection], T]) -> T:
        """What a single statement says: on SQLite it sees one state by itself, so none is begun."""
        if not self.sqlite:
            with self.read() as conn:
                return read(conn)
        conn = self._taken()
        try:
            return read(conn)
        finally:
            self._idle.append(conn)

    def _taken(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            conn = self._readers.connect()
            conn.exec_driver_sql(f"PRAGMA cache_size = -{_READ_CACHE_KIB}")
            return conn

    @contextmanager
    def write(self, *, keep: bool = True) -> Iterator[Connection]:
        """A transaction that no other writer overlaps, in this process or another.

        Raises ``LogError('busy')`` where another writer keeps the lock for over a minute.
        ``keep=False`` rolls back at the end: for asking what would happen.
        """
        with self._writers.connect() as conn:
            try:
                transaction = conn.begin()
                if not self.sqlite:
                    conn.execute(select(func.pg_advisory_xact_lock(_WRITE_LOCK)))
            except OperationalError as error:
                raise LogError(
                    "busy",
                    "另一个程序正在写入，请稍后重试。",
                    "Another program is writing; try again in a moment.",
                ) from error
            with transaction:
                yield conn
                if not keep:
                    transaction.rollback()

    @contextmanager
    def lock(self, name: Literal["worker", "collecting"]) -> Iterator[bool]:
        """True for the one process of the site that may do this; never waits."""
        if self.file is not None:
            with _file_lock(self.file.parent / f"{name}.lock") as held:
                yield held
            return
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
            held = bool(conn.scalar(select(func.pg_try_advisory_lock(_LOCKS[name]))))
            try:
                yield held
            finally:
                if held:
                    conn.execute(select(func.pg_advisory_unlock(_LOCKS[name])))

    def analyze(self, conn: Connection, *tables: Table) -> None:
        """Tell PostgreSQL's planner of rows that this transaction wrote; SQLite does without."""
        if not self.sqlite:
            for table in tables:
                conn.execute(text(f'ANALYZE "{table.name}"'))

    def vacuum(self) -> None:
        """Rewrite the database without what was deleted. Raises ``LogError('erasure-incomplete')``."""
        if not self.sqlite:
            with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
                conn.exec_driver_sql("VACUUM FULL")
            return
        with closing(self.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            # Not in memory: the copy that VACUUM makes is as large as the database.
            cursor.execute("PRAGMA temp_store = FILE")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA temp_store = MEMORY")
            for _ in range(_CHECKPOINT_TRIES):
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return
                time.sleep(_CHECKPOINT_PAUSE)
        raise LogError(
            "erasure-incomplete",
            "删除已经发布，但数据库正被读取，旧数据尚未从磁盘删除，请稍后重试。",
            "The erasure is published, but readers keep old pages on the disk; try again later.",
        )

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()


def inserted_key(result: CursorResult[Any]) -> int:
    """The key that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("not the result of one insert")
    return int(key[0])


def stream(conn: Connection, statement: Select[Any]) -> Result[Any]:
    """Rows a batch at a time, however many there are."""
    return conn.execute(statement, execution_options={"yield_per": 2_000})


def insert_many(conn: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Many rows by the driver itself: a third of the time that named parameters take."""
    quote = conn.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    marks = ", ".join(["?" if conn.dialect.name == "sqlite" else "%s"] * len(names))
    statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    conn.exec_driver_sql(statement, list(rows))


def contains(conn: Connection, column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """Whether a column holds the words, letter for letter."""
    find = func.instr if conn.dialect.name == "sqlite" else func.strpos
    return find(column, words) > 0


def json_text(conn: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """A top-level member of a JSON column: a string as it is, anything else as JSON."""
    if conn.dialect.name == "sqlite":
        return func.json_extract(column, f'$."{name}"')
    return func.json_extract_path_text(cast(column, postgresql.JSON), name)


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, pool_size=16, max_overflow=32, pool_pre_ping=True)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, pool_size=16, max_overflow=32)

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, never by the driver's guess
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a release that was announced survives a power cut, not only a killed process.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -131072")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    def begun(conn: Connection) -> None:
        if conn.get_execution_options().get("qingdan_write", False):
            conn.exec_driver_sql("BEGIN IMMEDIATE")  # a read has begun before: see Database.read

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
