"""Publications that wait for their time, and those that failed then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from publisher.desk.accounts import audit_log
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, moment

_s = t.schedule.c


class Schedule(msgspec.Struct, frozen=True):
    """A publication that an account has set for an instant, of exactly what has this digest."""

    submission: int
    dataset: str
    digest: str
    account: str
    at: datetime
    fault_zh: str = ""
    fault_en: str = ""
    """Why it was not published then; empty: it waits."""

    @property
    def is_waiting(self) -> bool:
        return not self.fault_zh


class Schedules:
    """Schedules, at most one for each submission."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store

    def all(self) -> Mapping[int, Schedule]:
        """Return all that wait and all that failed, by their submission."""
        with self._store.read() as conn:
            return {row.submission: _schedule(row) for row in conn.execute(select(t.schedule))}

    def due(self, now: datetime) -> Sequence[Schedule]:
        """List those whose time has come, in its order."""
        is_due = (_s.at <= micros(now)) & (_s.fault_zh == "")
        with self._store.read() as conn:
            rows = conn.execute(select(t.schedule).where(is_due).order_by(_s.at, _s.submission)).all()
        return [_schedule(row) for row in rows]

    def put(self, new: Schedule, now: datetime, event: Mapping[str, Any]) -> None:
        """Set or replace the time of a submission; ``event`` as :func:`.audit_log.append`."""
        values = {
            "submission": new.submission,
            "dataset": new.dataset,
            "digest": new.digest,
            "account": new.account,
            "at": micros(new.at),
            "fault_zh": new.fault_zh,
            "fault_en": new.fault_en,
        }
        with self._store.write() as conn:
            conn.execute(delete(t.schedule).where(_s.submission == new.submission))
            conn.execute(t.schedule.insert().values(**values))
            audit_log.append(conn, "scheduled", at=micros(now), **event)

    def remove(self, submission: int, now: datetime, event: Mapping[str, Any] | None = None) -> bool:
        """Remove a schedule → whether there was one. ``event``: of a person who takes it back."""
        with self._store.write() as conn:
            removed = bool(conn.execute(delete(t.schedule).where(_s.submission == submission)).rowcount)
            if removed and event is not None:
                audit_log.append(conn, "unscheduled", at=micros(now), **event)
        return removed

    def fail(self, one: Schedule, zh: str, en: str, now: datetime, event: Mapping[str, Any]) -> None:
        """Note why nothing was published; it is not tried again."""
        is_it = (_s.submission == one.submission) & (_s.digest == one.digest) & (_s.at == micros(one.at))
        with self._store.write() as conn:
            changed = conn.execute(update(t.schedule).where(is_it).values(fault_zh=zh, fault_en=en))
            if changed.rowcount:
                audit_log.append(conn, "schedule-failed", at=micros(now), **event)


def _schedule(row: Any) -> Schedule:
    return Schedule(
        submission=row.submission,
        dataset=row.dataset,
        digest=row.digest,
        account=row.account,
        at=moment(row.at),
        fault_zh=row.fault_zh,
        fault_en=row.fault_en,
    )
