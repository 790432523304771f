"""Findings and statuses of commitments, compared with those that are derived again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from publisher.log.commitments import status_rows
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.derived import commitment_tables as ct
from publisher.log.database.derived import finding_tables as f
from publisher.log.findings import finding_rows
from publisher.log.session import Session
from publisher.log.verification.problem import Problem

_KEY = ("id", "known_from", "effective_from")


def check_findings(session: Session, conn: Connection) -> Iterator[Problem]:
    """Compare all findings with a rebuild as of the last release that was checked.

    Findings that are computed again anyway (a newer check, another catalogue) are not compared, nor are those
    of records that were erased since.
    """
    run, datasets = finding_rows.read_run(conn), finding_rows.read_datasets(session, conn)
    if not finding_rows.is_current(run.inputs, finding_rows.current_inputs(datasets)):
        return
    instant = finding_rows.instant_of_release(conn, run.release)
    rebuilt = {_key(row): row for row in finding_rows.compute_rows(conn, datasets, instant)}
    erased = t.record.c.erased_by > run.release
    erased_since = set(conn.scalars(select(t.record.c.key).where(erased)))
    for stored in stream(conn, select(f.finding)):
        row = stored._asdict()
        if row["record"] not in erased_since:
            yield from _compare(row, rebuilt.pop(_key(row), None))
    for key, row in rebuilt.items():
        yield Problem(_where(row), "finding", None, row["cites"], derived="finding", key=key)


def _compare(stored: dict[str, Any], rebuilt: dict[str, Any] | None) -> Iterator[Problem]:
    key = _key(stored)
    if rebuilt is None:
        yield Problem(_where(stored), "finding", stored["cites"], None, derived="finding", key=key)
        return
    for name, value in stored.items():
        if value != rebuilt[name]:
            yield Problem(_where(stored), f"finding.{name}", value, rebuilt[name], derived="finding", key=key)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _where(row: dict[str, Any]) -> str:
    return f"待核问题 finding {row['id']}"


def check_commitments(session: Session, conn: Connection) -> Iterator[Problem]:
    """Compare all statuses with a rebuild as of the last release that was read.

    They are not compared while they wait to be derived again: by other rules, or after an erasure, which
    takes evidence away at every instant.
    """
    run, datasets = status_rows.read_run(conn), finding_rows.read_datasets(session, conn)
    erased = select(t.record.c.key).where(t.record.c.erased_by > run.release).limit(1)
    is_waiting = run.inputs != status_rows.current_run(conn, datasets).inputs
    if is_waiting or conn.execute(erased).first() is not None:
        return
    rebuilt = {_status_key(row): row for row in status_rows.compute_rows(conn, datasets, run)}
    for row in conn.execute(select(ct.commitment_status)).all():
        stored = row._asdict()
        expected = rebuilt.pop(_status_key(stored), None)
        if stored != expected:
            yield _status_problem(stored, stored, expected)
    for row_ in rebuilt.values():
        yield _status_problem(row_, None, row_)


def _status_key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["record"], row["known_from"], row["effective_from"]


def _status_problem(
    row: dict[str, Any], stored: dict[str, Any] | None, rebuilt: dict[str, Any] | None
) -> Problem:
    where = f"任务状态 status of commitment {row['record']}"
    values = _text(stored), _text(rebuilt)
    return Problem(where, "commitment_status", *values, derived="commitment", key=_status_key(row))


def _text(row: dict[str, Any] | None) -> str | None:
    return None if row is None else " ".join(f"{name}={value}" for name, value in sorted(row.items()))
