"""The database's own integrity: its pages, and rows that refer to missing rows."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from publisher.log.database.all_tables import ALL_TABLES
from publisher.log.verification.problem import Problem


def check_database(conn: Connection) -> Iterator[Problem]:
    """Run the check of SQLite's pages and indexes, and look for references to missing rows."""
    if conn.dialect.name == "sqlite":
        for (message,) in conn.exec_driver_sql("PRAGMA integrity_check").all():
            if message != "ok":
                yield Problem(f"数据库 database: {message}")
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
