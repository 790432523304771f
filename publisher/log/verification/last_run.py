"""The last nightly verification: when it ran, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, insert, select

from publisher.log.clocks import micros, moment
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.database.verification_tables import verification_run
from publisher.log.releases.erased_files import FORGOTTEN

_MOST_LISTED = 20
_LONGEST = 500


class VerificationRun(msgspec.Struct, frozen=True):
    began_at: datetime
    ended_at: datetime
    problems: int
    listed: tuple[str, ...] = ()
    """The first problems."""
    error: str = ""
    """Why the run could not be completed; empty if it was."""

    @property
    def ok(self) -> bool:
        return not self.problems and not self.error


def read_run(conn: Connection) -> VerificationRun | None:
    row = conn.execute(select(verification_run)).first()
    if row is None:
        return None
    listed: Sequence[str] = msgspec.json.decode(row.listed)
    return VerificationRun(moment(row.began_at), moment(row.ended_at), row.problems, tuple(listed), row.error)


def store_run(conn: Connection, run: VerificationRun) -> None:
    """Replace the last run.

    If anything was erased since this one began, its texts are left out: they may quote it.
    """
    if _has_erased(conn, since=micros(run.began_at)):
        run = structs.replace(run, listed=(), error=FORGOTTEN if run.error else "")
    listed = [storable(problem)[:_LONGEST] for problem in run.listed[:_MOST_LISTED]]
    conn.execute(delete(verification_run))
    conn.execute(
        insert(verification_run).values(
            id=1,
            began_at=micros(run.began_at),
            ended_at=micros(run.ended_at),
            problems=run.problems,
            listed=msgspec.json.encode(listed).decode(),
            error=storable(run.error)[:_LONGEST],
        )
    )


def _has_erased(conn: Connection, *, since: int) -> bool:
    """Report whether records, or names of clerks, were erased since an instant."""
    b, c = t.release.c, e.entry.c
    records = select(b.sequence).join_from(t.record, t.release, b.sequence == t.record.c.erased_by)
    names = select(c.position).where(c.kind == "erasure", c.appended_at >= since)
    queries = (records.where(b.published_at >= since), names)
    return any(conn.execute(query.limit(1)).first() is not None for query in queries)
