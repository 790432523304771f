"""Days and instants in the form that both databases store: ordinals and microseconds."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FOREVER = 2**62
"""The value of an open end, for days and for microseconds."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Time zone of the days of legal effect."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_ahead(instant: datetime, now: datetime) -> bool:
    """Report whether an instant that was recorded lies ahead, so that the clock was wrong then.

    ``now``: of the harvest that asks. Some of the instants that it records are by the machine's own clock.
    """
    return instant > max(now, utc_now())


def micros(moment: datetime) -> int:
    """Convert to microseconds since the epoch. Raises ``ValueError`` for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(4096)  # what one release wrote shares its moment
def moment(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def moment_or_none(value: int) -> datetime | None:
    return None if value >= FOREVER else moment(value)


def known_instant(known_at: datetime | None) -> int:
    """Convert the instant as of which something is known; by default all that is known now."""
    return FOREVER - 1 if known_at is None else micros(known_at)


def day_or_none(value: int) -> date | None:
    return None if value >= FOREVER else date.fromordinal(value)


def ordinal(day: str) -> int:
    """Return the ordinal of a day in ISO format, as the tables store it."""
    return date.fromisoformat(day).toordinal()


def day_at(instant: datetime) -> date:
    """The day in Asia/Shanghai on which an instant falls; the last day that there is for later ones."""
    try:
        return instant.astimezone(SHANGHAI).date()
    except OverflowError:
        return date.max


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of a shorter one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def start_of(day: date) -> datetime:
    """The first instant of a day in Asia/Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def is_day(text: str) -> bool:
    """Report whether a text is a day of the calendar, ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
