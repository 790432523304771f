"""Statements of the hottest reads: compiled once, then handed to the driver itself.

Of the time of such a read SQLAlchemy's own execution is four fifths (37 of 45 µs, SQLite); nothing but
these few statements is worth going around it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True, slots=True)
class _Text:
    """The statement as one driver takes it."""

    sql: str
    order: tuple[str, ...] | None
    """Names in the order of the marks; None where the driver takes names."""
    fixed: Mapping[str, Any]
    """The statement's own values, such as that of LIMIT."""
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]
    """For the columns that the driver does not give as they are meant, such as SQLite's booleans."""

    def values(self, asked: Mapping[str, Any]) -> Mapping[str, Any] | Sequence[Any]:
        named = {**self.fixed, **asked}
        return named if self.order is None else [named[name] for name in self.order]

    def streaming(self) -> tuple[str, ...]:
        """What the driver is told when a cursor must not fetch all rows at once: psycopg wants a name."""
        return () if self.order is not None else (f"stream_{uuid4().hex}",)


class Prepared:
    """A SELECT whose parameters are all named and plain: texts and whole numbers, no lists."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._row = namedtuple("Row", [c.key or "" for c in statement.selected_columns])  # type: ignore[misc]  # its fields are the statement's columns
        self._texts: dict[str, _Text] = {}

    def first(self, conn: Connection, asked: Mapping[str, Any]) -> Any:
        """The first row, by names, or None; in the transaction of ``conn`` like any other read.

        Raises ``OperationalError`` of SQLAlchemy, as its own execution does.
        """
        rows = self._run(conn, asked, 1)
        return rows[0] if rows else None

    def all(self, conn: Connection, asked: Mapping[str, Any]) -> list[Any]:
        """As :meth:`first`, every row."""
        return self._run(conn, asked, None)

    def _run(self, conn: Connection, asked: Mapping[str, Any], most: int | None) -> list[Any]:
        if not conn.in_transaction():
            conn.begin()
        text = self._text(conn)
        driver: Any = conn.connection.driver_connection
        try:
            cursor = driver.execute(text.sql, text.values(asked))
            try:
                found = cursor.fetchall() if most is None else cursor.fetchmany(most)
            finally:
                cursor.close()
        except conn.dialect.loaded_dbapi.OperationalError as error:
            raise OperationalError(text.sql, {}, error) from error
        return [self._row(*(self._read(text, row) if text.readers else row)) for row in found]

    def batches(self, conn: Connection, asked: Mapping[str, Any], size: int) -> Iterator[list[Any]]:
        """All rows as the driver gives them, ``size`` at a time; a server keeps those not read yet."""
        if not conn.in_transaction():
            conn.begin()
        text = self._text(conn)
        cursor: Any = conn.connection.cursor(*text.streaming())
        with closing(cursor):
            cursor.execute(text.sql, text.values(asked))
            while rows := cursor.fetchmany(size):
                yield rows if not text.readers else [self._read(text, row) for row in rows]

    def _text(self, conn: Connection) -> _Text:
        return self._texts.get(conn.dialect.name) or self._compile(conn)

    @staticmethod
    def _read(text: _Text, row: Sequence[Any]) -> Sequence[Any]:
        row = list(row)
        for place, read in text.readers:
            row[place] = read(row[place])
        return row

    def _compile(self, conn: Connection) -> _Text:
        compiled = self._statement.compile(dialect=conn.dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("a SELECT compiles to nothing else")
        order = tuple(compiled.positiontup or ()) if compiled.positional else None
        readers = tuple(
            (place, read)
            for place, column in enumerate(self._statement.selected_columns)
            if (read := column.type.dialect_impl(conn.dialect).result_processor(conn.dialect, None))
        )
        text = _Text(compiled.string, order, dict(compiled.params), readers)
        self._texts[conn.dialect.name] = text
        return text
