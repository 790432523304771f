"""Connections and transactions for SQLite and PostgreSQL, and the SQL that differs between them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Connection,
    CursorResult,
    Engine,
    NullPool,
    Pool,
    Row,
    Select,
    Table,
    any_,
    cast,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from publisher.log.database import interruption, postgresql, sqlite
from publisher.log.database.sealing import seals
from publisher.log.model import LogError

_READ_CACHE_KIB = 65_536
"""SQLite page cache of each idle connection, in KiB. A full export fills it."""
_MOST_IDLE = 16
"""SQLite connections that stay open for the next reads."""
_DEFAULT_LIMITS = postgresql.ServerLimits()
_CHECKPOINT_TRIES, _CHECKPOINT_PAUSE = 600, 0.05


class Utf8(FunctionElement[bytes]):
    """A text as UTF-8 bytes, for callers that copy it without decoding and encoding."""

    type = NullType()  # type: ignore[assignment]  # both drivers return bytes unchanged
    inherit_cache = True


@compiles(Utf8, "sqlite")
def _utf8_of_sqlite(element: Utf8, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **more)} AS BLOB)"


@compiles(Utf8, "postgresql")
def _utf8_of_postgresql(element: Utf8, compiler: SQLCompiler, **more: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **more)}, 'UTF8')"


class Database:
    """The database of the log. A read sees one state throughout; writes are serialised."""

    def __init__(
        self,
        url: str | URL,
        *,
        read_only: bool = False,
        public: bool = False,
        limits: postgresql.ServerLimits = _DEFAULT_LIMITS,
    ) -> None:
        """``public``: secrets of webhooks cannot be read (on SQLite; a server has roles for that)."""
        self.url = postgresql.with_driver(make_url(url))
        self.read_only = read_only
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.file = Path(self.url.database) if self.sqlite and self.url.database else None
        self._limits, self._public = limits, public
        self.engine = self._create_engine()
        options: dict[str, Any] = (
            {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._readers = self.engine.execution_options(**options)
        self._writers = self.engine.execution_options(qingdan_write=True)
        self._idle: list[Connection] = []

    def _create_engine(self, poolclass: type[Pool] | None = None) -> Engine:
        if self.sqlite:
            engine = sqlite.create_sqlite_engine(self.url, read_only=self.read_only, poolclass=poolclass)
            if self._public:
                event.listen(engine, "connect", sqlite.hide_secrets)
            return engine
        return postgresql.create_postgresql_engine(self.url, self._limits, poolclass=poolclass)

    def exists(self) -> bool:
        """Report whether the database exists; opening a missing SQLite file would create an empty one."""
        return self.file is None or self.file.exists()

    def create_file(self) -> None:
        """Create SQLite's file and its folder for their owner alone; files next to it get the same mode."""
        if self.file is not None and not self.file.exists():
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))

    def has_idle_connection(self) -> bool:
        """Report whether an idle connection is open for the next read."""
        return bool(self._idle)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction that sees one state. SQLite connections are reused, the last used first.

        For SQLAlchemy the transaction of such a connection never ends: its pool checkout, begin, rollback and
        return take several times as long as reading one record.
        """
        if not self.sqlite:
            with self._readers.connect() as conn, _cancelled_on_interruption(conn):
                yield conn
            return
        conn = self._take_connection()
        driver: Any = conn.connection.driver_connection
        try:
            driver.execute("BEGIN")
            yield conn
        finally:
            if driver.in_transaction:  # some errors end the transaction
                driver.execute("ROLLBACK")
            self._return_connection(conn)

    def read_once[T](self, fetch: Callable[[Connection], T]) -> T:
        """Run a single statement. On SQLite one statement sees one state, so no transaction is opened."""
        if not self.sqlite:
            with self.read() as conn:
                return fetch(conn)
        conn = self._take_connection()
        try:
            return fetch(conn)
        finally:
            self._return_connection(conn)

    def _take_connection(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            conn = self._readers.connect()
            conn.exec_driver_sql(f"PRAGMA cache_size = -{_READ_CACHE_KIB}")
            return conn

    def _return_connection(self, conn: Connection) -> None:
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(conn)
        else:
            conn.close()

    @contextmanager
    def connect_alone(self) -> Iterator[Connection]:
        """Open a new connection, and on it one state of the log in which temporary tables can be written."""
        engine = self._create_engine(NullPool)
        options = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        try:
            with engine.execution_options(**options).connect() as conn:
                if self.sqlite:
                    conn.exec_driver_sql("BEGIN")
                try:
                    yield conn
                finally:
                    conn.rollback()
        finally:
            engine.dispose()

    @contextmanager
    def write(self, *, keep: bool = True) -> Iterator[Connection]:
        """Open a transaction that excludes every other writer, in this process or another.

        At its end the rows that it wrote are sealed (:mod:`.seals`); ``keep=False`` rolls back instead.
        Raises ``LogError``: ``read-only``, ``busy`` (another writer holds the lock for over a minute).
        """
        if self.read_only:
            raise LogError("read-only", "数据库以只读方式打开。", "The database is open for reading only.")
        with self._writers.connect() as conn:
            try:
                transaction = conn.begin()
                if not self.sqlite:
                    postgresql.wait_for_write_lock(conn, sqlite.BUSY_MILLISECONDS)
            except OperationalError as error:
                backend = sqlite if self.sqlite else postgresql
                if not backend.is_lock_timeout(error):
                    raise
                raise LogError(
                    "busy",
                    "另一个程序正在写入，请稍后重试。",
                    "Another program is writing; retry later.",
                ) from error
            with transaction:
                yield conn
                if keep:
                    seals.seal_written(conn)
                else:
                    transaction.rollback()

    @contextmanager
    def lock(self, name: Literal["worker", "collecting", "verifying", "mailing"]) -> Iterator[bool]:
        """Try to take a lock of the site. → whether this process holds it; never waits."""
        if self.file is not None:
            with file_lock(self.file.parent / f"{name}.lock") as acquired:
                yield acquired
            return
        with postgresql.site_lock(self.engine, name) as acquired:
            yield acquired

    def analyze(self, conn: Connection, *tables: Table) -> None:
        """Update PostgreSQL's planner statistics with rows of this transaction; no effect on SQLite."""
        if not self.sqlite:
            for table in tables:
                conn.execute(text(f'ANALYZE "{table.name}"'))

    def stored_size(self, conn: Connection, tables: Sequence[Table]) -> int:
        """Return the bytes that :meth:`vacuum` rewrites."""
        if self.file is not None:
            return self.file.stat().st_size
        sizes = (func.pg_total_relation_size(f'"{table.name}"') for table in tables)
        return sum(conn.execute(select(*sizes)).one())

    def vacuum(self, tables: Sequence[Table]) -> None:
        """Rewrite tables without deleted rows; on SQLite the whole file, while others read it.

        Raises ``LogError('erasure-incomplete')`` if readers prevent it.
        """
        if not self.sqlite:
            try:
                postgresql.rewrite(self._create_engine(NullPool), [table.name for table in tables])
            except OperationalError as error:
                if not postgresql.is_lock_timeout(error):
                    raise
                raise _erasure_incomplete() from error
            return
        with closing(self.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            connection.detach()  # closed at the end, with its own settings
            # Not in memory: the copy written by VACUUM is as large as the database.
            cursor.execute("PRAGMA temp_store = FILE")
            cursor.execute("VACUUM")
            # Only the pauses wait for readers: SQLite would wait with the write lock, a minute at each try.
            cursor.execute("PRAGMA busy_timeout = 0")
            for _ in range(_CHECKPOINT_TRIES):
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return
                time.sleep(_CHECKPOINT_PAUSE)
        raise _erasure_incomplete()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()


def _erasure_incomplete() -> LogError:
    return LogError(
        "erasure-incomplete",
        "删除已经发布，但数据库正被读取，旧数据尚未从磁盘删除，请稍后重试。",
        "The erasure is published, but a reader prevents the deletion of old data; retry later.",
    )


def inserted_key(result: CursorResult[Any]) -> int:
    """Return the key that the database assigned to the inserted row."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("not the result of one insert")
    return int(key[0])


def stream(conn: Connection, statement: Select[Any] | CompoundSelect[Any]) -> Iterator[Row[Any]]:
    """Fetch rows in batches, so that memory does not grow with them. The iterator closes its cursor."""
    with closing(conn.execute(statement, execution_options={"yield_per": 2_000})) as rows:
        for batch in rows.partitions():  # a third of the time of one row after the other
            yield from batch


def insert_many(conn: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert many rows through the driver directly, in a third of the time of named parameters."""
    quote = conn.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    marks = ", ".join(["?" if conn.dialect.name == "sqlite" else "%s"] * len(names))
    statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    conn.exec_driver_sql(statement, list(rows))


def contains(conn: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Condition that a column contains a text, case-sensitive."""
    find = func.instr if conn.dialect.name == "sqlite" else func.strpos
    return find(column, text) > 0


def among(conn: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Condition that a column has one of these values, texts or numbers, of which there may be any number.

    They are one parameter: a statement has at most 65,535 on PostgreSQL, and 32,766 on SQLite.
    """
    own = list(values)
    if conn.dialect.name == "sqlite":
        rows = func.json_each(msgspec.json.encode(own).decode()).table_valued("value")
        return column.in_(select(rows.c.value))
    return column == any_(literal(own, ARRAY(column.type)))


def json_text(conn: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Expression for a top-level member of a JSON column, by code point: a text as it is, a list as JSON."""
    if conn.dialect.name == "sqlite":
        return func.json_extract(column, f'$."{name}"')
    return func.json_extract_path_text(cast(column, JSON), name).collate("C")


@contextmanager
def _cancelled_on_interruption(conn: Connection) -> Iterator[None]:
    """Cancel what the server runs on this connection when the caller has gone."""
    signal = interruption.current()
    if signal is None:
        yield
        return
    driver: Any = conn.connection.driver_connection
    with signal.cancelling(driver.cancel):
        yield


@contextmanager
def file_lock(path: Path) -> Iterator[bool]:
    """Try to take the lock of a file, which is created. → whether this process holds it; never waits."""
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
