"""Transfer of a whole site to another database, with verification of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, insert, inspect, select, update

from publisher.log.blob_store import BlobStore, DatabaseBlobs, FolderBlobs, digest_of
from publisher.log.database import postgresql
from publisher.log.database import tables as t
from publisher.log.database.all_tables import ALL_TABLES
from publisher.log.database.connection import Database, stream
from publisher.log.database.upgrade import migrate
from publisher.log.evidence import harvested_pages
from publisher.log.model import LogError
from publisher.log.session import Session
from publisher.log.verification.integrity import Integrity, Scope

_BATCH = 2_000
_MODULUS = 2**256
_MOST_PROBLEMS = 3
_TABLES: tuple[Table, ...] = tuple(table for table in ALL_TABLES if table.name != "source_bytes")

type CopyProgress = Callable[[str, int, int | None], None]
"""Called with a table or step, and the rows done so far and in all (None: not known)."""


class MoveReport(msgspec.Struct, frozen=True):
    """Counts and digests of a transfer; every digest is equal in both databases."""

    rows: Mapping[str, int]
    digests: Mapping[str, str]
    """Table → SHA-256 over its rows, independent of their order."""
    sources: int
    releases: int


def move(
    session: Session, there_url: str, *, folder: Path, progress: CopyProgress | None = None
) -> MoveReport:
    """Copy a site into an empty database and verify the copy as a whole. The old one is not changed.

    ``folder``: destination of the bytes of sources if the new database is SQLite. The write lock is held, so
    nothing can be published meanwhile. All rows are written in one transaction, which is rolled back if a
    digest differs.

    Raises ``LogError``: ``move-target`` (the target is not empty), ``move-differs``, ``move-damaged``.
    """
    here, sources = session.database, session.sources
    there = Database(there_url)
    report = progress or (lambda _step, _count, _total: None)
    try:
        if there.url == here.url:
            raise _not_empty()
        _refuse_site(there)  # before its tables are upgraded, and files written to its folder
        migrate(there)
        blobs: BlobStore = FolderBlobs(folder) if there.sqlite else DatabaseBlobs(there)
        with here.write(keep=False) as old:
            count = _copy_sources(old, sources, blobs, report)
            with there.write() as new:
                if new.scalar(select(func.count()).select_from(t.site)):
                    raise _not_empty()
                rows = {table.name: _copy_table(old, new, table, report) for table in _TABLES}
                digests = _verify_tables(old, new, report)
                if not there.sqlite:
                    postgresql.continue_keys(new, _TABLES)
                there.analyze(new, *_TABLES)
                _verify_copy(Session(there, blobs, session.clock, session.files, session.keys), new, report)
        return MoveReport(rows, digests, count, rows[t.release.name])
    finally:
        there.close()


def _refuse_site(there: Database) -> None:
    """Refuse a database with a site, of any version."""
    if not there.exists():
        return
    with there.read() as conn:
        if inspect(conn).has_table(t.site.name) and conn.scalar(select(func.count()).select_from(t.site)):
            raise _not_empty()


def _copy_table(old: Connection, new: Connection, table: Table, report: CopyProgress) -> int:
    count, names = 0, [column.name for column in table.columns]
    total = old.scalar(select(func.count()).select_from(table)) or 0
    # A row may refer to one that comes after it: a part that was merged into a newer one.
    links = [c.name for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
    linked: list[dict[str, Any]] = []
    for batch in batched(stream(old, select(table)), _BATCH):
        rows = [dict(zip(names, row, strict=True)) for row in batch]
        if links:
            linked += (row for row in rows if any(row[link] is not None for link in links))
            rows = [row | dict.fromkeys(links) for row in rows]
        new.execute(insert(table), rows)
        count += len(batch)
        report(table.name, count, total)
    for row in linked:
        own = [column == row[column.name] for column in table.primary_key]
        new.execute(update(table).where(*own).values(row))  # with its seal
    return count


def _verify_copy(session: Session, new: Connection, report: CopyProgress) -> None:
    """Compare everything derived in the copy with a rebuild, and read its sources."""
    report("核验 verifying", 0, None)
    # All of them, so that no cursor stays open.
    problems = list(Integrity(session).check(new, Scope(sources=True)))[:_MOST_PROBLEMS]
    if problems:
        raise _damaged("; ".join(map(str, problems)))


def _verify_tables(old: Connection, new: Connection, report: CopyProgress) -> Mapping[str, str]:
    digests = {}
    for table in _TABLES:
        report(f"核验 verifying {table.name}", 0, None)
        digests[table.name] = table_digest(old, table)
        if table_digest(new, table) != digests[table.name]:
            raise _differs(table.name)
    return digests


def table_digest(conn: Connection, table: Table) -> str:
    """Add up the SHA-256 of each row: equal on both databases, independent of the order of rows."""
    total = 0
    for row in stream(conn, select(table)):
        total += int.from_bytes(hashlib.sha256(repr(_plain(row)).encode()).digest())
    return f"{total % _MODULUS:064x}"


def _plain(row: Sequence[Any]) -> list[Any]:
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]


def _copy_sources(old: Connection, sources: BlobStore, blobs: BlobStore, report: CopyProgress) -> int:
    """Copy bytes before rows, so that they are durable before a row refers to them."""
    imported = old.scalars(select(t.import_.c.digest).distinct())
    referenced = sorted({*imported, *harvested_pages.existing_digests(old)})
    digests = [digest for digest in referenced if sources.has(old, digest)]
    for n, digest in enumerate(digests, start=1):
        blobs.put(digest, sources.get(digest))
        if digest_of(blobs.get(digest)) != digest:
            raise _differs(digest)
        report("原始存档 sources", n, len(digests))
    return len(digests)


def _not_empty() -> LogError:
    return LogError(
        "move-target",
        "目标数据库中已有站点，只能迁移到空的数据库。",
        "The target database already contains a site; move to an empty database.",
    )


def _differs(place: str) -> LogError:
    return LogError(
        "move-differs",
        f"迁移后的数据与原数据不一致：{place}。原站点没有变化，请清空目标后重试。",
        f"The copied data differ from the original: {place}. The old site is unchanged; empty the target and "
        "retry.",
        details=(place,),
    )


def _damaged(problems: str) -> LogError:
    return LogError(
        "move-damaged",
        f"站点核验有问题，没有迁移：{problems}。请先运行 qingdan verify --sources 查看，修复后重试。",
        f"The site does not verify, so it was not moved: {problems}. Run `qingdan verify --sources`, repair "
        "it and retry.",
        details=(problems,),
    )
