"""Rows of the table ``finding``: computed for all records, or for those that releases touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, func, insert, select

from publisher.checks.all_checks import CHECKS
from publisher.checks.check import Publisher
from publisher.log.database import tables as t
from publisher.log.database.derived import finding_tables as f
from publisher.log.findings.derivation import derive
from publisher.log.findings.record_states import (
    DatasetIndex,
    StateReader,
    checks_with_states,
    stated_complete,
)
from publisher.log.session import Session

_BATCH = 500

type Row = dict[str, Any]
"""Column → value."""


class Run(msgspec.Struct, frozen=True):
    """The last update of the findings."""

    release: int
    """Sequence of the last release that was checked; 0 before the first."""
    inputs: str
    """Versions of checks, catalogues and publishers, on which findings depend besides releases, as JSON."""


def instant_of_release(conn: Connection, sequence: int) -> int:
    """Return the instant at which a release or the last one before it was published; 0 before the first."""
    published_at = t.release.c.published_at
    return conn.scalar(select(func.max(published_at)).where(t.release.c.sequence <= sequence)) or 0


def read_run(conn: Connection) -> Run:
    row = conn.execute(select(f.finding_run)).first()
    return Run(0, "{}") if row is None else Run(row.release, row.inputs)


def last_release(conn: Connection) -> int:
    return conn.scalar(select(t.site.c.release_sequence)) or 0


def read_datasets(session: Session, conn: Connection) -> DatasetIndex:
    d = t.dataset.c
    rows = conn.execute(select(d.key, d.name, d.catalogue_digest, d.details)).all()
    return DatasetIndex(
        {row.key: row.name for row in rows},
        {row.key: session.catalogue(conn, row.catalogue_digest) for row in rows},
        {row.key: _publisher(msgspec.json.decode(row.details)) for row in rows},
    )


def _publisher(details: Mapping[str, Any]) -> Publisher:
    return Publisher(details.get("body") or "", details.get("division") or "")


def current_inputs(datasets: DatasetIndex) -> str:
    inputs = {
        "checks": {check.code: check.version for check in CHECKS},
        "catalogues": {name: datasets.catalogues[key].digest for key, name in datasets.names.items()},
        "publishers": {name: datasets.publishers[key] for key, name in datasets.names.items()},
    }
    return msgspec.json.encode(inputs, order="sorted").decode()


def is_current(inputs: str, current: str) -> bool:
    """Test whether findings computed with ``inputs`` hold; a dataset that was added since changes none."""
    before, now = msgspec.json.decode(inputs), msgspec.json.decode(current)
    return before.get("checks") == now["checks"] and all(
        now[kind].get(name) == value
        for kind in ("catalogues", "publishers")
        for name, value in before.get(kind, {}).items()
    )


def touched_records(conn: Connection, release: int) -> Sequence[int]:
    """List the records that releases after one changed or erased."""
    changed = select(t.change.c.record).where(t.change.c.release > release)
    erased = select(t.record.c.key).where(t.record.c.erased_by > release)
    return conn.scalars(changed.union(erased)).all()


def is_known_list_touched(conn: Connection, datasets: DatasetIndex, release: int) -> bool:
    """Test whether a release after one is of a list from which checks take what they know."""
    whole = {name for check in CHECKS for name in check.needs if name not in check.complete_only}
    complete = {name for check in CHECKS for name in check.complete_only}
    needed = [key for name in whole for key in datasets.of_catalogue(name)]
    needed += stated_complete(
        conn, datasets, [key for name in complete for key in datasets.of_catalogue(name)]
    )
    of_needed = select(t.release.c.sequence).where(
        t.release.c.sequence > release, t.release.c.dataset.in_(needed)
    )
    return conn.execute(of_needed.limit(1)).first() is not None


def compute_rows(
    conn: Connection, datasets: DatasetIndex, instant: int, records: Sequence[int] | None = None
) -> Iterator[Row]:
    """Yield the rows of some records, or of all, as known at an instant. Each record is read once."""
    reader = StateReader(conn, datasets, instant)
    checks = [(set(datasets.concerned(check)), check, k) for check, k in checks_with_states(reader, datasets)]
    keys = sorted(set[int]().union(*(own for own, _, _ in checks)))
    for states in reader.of_datasets(keys, records):
        for own, check, known_states in checks:
            if states[0].dataset in own:
                for row, period in derive(check, states, known_states):
                    yield structs.asdict(row) | structs.asdict(period)


def write_rows(conn: Connection, rows: Iterable[Row]) -> None:
    for batch in batched(rows, _BATCH):
        conn.execute(insert(f.finding), list(batch))


def write_run(conn: Connection, run: Run) -> None:
    conn.execute(delete(f.finding_run))
    conn.execute(insert(f.finding_run).values(id=1, release=run.release, inputs=run.inputs))


def forget(conn: Connection) -> None:
    """Delete every row, so that the next update checks all records again."""
    conn.execute(delete(f.finding))
    conn.execute(delete(f.finding_run))


def delete_of_records(conn: Connection, records: Sequence[int]) -> None:
    for batch in batched(records, _BATCH):
        conn.execute(delete(f.finding).where(f.finding.c.record.in_(batch)))
