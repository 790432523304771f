"""The column ``seal`` of tables that nothing in the log determines; see :mod:`.seals`."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects import postgresql

MARK = secrets.token_hex(8)
"""Seal of a row that the running transaction wrote. It is never committed, and nobody else can guess it."""
UNSEALED = text("length(seal) < 64")
"""Condition of the partial index through which marked rows are found."""
_SEAL = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_MARKED_TABLES = "qingdan_written"
"""Key of ``Connection.info``: names of the tables in which the transaction marked rows."""


def sealed(table: str, *key: str) -> tuple[Column[str], Index]:
    """Column and index for a table whose every row is sealed when its transaction ends."""
    mark = _marker(table)
    return Column("seal", _SEAL, nullable=False, server_default="", default=mark, onupdate=mark), Index(
        f"{table}_unsealed", *(key or ("key",)), sqlite_where=UNSEALED, postgresql_where=UNSEALED
    )


def sealed_on_update(table: str) -> Column[str]:
    """Column for a table whose rows can be rebuilt as they were inserted, but not after an update."""
    return Column("seal", _SEAL, nullable=False, server_default="", onupdate=_marker(table))


def _marker(table: str) -> Any:
    def mark(context: Any) -> str:
        context.root_connection.info.setdefault(_MARKED_TABLES, set()).add(table)
        return MARK

    return mark


def take_marked_tables(conn: Any) -> set[str]:
    """Return the names of the tables in which this transaction marked rows, and forget them."""
    tables: set[str] = conn.info.pop(_MARKED_TABLES, set())
    return tables
