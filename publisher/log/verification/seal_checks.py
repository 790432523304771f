"""Rows that no entry determines: each is compared with the seal that the program wrote with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, select

from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.sealing import seals
from publisher.log.verification.problem import Problem, guard

_NAMES = ("name", "url", "id", "number")
"""Columns by which people know a row."""


def check_seals(conn: Connection) -> Iterator[Problem]:
    """Name every row that was changed by something else than the program."""
    for table in seals.SEALED:
        yield from guard(f"表 table {table.name}", partial(_check_table, conn, table))


def _check_table(conn: Connection, table: Table) -> Iterator[Problem]:
    names = [column.name for column in table.c]
    for row in stream(conn, select(table)):
        sealed = dict(zip(names, row, strict=True))
        if table is t.outbox and not row.seal:
            continue  # :mod:`.queue_checks` compares rows as they were inserted
        if sealed["seal"] != seals.compute_seal(table.name, sealed):
            yield Problem(
                f"{_place(table, row)}: 不是本程序写入的内容，与封存值不符 "
                "changed by something else than the program: it does not match its seal"
            )


def _place(table: Table, row: Any) -> str:
    key = ", ".join(str(getattr(row, column.name)) for column in table.primary_key.columns)
    name = next((getattr(row, name) for name in _NAMES if name in table.c), "")
    return f"表 table {table.name}, {key} {name}".rstrip()
