"""Pauses after failed sign-ins, which grow; the same for names that no account has."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from publisher.desk.accounts import tables as t
from publisher.log.clocks import micros, moment
from publisher.log.model import LogError

FREE_FAILURES = 5
"""Failures up to the first pause: people mistype."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_FORGOTTEN = timedelta(days=1)
"""After so long without a failure the count begins again."""

_f = t.failure.c


def count_attempt(conn: Connection, name: str, now: datetime) -> int:
    """Count an attempt as a failure, and set the pause after it → failures in a row. ``name``: its MAC.

    It is counted before the password is checked, in a transaction that excludes other writers: of guesses at
    the same time no more pass than one after another. :func:`forget_failures` follows if it was right.

    Raises ``LogError('sign-in-paused')`` while the name has to wait.
    """
    _require_no_pause(conn, name, now)
    return _count(conn, name, now)


def _require_no_pause(conn: Connection, name: str, now: datetime) -> None:
    until = conn.scalar(select(_f.until).where(_f.name == name))
    if until is not None and until > micros(now):
        minutes = int((moment(until) - now).total_seconds()) // 60 + 1
        raise LogError(
            "sign-in-paused",
            f"多次登录失败，请{minutes}分钟后再试。",
            f"Too many failures; try again in {minutes} minutes.",
        )


def _count(conn: Connection, name: str, now: datetime) -> int:
    conn.execute(delete(t.failure).where(_f.failed_at <= micros(now - _FORGOTTEN)))
    count = (conn.scalar(select(_f["count"]).where(_f.name == name)) or 0) + 1
    conn.execute(delete(t.failure).where(_f.name == name))
    conn.execute(
        t.failure.insert().values(
            name=name, count=count, failed_at=micros(now), until=micros(now + pause_after(count))
        )
    )
    return count


def pause_after(failures: int) -> timedelta:
    """Return the pause after so many failures in a row: one minute, two, four, at most an hour."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def forget_failures(conn: Connection, name: str) -> None:
    conn.execute(delete(t.failure).where(_f.name == name))
