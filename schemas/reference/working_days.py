"""Working days in China (工作日): weekdays without the holidays of a year, with the weekends worked instead.

``schemas/data/holidays.json`` has the days of each year as the State Council's notices state them: ``off``,
days or ``first/last`` of consecutive days, and ``work``, weekends on which people work. A notice for the next
year comes out each autumn; a year without its own counts every weekday.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources

import msgspec

_DAY = timedelta(days=1)


class WorkingDays(msgspec.Struct, frozen=True):
    """``unknown_years``: those whose holidays are not known, so that every weekday was counted."""

    count: int
    unknown_years: Sequence[int]


class _Year(msgspec.Struct, frozen=True):
    off: frozenset[date]
    work: frozenset[date]


def count_working_days(start: date, end: date, *, most: int) -> WorkingDays:
    """Count the working days after ``start`` until ``end``, at most ``most``: the first day does not count.

    Civil Code, article 201 (民法典第二百零一条): the day on which a period begins is not part of it.
    """
    count, unknown, day = 0, dict[int, None](), start + _DAY
    while day <= end and count < most:
        if day.year not in _years():
            unknown[day.year] = None
        count += is_working_day(day)
        day += _DAY
    return WorkingDays(count, list(unknown))


def is_working_day(day: date) -> bool:
    """Test whether people work on a day; in a year without known holidays on every weekday."""
    year = _years().get(day.year)
    is_weekday = day.weekday() < 5
    return is_weekday if year is None else day in year.work or (is_weekday and day not in year.off)


@cache
def _years() -> dict[int, _Year]:
    text = resources.files("schemas").joinpath("data", "holidays.json").read_text("utf-8")
    return {
        int(year): _Year(frozenset(_days(own["off"])), frozenset(_days(own["work"])))
        for year, own in json.loads(text)["years"].items()
    }


def _days(texts: Sequence[str]) -> Iterator[date]:
    for text in texts:
        first, _, last = text.partition("/")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            yield day
            day += _DAY
