"""The database's own integrity: its pages, strange triggers, and rows that refer to missing rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select, text

from publisher.log.database.all_tables import ALL_TABLES
from publisher.log.verification.problem import Problem

_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace ORDER BY tgname",
}
"""Lists the triggers of the site's tables: the program has none, and one would change what it writes."""


def check_pages(conn: Connection) -> list[Problem]:
    """Run the check of SQLite's pages and indexes. PostgreSQL has its own (``pg_amcheck``)."""
    if conn.dialect.name != "sqlite":
        return []
    messages = conn.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return [Problem(f"数据库 database: {message}") for message in messages if message != "ok"]


def check_database(conn: Connection) -> Iterator[Problem]:
    """Look for triggers and for references to missing rows."""
    for name in conn.scalars(text(_TRIGGERS[conn.dialect.name])):
        yield Problem(f"触发器 trigger {name}: 不是本程序建立的 something else than the program created it")
    for table in ALL_TABLES:
        for key in table.foreign_keys:
            parent = key.column.table.alias("parent")
            missing = (
                select(*table.primary_key.columns)
                .outerjoin(parent, parent.c[key.column.name] == key.parent)
                .where(key.parent.is_not(None), parent.c[key.column.name].is_(None))
            )
            for row in conn.execute(missing.limit(100)):
                where = f"表 table {table.name}, key {', '.join(map(str, row))}"
                yield Problem(f"{where}: {key.parent.name} 指向不存在的行 refers to a missing row")
