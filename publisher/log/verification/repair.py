"""Repair of derived rows. What is replaced, which may be secret, is written to a file of the owner first."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from publisher.log import registry
from publisher.log.citations import graph_rows
from publisher.log.commitments import status_rows
from publisher.log.database import tables as t
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
    """Repair the problems, in the transaction of ``conn``. → their number."""
    tables: dict[Derived, dict[tuple[Any, ...], None]] = defaultdict(dict)
    columns: list[Problem] = []
    count = 0
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as output:
        for problem in problems:
            count += 1
            output.write(msgspec.json.encode(_line(problem)) + b"\n")
            if problem.derived == "site" or problem.derived in _KEYS:
                columns.append(problem)
            else:
                tables[problem.derived][problem.key] = None
        output.flush()
        os.fsync(handle)
    for problem in columns:
        _write_column(conn, problem)
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


def _write_column(conn: Connection, problem: Problem) -> None:
    """Write one column that the log determines."""
    name = problem.field.partition(".")[2]
    if problem.derived == "site":
        conn.execute(update(t.site).values({name: problem.rebuilt}))
        return
    column = _KEYS[problem.derived]
    conn.execute(update(column.table).where(column == problem.key[0]).values({name: problem.rebuilt}))


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
