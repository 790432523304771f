"""SQLite files, for queries on the data."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec

from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.definition.catalogue import Field

_SQL = {"integer": "INTEGER", "boolean": "INTEGER"}


def write_sqlite(path: Path, about: About, rows: Rows) -> None:
    """Write tables ``records``, ``fields`` (the columns) and ``about``. Decimals are exact, as text."""
    fields = table_cells.public_fields(about.catalogue)
    own = ("part TEXT", "release INTEGER NOT NULL", "effective_from TEXT NOT NULL", "revision TEXT NOT NULL")
    columns = (
        "id TEXT PRIMARY KEY",
        *(f"{_quote(f.name)} {_SQL.get(f.type, 'TEXT')}" for f in fields),
        *own,
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.execute(f"CREATE TABLE records ({', '.join(columns)})")
        db.execute("CREATE TABLE fields (name TEXT, title TEXT, title_en TEXT, type TEXT, unit TEXT)")
        db.execute("CREATE TABLE about (name TEXT, value TEXT)")
        db.executemany(
            "INSERT INTO fields VALUES (?, ?, ?, ?, ?)",
            [(f.name, f.title, f.title_en, f.type, f.unit) for f in fields],
        )
        db.executemany("INSERT INTO about VALUES (?, ?)", about.facts())
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO records VALUES ({marks})"  # noqa: S608 - question marks alone
        for batch in batched(rows(), 1_000):
            db.executemany(insert, [_row(state, fields) for state in batch])
        db.execute("COMMIT")


def _row(state: StateRow, fields: Sequence[Field]) -> list[Any]:
    record, content, part, release, effective_from, revision = state
    get = table_cells.decode(content).get
    values = [get(f.name) for f in fields]
    for n, value in enumerate(values):
        if isinstance(value, list | dict):
            values[n] = msgspec.json.encode(value).decode()
    return [record, *values, part, release, table_cells.day(effective_from), revision]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
