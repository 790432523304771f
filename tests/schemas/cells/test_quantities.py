"""Comparison of two time limits."""

from __future__ import annotations

import pytest

from schemas.cells.quantities import is_longer


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((20, "工作日"), (10, "工作日"), True),
        ((10, "工作日"), (10, "工作日"), False),
        ((0, "即时"), (1, "工作日"), False),
        ((1, "工作日"), (0, "即时"), True),
        ((48, "小时"), (1, "自然日"), True),
        ((24, "小时"), (1, "自然日"), False),
        ((3, "月"), (20, "工作日"), True),
        ((1, "年"), (14, "月"), False),
        ((10, "工作日"), (12, "自然日"), None),
        ((30, "自然日"), (1, "月"), None),
    ],
)
def test_limits_compare_where_their_units_allow_it(
    one: tuple[int, str], other: tuple[int, str], expected: bool | None
) -> None:
    first, second = ({"value": value, "unit": unit} for value, unit in (one, other))
    assert is_longer(first, second) is expected


def test_a_value_that_is_not_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="not a limit"):
        is_longer({"value": "20", "unit": "工作日"}, {"value": 1, "unit": "月"})
