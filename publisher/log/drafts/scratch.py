"""Previews without the site's write lock: tables are changed in temporary copies that hide them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Column, ColumnElement, Connection, Index, MetaData, Table, insert, select, true
from sqlalchemy.schema import CreateIndex, CreateTable

from publisher.log.database.connection import Database


@contextmanager
def scratch(database: Database, copies: Mapping[Table, ColumnElement[bool] | None]) -> Iterator[Connection]:
    """Open one state of the log in which some tables can be written; nothing of it is stored.

    ``copies``: these tables, and which of their rows are needed (None: all). Both databases look for a name
    among the temporary tables first, so statements need not know. The connection is new and ends with the
    block, so that no statement was prepared on it before the copies existed.
    """
    with database.connect_alone() as conn:
        for table, condition in copies.items():
            _copy_into_temporary(conn, table, true() if condition is None else condition)
        for table in copies:
            conn.exec_driver_sql(f'ALTER TABLE "{_name(table)}" RENAME TO "{table.name}"')
        database.analyze(conn, *copies)
        yield conn


def _name(table: Table) -> str:
    """Name of a copy until all are complete."""
    return f"scratch_{table.name}"


def _copy_into_temporary(conn: Connection, table: Table, condition: ColumnElement[bool]) -> None:
    columns = (
        Column(c.name, c.type, primary_key=c.primary_key, autoincrement=c.autoincrement) for c in table.c
    )
    copy = Table(_name(table), MetaData(), *columns, prefixes=["TEMPORARY"])
    if conn.dialect.name == "sqlite":
        conn.execute(CreateTable(copy))  # without foreign keys, which would have to be temporary too
        for index in table.indexes:
            conn.execute(CreateIndex(Index(index.name, *(copy.c[c.name] for c in index.columns))))
    else:  # new keys come from the sequence of the table itself
        like = f'(LIKE "{table.name}" INCLUDING ALL) ON COMMIT DROP'
        conn.exec_driver_sql(f'CREATE TEMPORARY TABLE "{copy.name}" {like}')
    conn.execute(insert(copy).from_select([c.name for c in table.c], select(table).where(condition)))
