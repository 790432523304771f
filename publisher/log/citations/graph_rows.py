"""Rows of works, citations and effects: derived after a release, deleted with an erasure, verified."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select

from publisher.log.citations.revision_graph import VERSION, read_graph
from publisher.log.database import tables as t
from publisher.log.database.connection import insert_many, stream
from publisher.log.database.derived import graph_tables as g
from publisher.log.database.grouped_rows import GroupedRows
from publisher.log.database.storable_text import storable
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue

TABLES: tuple[Table, ...] = (g.citation, g.work_name, g.effect)
_CITATION = ("revision", "field", "item", "start", "article", "end", "work", "kind", "place", "role")
_WORK = ("name", "revision", "key", "kind")
_EFFECT = (
    *("revision", "position", "kind", "source", "target", "article", "day"),
    *("field", "item", "start", "end"),
)
_NAMES: Mapping[str, Sequence[str]] = {"citation": _CITATION, "work_name": _WORK, "effect": _EFFECT}
_BATCH = 5_000
"""Rows that one transaction writes, which a publication has to wait for."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode

type Row = tuple[Any, ...]
type Rows = Mapping[str, Sequence[Row]]
"""Table → rows, with the columns of :data:`_NAMES`."""


class Run(NamedTuple):
    """How far the rows have come by the rules of this program."""

    revision: int
    """Key of the last revision that was read; 0 before the first."""
    release: int
    """The release that brought it, or a release before that one."""


class Batch(NamedTuple):
    """Rows of the revisions that follow ``before``, up to ``after``."""

    before: Run
    after: Run
    rows: Mapping[str, list[Row]]


def read_run(conn: Connection) -> Run:
    run = g.graph_run.c
    row = conn.execute(select(run.revision, run.release).where(run.version == VERSION)).first()
    return Run(0, 0) if row is None else Run(*row)


def is_current(conn: Connection) -> bool:
    """Report whether every revision was read by the rules of this program."""
    return read_run(conn).revision >= _last_revision(conn)


def compute_batch(session: Session, conn: Connection, ends: ReleaseEnds) -> Batch | None:
    """Compute the next rows, some thousands. → None if every revision was read."""
    before, last = read_run(conn), _last_revision(conn)
    if before.revision >= last:
        return None
    rows: dict[str, list[Row]] = {table.name: [] for table in TABLES}
    after = before
    for key, release, digest, content in _contents(conn, before, ends):
        for name, own in rows_of(key, session.catalogue(conn, digest), content).items():
            rows[name] += own
        after = Run(key, release)
        if sum(map(len, rows.values())) >= _BATCH:
            return Batch(before, after, rows)
    return Batch(before, Run(max(last, after.revision), after.release), rows)


def write_batch(conn: Connection, batch: Batch) -> None:
    """Replace the rows of the revisions of a batch, unless another process wrote them meanwhile."""
    if read_run(conn) != batch.before:
        return
    first, last = batch.before.revision, batch.after.revision
    v = t.revision.c
    erased = set(conn.scalars(select(v.key).where(v.key > first, v.key <= last, v.content.is_(None))))
    for table in TABLES:
        of_batch = table.c.revision.between(first + 1, last)
        conn.execute(delete(table).where(of_batch))  # by older rules
        column = _NAMES[table.name].index("revision")
        rows = [row for row in batch.rows[table.name] if row[column] not in erased]
        for some in batched(rows, _BATCH):
            insert_many(conn, table, _NAMES[table.name], some)
    conn.execute(delete(g.graph_run))
    conn.execute(insert(g.graph_run).values(id=1, version=VERSION, **batch.after._asdict()))


def forget(conn: Connection) -> None:
    """Delete every row, so that the next update reads all revisions again."""
    for table in (*TABLES, g.graph_run):
        conn.execute(delete(table))


def delete_of_revisions(conn: Connection, revisions: Any) -> None:
    """Delete the rows of a selection of revisions."""
    for table in TABLES:
        conn.execute(delete(table).where(table.c.revision.in_(revisions)))


def rows_of(key: int, catalogue: Catalogue, content: str) -> Rows:
    """Return the rows of a revision."""
    works, citations, effects = read_graph(catalogue, _decode(content))
    return {
        "citation": [(key, field, item, *place) for field, item, place in citations],
        "work_name": [(storable(one.name), key, storable(one.key), one.kind) for one in works],
        "effect": [
            (
                *(key, position, one.kind, storable(one.source)),
                *(None if one.target is None else storable(one.target), one.article, one.day),
                *(one.field, one.item, one.start, one.end),
            )
            for position, one in enumerate(effects)
        ],
    }


class StoredRows:
    """The rows that are stored, taken revision by revision in the order of their keys."""

    def __init__(self, conn: Connection) -> None:
        self._tables = {table.name: _read_rows(conn, table) for table in TABLES}

    def take(self, revision: int) -> Rows:
        """Return the rows of a revision; each revision taken is later than the one before."""
        return {name: sorted(rows.take(revision), key=repr) for name, rows in self._tables.items()}

    def strays(self) -> Iterator[int]:
        """Yield the revisions of rows for which no :meth:`take` asked. To be called after the last one."""
        for one in self._tables.values():
            yield from one.strays()


def _read_rows(conn: Connection, table: Table) -> GroupedRows[Row]:
    """Read the rows of a table, with the columns of :data:`_NAMES`."""
    columns = [table.c[name] for name in _NAMES[table.name]]
    rows: Iterable[Row] = map(tuple, stream(conn, select(*columns).order_by(table.c.revision)))
    return GroupedRows(rows, itemgetter(_NAMES[table.name].index("revision")))


def _last_revision(conn: Connection) -> int:
    return conn.scalar(select(func.max(t.revision.c.key))) or 0


class ReleaseEnds:
    """The last revision of each release, kept in memory: looking for it reads all changes of the release."""

    def __init__(self) -> None:
        self._last_revisions: dict[int, int | None] = {}

    def of_releases(self, conn: Connection, first: int) -> Iterator[tuple[int, int, str]]:
        """Yield the last revision, the sequence and the digest of the catalogue of releases from one on.

        Without releases that brought no revision. Keys of revisions grow with the releases.
        """
        before, b, c = 0, t.release.c, t.change.c
        query = select(b.sequence, b.catalogue_digest).where(b.sequence >= first).order_by(b.sequence)
        for sequence, digest in conn.execute(query).all():
            if sequence not in self._last_revisions:
                last = conn.scalar(select(func.max(c.revision)).where(c.release == sequence))
                self._last_revisions[sequence] = last
            revision = self._last_revisions[sequence]
            if revision is not None and revision > before:
                before = revision
                yield revision, sequence, digest


def _contents(conn: Connection, after: Run, ends: ReleaseEnds) -> Iterator[tuple[int, int, str, str]]:
    """Yield key, release, digest of the catalogue and content of each revision after one, by key."""
    v = t.revision.c
    releases = list(ends.of_releases(conn, after.release))
    contents = select(v.key, v.content).where(v.key > after.revision, v.content.is_not(None))
    for row in stream(conn, contents.order_by(v.key)):
        n = bisect_left(releases, row.key, key=itemgetter(0))
        if n < len(releases):
            _, sequence, digest = releases[n]
            yield row.key, sequence, digest, row.content
