"""Limits compare within one unit and by the named rule; anything else compares with nothing."""

from __future__ import annotations

import pytest

from schemas.cells.limit_comparison import ListedLimit, compare_limits, read_listed_limit
from schemas.definition.catalogue import Json


@pytest.mark.parametrize(
    "value",
    [
        {"value": True, "unit": "工作日"},
        {"value": 1.5, "unit": "工作日"},
        {"value": "5", "unit": "工作日"},
        {"value": 5},
        {"value": 5, "unit": "工作日", "more": 1},
        {},
        [5, "工作日"],
        "5个工作日",
        None,
    ],
)
def test_what_is_not_a_limit_is_none(value: Json) -> None:
    assert read_listed_limit(value) is None


@pytest.mark.parametrize(
    ("before", "now", "direction"),
    [
        ((10, "工作日"), (15, "工作日"), "limit-lengthened"),
        ((10, "工作日"), (5, "工作日"), "limit-shortened"),
        ((0, "即时"), (1, "小时"), "limit-lengthened"),
        ((1, "小时"), (0, "即时"), "limit-shortened"),
        ((10, "工作日"), (10, "工作日"), None),
        ((1, "月"), (45, "日"), None),
        ((24, "小时"), (2, "工作日"), None),
        ((0, "工作日"), (1, "小时"), None),
        ((0, "即时"), (0, "工作日"), None),
        ((0, "小时"), (0, "即时"), None),
    ],
)
def test_direction(before: tuple[int, str], now: tuple[int, str], direction: str | None) -> None:
    comparison = compare_limits(ListedLimit(*before), ListedLimit(*now))
    assert (comparison and comparison.direction) == direction
