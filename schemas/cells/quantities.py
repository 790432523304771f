"""Parsers of dates, numbers and booleans as tables write them. None if unreadable."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from schemas.cells.amounts import SCALES, strip_zeros
from schemas.normalise import chinese_number

BLANKS = frozenset({"/", "-", "--", "—", "——", "―", "\\", "∕", "无期限", "不限", "无限制", "无法定期限"})
"""Cell texts that mean that a typed field has no value."""

WRITTEN_DAY = (
    r"(?:(?:19|20)\d\d年\d{1,2}月\d{1,2}日"
    r"|[一二][一二三四五六七八九零〇○]{3}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日)"
)
"""Pattern of a day in the text of a document."""
_YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})\s?[-./年]\s?(?P<m>\d{1,2})\s?[-./月]\s?(?P<d>\d{1,2})\s?[日号]?"
    r"(?:[T ](?P<time>\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_CHINA = ZoneInfo("Asia/Shanghai")
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:\.0)?")
_CHINESE = re.compile(
    r"(?P<y>[一二三四五六七八九零〇○ＯO]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日"
)


def read_date(text: str) -> date | None:
    """Read ``2015年11月5日``, ``2015-11-05``, ``2015.11.5``, ``20151105``, ``二〇一五年十一月五日`` and ISO
    times, of which one with a zone is the day in China: ``2015-11-04T16:00:00Z`` is 5 November."""
    match = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    parts: tuple[int | None, ...]
    if match:
        parts = tuple(int(match[p]) for p in "ymd")
    elif chinese := _CHINESE.fullmatch(text):
        parts = tuple(chinese_number(chinese[p].replace("O", "〇")) for p in "ymd")
    else:
        return None
    year, month, day = parts
    if year is None or month is None or day is None or not 1800 <= year <= 2200:
        return None
    try:
        written_day = date(year, month, day)
        zone = match.groupdict().get("zone") if match else None
        return _day_in_china(written_day, match["time"], zone) if match and zone else written_day
    except ValueError:
        return None


def _day_in_china(day: date, time: str, zone: str) -> date:
    """Return the day in China of a time in another zone, as programs write a midnight of China in UTC.

    Raises ``ValueError``.
    """
    return datetime.fromisoformat(f"{day}T{time:0>5}{zone}").astimezone(_CHINA).date()


_DECIMAL = re.compile(
    r"(?P<sign>[-+−]?)(?P<n>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,18}(?:\.[0-9]{1,12})?)(?P<scale>[万亿]?)"
)


def read_decimal(text: str, unit: str = "") -> str | None:
    """Read ``1,234.50`` as ``1234.50``, ``3万`` as ``30000``. The field's unit may follow."""
    match = _DECIMAL.fullmatch(text.removesuffix(unit).strip() if unit else text)
    if match is None:
        return None
    number = match["n"].replace(",", "")
    if match["scale"]:
        number = format((Decimal(number) * SCALES[match["scale"]]).normalize(), "f")
    plain = strip_zeros(number)
    return f"-{plain}" if match["sign"] in {"-", "−"} and plain.strip("0.") else plain


_LARGEST = 2**53 - 1
"""The largest integer that every JSON parser keeps exact (RFC 8785, RFC 7493)."""


def read_integer(text: str, unit: str = "") -> int | None:
    """Read ``12``, ``12.0`` (a spreadsheet's number), ``1,234``; None also beyond 2⁵³ − 1."""
    number = read_decimal(text, unit)
    if number is None:
        return None
    whole, _, fraction = number.partition(".")
    value = int(whole)
    return value if not fraction.strip("0") and abs(value) <= _LARGEST else None


_YES = frozenset(
    {
        *("是", "有", "对", "需要", "需", "涉及", "涉企", "收费", "公示"),
        *("y", "yes", "true", "t", "1", "1.0"),
        *"√✓✔☑▲△●★☆■",
    }
)
_NO = frozenset(
    {
        *("否", "无", "不", "没有", "不需要", "不需", "不涉及", "非涉企", "不涉企", "不收费", "不公示"),
        *("n", "no", "false", "f", "0", "0.0", "×", "✗", "✘", "x", "☐"),
    }
)


def read_boolean(text: str) -> bool | None:
    """Read 是 or 否, also as 有, 无, √, ×, ▲ (older fee catalogues), Y, N, 1, 0.

    None for ○, which is yes in some lists and, beside ●, no in others.
    """
    word = text.casefold().strip("。. ")
    if word in _YES:
        return True
    return False if word in _NO else None
