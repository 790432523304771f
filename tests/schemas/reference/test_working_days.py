"""Working days: weekdays, holidays and the weekends that are worked instead."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schemas.reference.working_days import WorkingDays, count_working_days, is_working_day


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (date(2026, 11, 2), date(2026, 11, 2), 0),  # the first day does not count
        (date(2026, 11, 2), date(2026, 11, 30), 20),
        (date(2025, 9, 26), date(2025, 10, 9), 4),  # 28 September was worked, 1 to 8 October were off
        (date(2020, 1, 1), date(2020, 2, 5), 20),  # the spring holidays of 2020 were prolonged
        (date(2026, 12, 31), date(2026, 12, 1), 0),
    ],
)
def test_days_are_counted_from_the_next(start: date, end: date, count: int) -> None:
    assert count_working_days(start, end, most=100) == WorkingDays(count, [])


def test_a_year_without_a_notice_counts_weekdays_and_is_named() -> None:
    assert count_working_days(date(2003, 9, 30), date(2003, 10, 10), most=100) == WorkingDays(8, [2003])
    assert count_working_days(date(2026, 12, 25), date(2126, 1, 1), most=21).unknown_years == [2027]


def test_counting_ends_at_the_most_that_matter() -> None:
    assert count_working_days(date.min, date.max, most=21).count == 21


def test_every_known_year_has_its_holidays() -> None:
    for year in range(2004, 2027):
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        assert 240 <= sum(map(is_working_day, days)) <= 256, year
        assert not is_working_day(date(year, 1, 1))
        assert not is_working_day(date(year, 10, 1))
