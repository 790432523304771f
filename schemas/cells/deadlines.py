"""Deadlines of tasks: a day, or “by the end of” a month, a quarter, a half-year or a year.

The value is an ISO 8601 day (``2024-06-30``) or interval of days (``2024-04-01/2024-06-30``): the task is to
be done by its last day. A text without a year states no deadline that can be computed, and none is inferred.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from schemas.cells.quantities import read_date
from schemas.words import Lang

OPEN_ENDED = frozenset(
    {
        *("长期", "长期坚持", "长期任务", "长期推进", "持续", "持续推进", "持续实施", "持续开展"),
        *("常态化", "常态化推进"),
    }
)
"""Texts that say that a task has no deadline."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_YEAR = r"(?P<y>(?:19|20)\d\d)年?"
_END = r"(?:(?:底|末|内)(?:以?前|之前)?)?(?:完成|印发|出台|建成|公布)?"
"""End of a period. 2024年6月前 is none: it may be before the month or by its end."""
_MONTH = re.compile(rf"{_YEAR}[-./]?(?P<m>1[0-2]|0?[1-9])月?份?{_END}")
_QUARTER = re.compile(rf"{_YEAR}(?:第?(?P<q>[一二三四1-4])季度|[Qq](?P<n>[1-4])){_END}")
_HALF = re.compile(rf"{_YEAR}(?P<h>上|下)半年{_END}")
_WHOLE = re.compile(rf"{_YEAR}度?{_END}")
_BEFORE = re.compile(r"(?P<day>.+?[日号\d])(?:以?前|之前|底前)(?:完成|印发|出台|建成|公布)?")
_QUARTERS = "一二三四"


class Deadline(NamedTuple):
    first: date
    last: date
    """The task is to be done by this day."""

    @property
    def value(self) -> str:
        """The value of a field: a day, or an interval of days."""
        return self.first.isoformat() if self.first == self.last else f"{self.first}/{self.last}"


def read_deadline(text: str) -> Deadline | None:
    """Read ``2024年6月30日前``, ``2024年6月底前``, ``2024年第二季度``, ``2024年底前`` and ISO forms.

    A year that cannot be that of a plan, such as 9999 for “never”, is not a deadline.
    """
    deadline = _parse_forms("".join(text.split()).strip("。；;"))
    return deadline if deadline and deadline.first <= deadline.last and _is_of_a_plan(deadline) else None


def _is_of_a_plan(deadline: Deadline) -> bool:
    return deadline.first.year >= _FIRST_YEAR and deadline.last.year <= _LAST_YEAR


def _parse_forms(clean: str) -> Deadline | None:
    if interval := parse_deadline(clean):
        return interval
    match = _BEFORE.fullmatch(clean)
    if day := read_date(match["day"] if match else clean):
        return Deadline(day, day)
    if match := _MONTH.fullmatch(clean):
        return _span_months(match, int(match["m"]), 1)
    if match := _QUARTER.fullmatch(clean):
        quarter = match["q"] or match["n"]
        number = _QUARTERS.index(quarter) + 1 if quarter in _QUARTERS else int(quarter)
        return _span_months(match, 3 * number - 2, 3)
    if match := _HALF.fullmatch(clean):
        return _span_months(match, 1 if match["h"] == "上" else 7, 6)
    if match := _WHOLE.fullmatch(clean):
        return _span_months(match, 1, 12)
    return None


def _span_months(match: re.Match[str], first: int, number: int) -> Deadline:
    """Return the interval of ``number`` months from the month ``first`` on."""
    year, last = int(match["y"]), first + number - 1
    return Deadline(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def parse_deadline(value: str) -> Deadline | None:
    """Parse a value of the kind ``deadline``; None if the text is not one."""
    first, _, last = value.partition("/")
    try:
        return Deadline(date.fromisoformat(first), date.fromisoformat(last or first))
    except ValueError:
        return None


def format_deadline(value: str, lang: Lang = "zh") -> str:
    """Format an interval that is a whole month, quarter, half-year or year in words.

    :func:`read_deadline` reads the Chinese. A day, another interval and other text are unchanged.
    """
    deadline = parse_deadline(value)
    if deadline is None or deadline.first == deadline.last:
        return value
    first, last = deadline
    months = last.month - first.month + 1
    is_whole = (first.year, first.day) == (last.year, 1) and last.day == monthrange(last.year, last.month)[1]
    if not is_whole or months not in _PERIODS or first.month % months != 1 % months:
        return value
    number = (first.month - 1) // months
    zh, en = _PERIODS[months]
    words = {"year": last.year, "month": last.month, "number": number + 1, "last": last.isoformat()}
    words |= {"quarter": _QUARTERS[number % 4], "half": "上下"[number % 2]}
    return (zh if lang == "zh" else en).format_map(words)


_PERIODS = {
    1: ("{year}年{month}月底前", "by the end of {year}-{month:02}"),
    3: ("{year}年第{quarter}季度末前", "by the end of Q{number} {year}"),
    6: ("{year}年{half}半年底前", "by {last}"),
    12: ("{year}年底前", "by the end of {year}"),
}
