"""A whole site carried from one database to another, and every row of it held against its twin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from publisher.log.blob_store import Folder, Rows, Sources, digest_of
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, stream
from publisher.log.database.upgrade import migrate
from publisher.log.model import LogError
from publisher.log.releases import hash_chain

_BATCH = 2_000
_WHOLE = 2**256
_TABLES: tuple[Table, ...] = tuple(
    table for table in t.metadata.sorted_tables if table.name != "source_bytes"
)
"""In an order in which what is named comes first."""

type Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was carried over; every digest is the same on both sides."""

    rows: Mapping[str, int]
    digests: Mapping[str, str]
    """Table → SHA-256 over its rows, whatever their order."""
    sources: int
    releases: int


def move(
    here: Database, sources: Sources, there_url: str, *, folder: Path, progress: Progress | None = None
) -> Moved:
    """Copy a site into an empty database and verify it there. The old one is left as it is.

    ``folder``: where the bytes of sources go, if the new database is SQLite. No one may publish meanwhile:
    the lock of writers is held throughout. All rows come in one transaction, and none stays where a digest
    differs.

    Raises ``LogError``: ``move-target`` (something is there already), ``move-differs``.
    """
    there = Database(there_url)
    tell = progress or (lambda _step, _done, _total: None)
    try:
        if there.url == here.url:
            raise _not_empty()
        migrate(there)
        kept: Sources = Folder(folder) if there.sqlite else Rows(there)
        with here.write(keep=False) as old:
            count = _carry_sources(old, sources, kept, tell)
            with there.write() as new:
                if new.scalar(select(func.count()).select_from(t.site)):
                    raise _not_empty()
                rows = {table.name: _carry(old, new, table, tell) for table in _TABLES}
                digests = _same(old, new, tell)
                _continue_keys(there, new)
                there.analyze(new, *_TABLES)
                found = hash_chain.verify(new)
                if not found.ok:
                    raise _differs("; ".join(found.problems[:3]))
        return Moved(rows, digests, count, found.releases)
    finally:
        there.close()


def _carry(old: Connection, new: Connection, table: Table, tell: Progress) -> int:
    done, names = 0, [column.name for column in table.columns]
    total = old.scalar(select(func.count()).select_from(table)) or 0
    for batch in stream(old, select(table)).partitions(_BATCH):
        new.execute(insert(table), [dict(zip(names, row, strict=True)) for row in batch])
        done += len(batch)
        tell(table.name, done, total)
    return done


def _continue_keys(there: Database, new: Connection) -> None:
    """PostgreSQL counts keys apart from the rows: the next one follows the largest that arrived."""
    if there.sqlite:
        return
    for table in _TABLES:
        key = next(iter(table.primary_key.columns))
        counter = new.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', key.name)))
        largest = new.scalar(select(func.max(key))) if counter else None
        if largest is not None:
            new.execute(select(func.setval(counter, largest)))


def _same(old: Connection, new: Connection, tell: Progress) -> Mapping[str, str]:
    digests = {}
    for table in _TABLES:
        tell(f"核验 verifying {table.name}", 0, None)
        digests[table.name] = digest(old, table)
        if digest(new, table) != digests[table.name]:
            raise _differs(table.name)
    return digests


def digest(conn: Connection, table: Table) -> str:
    """SHA-256 of each row, added up: alike on both databases, in whatever order rows come."""
    total = 0
    for row in stream(conn, select(table)):
        total += int.from_bytes(hashlib.sha256(repr(_plain(row)).encode()).digest())
    return f"{total % _WHOLE:064x}"


def _plain(row: Sequence[Any]) -> list[Any]:
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]


def _carry_sources(old: Connection, sources: Sources, kept: Sources, tell: Progress) -> int:
    """Bytes go first: they are durable before anything names them."""
    named = old.scalars(select(t.import_.c.digest).distinct().order_by(t.import_.c.digest)).all()
    wanted = [name for name in named if sources.has(old, name)]
    for n, name in enumerate(wanted, start=1):
        kept.put(name, sources.get(name))
        if digest_of(kept.get(name)) != name:
            raise _differs(name)
        tell("原始存档 sources", n, len(wanted))
    return len(wanted)


def _not_empty() -> LogError:
    return LogError(
        "move-target",
        "目标数据库中已有站点，只能迁移到空的数据库。",
        "There is a site there already; only an empty database takes one in.",
    )


def _differs(what: str) -> LogError:
    return LogError(
        "move-differs",
        f"迁移后的数据与原数据不一致：{what}。原站点没有变化，请清空目标后重试。",
        f"What arrived is not what left: {what}. The old site is untouched; empty the target and try again.",
        details=(what,),
    )
