"""Rows of works, citations and effects: written with a release, deleted with an erasure, verified."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched, groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select

from publisher.log.citations.revision_graph import VERSION, RevisionGraph, read_graph
from publisher.log.database import graph_tables as g
from publisher.log.database import tables as t
from publisher.log.database.connection import insert_many, stream
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
_decode = msgspec.json.Decoder(dict[str, Any]).decode

type Row = tuple[Any, ...]
type Rows = Mapping[str, Sequence[Row]]
"""Table → rows, with the columns of :data:`_NAMES`."""


def derive(conn: Connection, catalogue: Catalogue, *, after: int) -> None:
    """Write the rows of all revisions after the key ``after``."""
    v = t.revision.c
    query = select(v.key, v.content).where(v.key > after, v.content.is_not(None))
    _insert(conn, ((row.key, catalogue, row.content) for row in stream(conn, query)))


def rebuild(session: Session, conn: Connection) -> None:
    """Derive the rows of every revision anew."""
    for table in TABLES:
        conn.execute(delete(table))
    _insert(conn, _contents(session, conn))
    mark_current(conn)


def is_current(conn: Connection) -> bool:
    """Report whether the rows were derived by the rules of this program."""
    return conn.scalar(select(g.graph_run.c.version)) == VERSION


def mark_current(conn: Connection) -> None:
    conn.execute(delete(g.graph_run))
    conn.execute(insert(g.graph_run).values(id=1, version=VERSION))


def delete_of_revisions(conn: Connection, revisions: Any) -> None:
    """Delete the rows of a selection of revisions."""
    for table in TABLES:
        conn.execute(delete(table).where(table.c.revision.in_(revisions)))


def rows_of(key: int, catalogue: Catalogue, content: str) -> Rows:
    """Return the rows of a revision."""
    graph = read_graph(catalogue, _decode(content))
    return {
        "citation": list(_citation_rows(key, graph)),
        "work_name": [(storable(one.name), key, storable(one.key), one.kind) for one in graph.works],
        "effect": [
            (
                *(key, position, one.kind, storable(one.source)),
                *(None if one.target is None else storable(one.target), one.article, one.day),
                *(one.field, one.item, one.start, one.end),
            )
            for position, one in enumerate(graph.effects)
        ],
    }


def _citation_rows(key: int, graph: RevisionGraph) -> Iterator[Row]:
    places: set[tuple[str, int, int, int]] = set()
    for one in graph.citations:
        work = one.work
        place = (one.field, one.item, work.start, work.article)
        if place not in places:
            places.add(place)
            yield (key, *place, work.end, storable(work.key), work.kind, work.place, work.role)


class StoredRows:
    """The rows that are stored, taken revision by revision in the order of their keys."""

    def __init__(self, conn: Connection) -> None:
        self._tables = [_Groups(conn, table) for table in TABLES]

    def take(self, revision: int) -> Rows:
        """Return the rows of a revision; its successors follow."""
        return {one.name: one.take(revision) for one in self._tables}

    def strays(self) -> Iterator[int]:
        """Yield the revisions that were never taken, at the end."""
        for one in self._tables:
            yield from one.strays()


class _Groups:
    def __init__(self, conn: Connection, table: Table) -> None:
        self.name = table.name
        columns = [table.c[name] for name in _NAMES[table.name]]
        rows: Iterable[Row] = map(tuple, stream(conn, select(*columns).order_by(table.c.revision)))
        self._groups = groupby(rows, key=itemgetter(_NAMES[table.name].index("revision")))
        self._strays: list[int] = []
        self._advance()

    def _advance(self) -> None:
        key, group = next(self._groups, (None, iter(())))
        self._key: int | None = key
        self._rows = sorted(group, key=repr)

    def take(self, revision: int) -> Sequence[Row]:
        while self._key is not None and self._key < revision:
            self._strays.append(self._key)
            self._advance()
        if self._key != revision:
            return []
        rows = self._rows
        self._advance()
        return rows

    def strays(self) -> Iterator[int]:
        yield from self._strays
        while self._key is not None:
            yield self._key
            self._advance()


def _insert(conn: Connection, revisions: Iterable[tuple[int, Catalogue, str]]) -> None:
    waiting: dict[str, list[Row]] = {table.name: [] for table in TABLES}
    for revision in revisions:
        for name, rows in rows_of(*revision).items():
            waiting[name] += rows
        if len(waiting["citation"]) >= _BATCH:
            _flush(conn, waiting)
    _flush(conn, waiting)


def _flush(conn: Connection, waiting: Mapping[str, list[Row]]) -> None:
    for table in TABLES:
        for batch in batched(waiting[table.name], _BATCH):
            insert_many(conn, table, _NAMES[table.name], batch)
        waiting[table.name].clear()


def _contents(session: Session, conn: Connection) -> Iterator[tuple[int, Catalogue, str]]:
    """Yield each revision with the catalogue of the release that brought it."""
    v, c, last, digests = t.revision.c, t.change.c, list[int](), list[str]()
    query = (
        select(func.max(c.revision), t.release.c.catalogue_digest)
        .join_from(t.change, t.release, t.release.c.sequence == c.release)
        .group_by(c.release, t.release.c.catalogue_digest)
        .order_by(c.release)
    )
    for largest, digest in conn.execute(query).all():  # keys of revisions grow with the releases
        if largest is not None and (not last or largest > last[-1]):
            last.append(largest)
            digests.append(digest)
    for row in stream(conn, select(v.key, v.content).where(v.content.is_not(None)).order_by(v.key)):
        place = bisect_left(last, row.key)
        if place < len(last):
            yield row.key, session.catalogue(conn, digests[place]), row.content
