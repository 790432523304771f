"""PostgreSQL: its engine, bounds of statements and waits, locks of the site.

Everything also holds through a pooler in transaction mode (pgbouncer), where two transactions may run on two
connections of the server: no state outlives a transaction. See ``docs/postgresql.md``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Pool, Table, create_engine, event, func, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import DropSchema

_WRITE_LOCK = 0x51_44_01
_LOCKS = {"worker": 0x51_44_02, "collecting": 0x51_44_03, "verifying": 0x51_44_04, "mailing": 0x51_44_05}
_UNFINISHED = "qingdan_restoration"
"""Table that marks a database whose restoration did not come to its end."""
_SCHEMA_PREFIX = "qingdan_"
"""Beginning of the names of the schemas beside the log's."""
_POOLED = "qingdan_pooled"
_POOL_SECONDS = 10
"""Seconds to wait for one of the process's own connections."""

_TURN_MILLISECONDS, _TURNS, _TURN_PAUSE = 1_000, 20, 1.0


class ServerLimits(msgspec.Struct, frozen=True):
    """Bounds of this process on the database server. SQLite has no server, so it ignores them."""

    connections: int = 20
    """Connections that are open at once."""
    statement_seconds: int = 1_800
    """Seconds after which the server ends a statement."""
    application: str = "qingdan"
    """Name of the process in ``pg_stat_activity``."""


def with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def create_postgresql_engine(
    url: URL, limits: ServerLimits, *, poolclass: type[Pool] | None = None
) -> Engine:
    """Create the engine. ``poolclass``: another pool than one of ``limits.connections``."""
    sizes: dict[str, Any] = {"poolclass": poolclass}
    if poolclass is None:
        sizes = {"pool_size": limits.connections, "max_overflow": 0, "pool_timeout": _POOL_SECONDS}
    name = {} if "application_name" in url.query else {"application_name": limits.application}
    engine = create_engine(url, pool_pre_ping=True, connect_args=name, **sizes)
    milliseconds = limits.statement_seconds * 1_000

    def configure(driver: Any, record: Any) -> None:
        driver.autocommit = True
        backend = driver.execute("SELECT pg_backend_pid()").fetchone()[0]
        # A pooler answers with a key of its own instead of the process id of the server's connection.
        record.info[_POOLED] = pooled = backend != driver.info.backend_pid
        if pooled:
            driver.prepare_threshold = None
        else:
            driver.execute(f"SET statement_timeout = {milliseconds}")
            # A process that ended, or was killed with its caller, leaves no statement behind.
            driver.execute("SET client_connection_check_interval = '1s'")
        driver.autocommit = False

    def begin(conn: Connection) -> None:
        if conn.info.get(_POOLED):
            conn.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin)
    return engine


def wait_for_write_lock(conn: Connection, milliseconds: int) -> None:
    """Take the site's write lock for this transaction. Raises ``OperationalError`` after the wait."""
    conn.execute(select(func.set_config("lock_timeout", str(milliseconds), True)))  # noqa: FBT003 - SQL
    conn.execute(select(func.pg_advisory_xact_lock(_WRITE_LOCK)))
    conn.execute(select(func.set_config("lock_timeout", "0", True)))  # noqa: FBT003


def is_lock_timeout(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "55P03"


def allow_long_statements(conn: Connection) -> None:
    """Lift the bound of statements in this transaction."""
    conn.exec_driver_sql("SET LOCAL statement_timeout = 0")


def continue_keys(conn: Connection, tables: Iterable[Table]) -> None:
    """Let generated keys follow the largest key that was copied into a table: a copy does not count them."""
    for table in tables:
        name = ".".join(f'"{word}"' for word in (table.schema, table.name) if word)
        for key in table.primary_key.columns:
            sequence = conn.scalar(select(func.pg_get_serial_sequence(name, key.name)))
            largest = conn.scalar(select(func.max(key))) if sequence else None
            if largest is not None:
                conn.execute(select(func.setval(sequence, largest)))


def rewrite(engine: Engine, tables: Sequence[str]) -> None:
    """Rewrite tables without deleted rows, and dispose of the engine.

    Readers of a table wait while it is written. They also queue behind those that wait for its lock, so this
    waits briefly and tries again. Raises ``OperationalError`` if it never gets the lock.
    """
    try:
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
            if not conn.info.get(_POOLED):  # settings would reach other clients of a pooler
                conn.exec_driver_sql(f"SET lock_timeout = {_TURN_MILLISECONDS}")
                conn.exec_driver_sql("SET statement_timeout = 0")
            for table in tables:
                _rewrite_in_turn(conn, table)
    finally:
        engine.dispose()


def _rewrite_in_turn(conn: Connection, table: str) -> None:
    for tries_left in reversed(range(_TURNS)):
        try:
            conn.exec_driver_sql(f'VACUUM FULL "{table}"')
        except OperationalError as error:
            if tries_left == 0 or not is_lock_timeout(error):
                raise
            time.sleep(_TURN_PAUSE)
        else:
            return


@contextmanager
def site_lock(engine: Engine, name: str) -> Iterator[bool]:
    """Try to take a lock of the site. → whether this process holds it.

    A transaction holds the lock and not a session, which a pooler could pass on. It has no snapshot, so it
    does not hold up VACUUM.
    """
    with engine.connect() as conn:
        conn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        acquired = bool(conn.scalar(select(func.pg_try_advisory_xact_lock(_LOCKS[name]))))
        if not acquired:
            conn.rollback()
        yield acquired


def is_unfinished(conn: Connection) -> bool:
    """Report whether a restoration into the database did not come to its end."""
    return inspect(conn).has_table(_UNFINISHED)


def is_empty(conn: Connection) -> bool:
    """Report whether the database has no tables, nor schemas of a site."""
    return not inspect(conn).get_table_names() and not _schemas(conn)


def mark_unfinished(conn: Connection) -> None:
    """Mark an empty database, which is not opened until the mark is removed; empty one that has the mark."""
    if is_unfinished(conn):
        for schema in _schemas(conn):
            conn.execute(DropSchema(schema, cascade=True))
        for table in inspect(conn).get_table_names():
            conn.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')
    conn.exec_driver_sql(f"CREATE TABLE {_UNFINISHED} (begun_at timestamptz DEFAULT now())")


def mark_finished(conn: Connection) -> None:
    """Remove the mark."""
    conn.exec_driver_sql(f"DROP TABLE {_UNFINISHED}")


def _schemas(conn: Connection) -> list[str]:
    return [name for name in inspect(conn).get_schema_names() if name.startswith(_SCHEMA_PREFIX)]
