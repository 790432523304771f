"""Promised limits that are certainly longer than the statutory ones of their record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from schemas.cells.value_texts import format_limit
from schemas.definition.catalogue import Content, Json

_MINUTES: Mapping[str, int] = MappingProxyType({"分钟": 1, "小时": 60})
"""Minutes of the clock, or of work: an office that works 8 hours a day has 3 working days for 24 hours."""
_LEAST_DAYS: Mapping[str, int] = MappingProxyType(
    {"自然日": 1, "日": 1, "工作日": 1, "周": 7, "月": 28, "年": 365}
)
"""Unit → the fewest days of the calendar."""
_MOST_DAYS: Mapping[str, int] = MappingProxyType({"自然日": 1, "周": 7, "月": 31, "年": 366})
"""Unit → the most days of the calendar. 工作日 have no maximum because of holidays, and a 日 may be one."""
_DAY = 24 * 60
_WORKING_DAY = 8 * 60


def find_exceeded_limits(content: Content) -> Iterator[tuple[str, str, str]]:
    """Yield each promised limit that is longer than the statutory one: field, promised, statutory limit."""
    for name in content:
        if not name.startswith("promised_"):
            continue
        value = content[name]
        if not isinstance(value, dict):
            continue
        statutory = content.get(f"statutory_{name.removeprefix('promised_')}")
        if isinstance(statutory, dict) and exceeds(value, statutory):
            yield name, format_limit(value), format_limit(statutory)


def exceeds(promised: Mapping[str, Json], statutory: Mapping[str, Json]) -> bool:
    """Test whether the promised limit is certainly longer: on every day, and in every sense of both units.

    A 日 that does not say which is a 工作日 (行政许可法 第八十二条) or a 自然日: 20 working days are longer
    than 15 days of either kind, but 18 natural days may be shorter than 15 days. The checks of what is
    published compare less: :mod:`schemas.cells.limit_comparison`.
    """
    value, limit = promised.get("value"), statutory.get("value")
    unit, other = str(promised.get("unit")), str(statutory.get("unit"))
    if not isinstance(value, int) or not isinstance(limit, int):
        return False
    if unit == other or (unit, other) == ("工作日", "日"):
        return value > limit
    if other in _MINUTES:
        least = _WORKING_DAY if unit == "工作日" else _MINUTES.get(unit, 0)
        return value * least > limit * _MINUTES[other]
    most = _MOST_DAYS.get(other)
    if most is None:
        return False
    if unit in _MINUTES:  # the day on which a limit of days begins does not count (民法典 第二百零一条)
        return value * _MINUTES[unit] > (limit * most + 1) * _DAY
    return value * _LEAST_DAYS.get(unit, 0) > limit * most
