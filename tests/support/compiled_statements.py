"""Statements that SQLAlchemy has compiled, shared by all databases that a test process opens.

SQLAlchemy keeps them for each engine, and most tests open a new database: compiling the same statements again
took a third of their time. The statements are those that every engine of the same kind would compile.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event

_CAPACITY = 4_000


class CompiledStatements(MutableMapping[Any, Any]):
    """Cache whose keys begin with the class of the dialect, not with the dialect of one engine."""

    def __init__(self) -> None:
        self._compiled: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._compiled[_of_the_class(key)]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self._compiled) >= _CAPACITY:
            self._compiled.clear()
        self._compiled[_of_the_class(key)] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._compiled[_of_the_class(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._compiled)

    def __len__(self) -> int:
        return len(self._compiled)


def _of_the_class(key: Any) -> Any:
    dialect, *statement = key
    return type(dialect), *statement


def share() -> None:
    """Let every connection of this process use one cache."""
    statements = CompiledStatements()

    @event.listens_for(Engine, "engine_connect")
    def use(conn: Connection) -> None:
        conn.execution_options(compiled_cache=statements)
