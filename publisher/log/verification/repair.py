"""Repair of derived rows. What is replaced, which may be secret, is written to a file of the owner first."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, delete, exists, func, select, update

from publisher.log import registry
from publisher.log.citations import graph_rows
from publisher.log.commitments import status_rows
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.database.sealing import seals
from publisher.log.findings import finding_rows
from publisher.log.releases import bitemporal_spans, field_values, span_rebuild
from publisher.log.session import Session
from publisher.log.verification import table_checks
from publisher.log.verification.problem import Derived, Problem
from publisher.log.verification.revision_checks import ReleaseFinder, fields_by_release
from schemas.definition.catalogue import Catalogue

_BATCH = 500
_DERIVED_LATER: Mapping[Derived, Callable[[Connection], None]] = {
    "graph": graph_rows.forget,
    "finding": finding_rows.forget,
    "commitment": status_rows.forget,
}
"""Rows that the worker derives again once they are deleted."""
_KEYS = {"record": t.record.c.key, "revision": t.revision.c.key, "release": t.release.c.sequence}


def repair(
    session: Session,
    conn: Connection,
    problems: Iterable[Problem],
    catalogues: Mapping[str, Catalogue],
    file: Path,
) -> int:
    """Repair the problems, in the transaction of ``conn``. → their number.

    ``file`` is created. It is deleted again if an exception prevents the repair.
    """
    tables: dict[Derived, dict[tuple[Any, ...], None]] = defaultdict(dict)
    columns: list[Problem] = []
    count = 0
    with _create(file) as output:
        for problem in problems:
            count += 1
            output.write(msgspec.json.encode(_line(problem)) + b"\n")
            if problem.derived == "site" or problem.derived in _KEYS:
                columns.append(problem)
            else:
                tables[problem.derived][problem.key] = None
        output.flush()
        os.fsync(output.fileno())
        _write_columns(conn, columns)
        if tables["value"]:
            _rewrite_values(conn, sorted(key for (key,) in tables["value"]), catalogues)
        if tables["span"] or any(problem.derived == "revision" for problem in columns):
            span_rebuild.rebuild_spans(session.database, conn, session.clock())
        elif tables["tally"]:
            for dataset in sorted({key[0] for key in tables["tally"]}):
                bitemporal_spans.recount(conn, dataset)
        for derived, forget in _DERIVED_LATER.items():
            if tables[derived]:
                forget(conn)
    return count


@contextmanager
def _create(file: Path) -> Iterator[BinaryIO]:
    """Create a file of the owner, and delete it again after an exception: nothing was replaced."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as output:
            yield output
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def invalidate_caches(conn: Connection, now: datetime) -> None:
    """Raise ``named_at`` of every dataset, on which all validators depend, also those of other processes.

    A row that was changed by something else keeps its seal, so that verification still names it.
    """
    d = t.dataset.c
    for row in conn.execute(select(t.dataset).order_by(d.key)).mappings().all():
        registry.raise_named_at(conn, row[d.key], now)
        if row[d.seal] != seals.compute_seal(t.dataset.name, {c.name: row[c] for c in t.dataset.c}):
            conn.execute(update(t.dataset).where(d.key == row[d.key]).values(seal=row[d.seal]))


def _line(problem: Problem) -> dict[str, Any]:
    return {
        "table": problem.derived,
        "key": problem.key,
        "where": problem.where,
        "field": problem.field,
        "stored": problem.stored,
        "rebuilt": problem.rebuilt,
    }


def _write_columns(conn: Connection, problems: Iterable[Problem]) -> None:
    """Write columns that the log determines."""
    identities: dict[int, Any] = {}
    for problem in problems:
        if problem.field == "record.identity":
            identities[problem.key[0]] = problem.rebuilt
        else:
            _write_column(conn, problem)
    _write_identities(conn, identities)


def _write_column(conn: Connection, problem: Problem) -> None:
    name = problem.field.partition(".")[2]
    if problem.derived == "site":
        conn.execute(update(t.site).values({name: problem.rebuilt}))
        return
    column = _KEYS[problem.derived]
    conn.execute(update(column.table).where(column == problem.key[0]).values({name: problem.rebuilt}))


def _write_identities(conn: Connection, identities: Mapping[int, Any]) -> None:
    """Write the identities of records, by their keys. A dataset has each identity once.

    All are cleared first, because records may have interchanged them. Of two with the same one, the record
    with the newer revision took it.
    """
    r, v, other = t.record.c, t.revision.c, t.record.alias().c
    conn.execute(update(t.record).where(among(conn, r.key, identities)).values(identity=None))
    newest_first = (
        select(v.record)
        .where(among(conn, v.record, identities))
        .group_by(v.record)
        .order_by(func.max(v.key).desc())
    )
    for key in conn.scalars(newest_first).all():
        is_taken = exists().where(other.dataset == r.dataset, other.identity == identities[key])
        conn.execute(update(t.record).where(r.key == key, ~is_taken).values(identity=identities[key]))


def _rewrite_values(conn: Connection, revisions: list[int], catalogues: Mapping[str, Catalogue]) -> None:
    releases = table_checks.read_releases(conn)
    finder, fields = ReleaseFinder(conn, releases), fields_by_release(releases, catalogues)
    v = t.revision.c
    for batch in batched(revisions, _BATCH):
        conn.execute(delete(t.value).where(t.value.c.revision.in_(batch)))
        rows = conn.execute(
            select(v.key, v.content).where(v.key.in_(batch), v.content.is_not(None)).order_by(v.key)
        ).all()
        for row in rows:
            release = finder.find(row.key)
            if release is not None and (names := fields[release.sequence]) is not None:
                field_values.insert_values(conn, release.dataset, names, [(row.key, row.content)])
