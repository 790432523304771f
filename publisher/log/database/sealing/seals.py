"""Seals: a digest of each row that no entry of the log determines, such as drafts, pages and subscriptions.

An INSERT or UPDATE of the program marks the row, and the end of its transaction replaces the mark by the
digest. Rows of drafts, which are many, are inserted with their digest; those of the outbox have none until an
update. A row that was changed in another way no longer has its digest, so verification names it. A seal shows
damage and careless changes; it has no key, so somebody who knows the program can compute it again. What was
published does not depend on it.

A column that is added later must be NULL in the rows that exist; otherwise its migration sets ``seal`` to ''
in all rows of the table and calls :func:`seal_all`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, bindparam, select, update

from publisher.log.database.all_tables import ALL_TABLES
from publisher.log.database.sealing.sealed_columns import MARK, UNSEALED, take_marked_tables

SEALED: Sequence[Table] = tuple(table for table in ALL_TABLES if "seal" in table.c)
_encode = msgspec.json.Encoder(order="sorted").encode


def compute_seal(table: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of the table's name and of the row's columns that are not NULL, hexadecimal."""
    # Names of columns are a subclass of str, which the encoder refuses.
    columns = {str(name): value for name, value in row.items() if value is not None and name != "seal"}
    return hashlib.sha256(_encode((str(table), columns))).hexdigest()


def seal_written(conn: Connection) -> None:
    """Seal the rows that the transaction of ``conn`` wrote."""
    tables = take_marked_tables(conn)
    for table in SEALED:
        if table.name in tables:
            _seal(conn, table, table.c.seal == MARK)


def seal_all(conn: Connection) -> None:
    """Seal the rows that were written before there were seals."""
    for table in SEALED:
        if table.c.seal.default is not None:
            _seal(conn, table, table.c.seal == "")


def _seal(conn: Connection, table: Table, condition: ColumnElement[bool]) -> None:
    keys = list(table.primary_key.columns)
    rows = conn.execute(select(table).where(condition, UNSEALED)).mappings().all()
    statement = update(table).where(*(key == bindparam(f"of_{key.name}") for key in keys))
    if rows:
        conn.execute(statement.values(seal=bindparam("new_seal")), list(_seals(table, keys, rows)))


def _seals(table: Table, keys: Sequence[Any], rows: Iterable[Mapping[Any, Any]]) -> Iterable[dict[str, Any]]:
    for row in rows:
        values = {column.name: row[column] for column in table.c}
        yield {**{f"of_{key.name}": row[key] for key in keys}, "new_seal": compute_seal(table.name, values)}
