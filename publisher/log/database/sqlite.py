"""SQLite: its engine, the lock of a write, addresses of its file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Pool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from publisher.log.database import interruption
from publisher.log.database.subscription_tables import subscription

BUSY_MILLISECONDS = 60_000
"""Time for which a write waits for another one."""
_INTERRUPTION_STEPS = 50_000
"""Instructions of SQLite's virtual machine, a few milliseconds, between two looks at the interruption."""
_PRIMARY_CODE = 0xFF


def create_sqlite_engine(url: URL, *, read_only: bool = False, poolclass: type[Pool] | None = None) -> Engine:
    """Create the engine. Its write transactions (execution option ``qingdan_write``) take the write lock.

    Its connections are as many as the threads that use it, which settings bound.
    """
    medium = _read_only_medium(url) if read_only else None
    sizes: dict[str, Any] = {"poolclass": poolclass} if poolclass else {"pool_size": 16, "max_overflow": -1}
    engine = create_engine(medium or url, **sizes)

    def configure(connection: Any, _record: Any) -> None:
        # Transactions begin in `begin_write` and `Database.read`, never implicitly in the driver.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: an announced release survives a power failure, not only a killed process.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -131072")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()
        connection.set_progress_handler(interruption.is_interrupted, _INTERRUPTION_STEPS)

    def begin_write(conn: Connection) -> None:
        if conn.get_execution_options().get("qingdan_write", False):
            conn.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", begin_write)
    return engine


def hide_secrets(connection: Any, _record: Any) -> None:
    """Let nothing read secrets of webhooks on a connection; a listener for ``connect``."""
    connection.set_authorizer(_refuse_secrets)


def _refuse_secrets(action: int, table: str | None, *_: str | None) -> int:
    is_secret = action == sqlite3.SQLITE_READ and table == subscription.name
    return sqlite3.SQLITE_DENY if is_secret else sqlite3.SQLITE_OK


def _read_only_medium(url: URL) -> str | None:
    """Return the URL of a file in a folder that this process cannot write, or None if it can."""
    file = Path(url.database or "").absolute()
    return f"sqlite:///{read_only_address(file)}&uri=true" if _is_immutable(file) else None


def sqlite_url(file: Path) -> URL:
    """Return the URL of a SQLite database, whose path may contain ``?``, ``#`` or ``%``."""
    return URL.create("sqlite", database=str(file))


def read_only_address(file: Path) -> str:
    """Return the ``file:`` address by which SQLite reads a database, wherever it lies."""
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    return f"{address}&immutable=1" if _is_immutable(file) else address


def _is_immutable(file: Path) -> bool:
    """Report whether a database is read as if nobody wrote it: this process cannot write its folder.

    SQLite cannot create its lock files there, and needs none if no write-ahead log was left next to the file.
    Another user, or another mount, that writes the folder meanwhile is not noticed: what was read at first
    goes on being shown. Neither permissions nor the flags of the mount tell whether there is one.
    """
    wal = file.with_name(file.name + "-wal")
    has_log = wal.exists() and wal.stat().st_size > 0
    return file.exists() and not os.access(file.parent, os.W_OK) and not has_log


def is_lock_timeout(error: OperationalError) -> bool:
    """Report whether another writer held the lock for too long. A disk that fails is another error."""
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return bool(code & _PRIMARY_CODE == sqlite3.SQLITE_BUSY)
