"""Promised limits against statutory ones, and names in the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from publisher.ingest.exceeded_limits import exceeds
from publisher.ingest.tables.segmentation import redact_names
from schemas.definition.catalogue import Json
from tests.publisher.ingest.workbooks import codes, csv_bytes, read_workbook


@pytest.mark.parametrize(
    ("promised", "statutory", "longer"),
    [
        ((4, "周"), (20, "自然日"), True),
        ((200, "分钟"), (1, "小时"), True),
        ((3, "周"), (1, "月"), False),
        ((60, "分钟"), (1, "小时"), False),
        ((18, "自然日"), (15, "日"), False),
        ((1, "月"), (15, "日"), False),
        ((20, "工作日"), (15, "日"), True),
        ((15, "工作日"), (15, "日"), False),
        ((20, "日"), (15, "日"), True),
        ((20, "日"), (15, "自然日"), True),
        ((20, "日"), (15, "工作日"), False),
        ((1, "工作日"), (8, "小时"), False),
        ((3, "工作日"), (24, "小时"), False),
        ((2, "工作日"), (8, "小时"), True),
        ((1, "自然日"), (8, "小时"), False),
        ((25, "小时"), (1, "自然日"), False),
        ((49, "小时"), (1, "自然日"), True),
        ((5, "工作日"), (0, "即时"), False),
    ],
)
def test_limits_of_two_units_compare_where_the_calendar_and_the_sense_of_the_units_do_not_matter(
    promised: tuple[int, str], statutory: tuple[int, str], *, longer: bool
) -> None:
    first: dict[str, Json] = {"value": promised[0], "unit": promised[1]}
    second: dict[str, Json] = {"value": statutory[0], "unit": statutory[1]}
    assert exceeds(first, second) is longer


_HOLIDAYS = range(274, 282)
"""1 to 8 October of a year, by its days."""
_UNITS = ("分钟", "小时", "自然日", "日", "工作日", "周", "月", "年")


def _is_working_day(day: datetime) -> bool:
    return day.weekday() < 5 and day.timetuple().tm_yday not in _HOLIDAYS


def _last_moments(start: datetime, value: int, unit: str) -> Iterator[tuple[str, datetime]]:
    """Yield the end of a limit in each sense of its unit."""
    midnight = start.replace(hour=0) + timedelta(days=1)
    days = {"自然日": value, "日": value, "周": 7 * value}
    if unit in {"分钟", "小时"}:
        minutes = value * (60 if unit == "小时" else 1)
        yield "clock", start + timedelta(minutes=minutes)
        moment = start
        while minutes > 0:
            spent = min(minutes, 480) if _is_working_day(moment) else 0
            minutes -= spent
            moment += timedelta(days=1) if minutes else timedelta(minutes=spent)
        yield "work", moment
    if unit in days:
        yield "clock", midnight + timedelta(days=days[unit])
    if unit in {"日", "工作日"}:
        day, left = midnight, value
        while left:
            left -= _is_working_day(day)
            day += timedelta(days=1)
        yield "work", day
    if unit in {"月", "年"}:
        months = start.month - 1 + value * (12 if unit == "年" else 1)
        first = midnight.replace(year=start.year + months // 12, month=months % 12 + 1, day=1)
        after = (first + timedelta(days=31)).replace(day=1)
        yield "clock", min(first + timedelta(days=start.day), after)


@pytest.mark.slow
@pytest.mark.parametrize("statutory", [(n, unit) for unit in _UNITS for n in (1, 8, 15, 24)], ids=str)
@pytest.mark.parametrize("unit", _UNITS)
def test_the_least_limit_that_is_longer_ends_later_whenever_it_begins(
    unit: str, statutory: tuple[int, str]
) -> None:
    limit: dict[str, Json] = {"value": statutory[0], "unit": statutory[1]}
    least = next((n for n in range(1, 800) if exceeds({"value": n, "unit": unit}, limit)), 0)
    of_one_sense = unit == statutory[1] or {unit, statutory[1]} == {"分钟", "小时"}
    for number in range(0, 366 if least else 0, 5):
        start = datetime(2023, 1, 1, 9, tzinfo=UTC) + timedelta(days=number)
        for sense, end in _last_moments(start, least, unit):
            for other, statutory_end in _last_moments(start, *statutory):
                if sense == other or not of_one_sense:
                    assert end > statutory_end


def test_half_a_month_of_a_licence_is_no_number_of_working_days() -> None:
    data = csv_bytes(["事项名称", "权力类型", "法定期限", "承诺期限"], ["甲", "行政许可", "20日", "半个月"])
    reading = read_workbook(data)
    assert reading.records[0].content["statutory_limit"] == {"value": 20, "unit": "工作日"}
    assert reading.records[0].content["promised_limit"] == {"value": 15, "unit": "自然日"}
    assert codes(reading) == ["limit-converted"]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("填表人：张　三", "填表人：…"),
        ("填报人（签字）：王五", "填报人（签字）：…"),
        ("填表人员签字：赵六", "填表人员签字：…"),
        ("填表人：张三 日期：5月", "填表人：… 日期：5月"),
    ],
)
def test_the_name_of_who_signed_is_not_in_the_report(text: str, redacted: str) -> None:
    assert redact_names(text) == redacted
