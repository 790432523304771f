"""Parsers of dates, time limits, amounts, numbers and booleans as tables write them. None if unreadable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from schemas.normalise import chinese_number

BLANKS = frozenset({"/", "-", "--", "—", "——", "―", "\\", "∕", "无期限", "不限", "无限制", "无法定期限"})
"""Cell texts that mean that a typed field has no value."""

_YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})(?P<gap>\s?[-./年]\s?)(?P<m>\d{1,2})\s?[-./月]\s?(?P<d>\d{1,2})\s?[日号]?"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:\.0)?")
_CHINESE = re.compile(
    r"(?P<y>[一二三四五六七八九零〇○ＯO]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日"
)


def read_date(text: str) -> date | None:
    """Read ``2015年11月5日``, ``2015-11-05``, ``2015.11.5``, ``20151105``, ``二〇一五年十一月五日`` and ISO
    times."""
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
        return date(year, month, day)
    except ValueError:
        return None


class Limit(NamedTuple):
    value: int
    unit: str
    """工作日, 自然日, 日 (either of both; the text does not state which), 小时, 分钟, 周, 月, 年 or 即时."""
    rest: str = ""
    """Words of the text after the limit, such as a condition."""


_LIMIT_UNITS: Mapping[str, str] = {
    "工作日": "工作日", "个工作日": "工作日", "工作天": "工作日", "个工作天": "工作日",
    "自然日": "自然日", "个自然日": "自然日", "日历日": "自然日", "日历天": "自然日",
    "日": "日", "天": "日", "个日": "日",
    "小时": "小时", "个小时": "小时", "时": "小时", "分钟": "分钟", "分": "分钟",
    "周": "周", "星期": "周", "个星期": "周", "月": "月", "个月": "月", "年": "年",
}  # fmt: skip
_NUMERAL = r"\d{1,5}(?:\.0+)?|[一二三四五六七八九十百两]{1,5}"
_LIMIT = re.compile(
    rf"(?:自?(?:受理|收到申请|收到|申请|受理申请)之?日?(?:后|起)?|不超过|应当在|在)*(?P<n>{_NUMERAL})\s?"
    rf"(?P<unit>{'|'.join(sorted(_LIMIT_UNITS, key=len, reverse=True))})(?:以?之?内)?(?:办结|完成)?[。.；;]?"
)
_AT_ONCE = re.compile(
    r"(?:即时|当场|即办|立即|当即|马上)(?:办结|办理|办|受理|完成|件)?[。.；;]?|即办件|当日当场办结"
)
_BARE = re.compile(rf"(?P<n>{_NUMERAL})")


def read_limit(text: str, unit: str = "") -> Limit | None:
    """Read ``20个工作日``, ``三个月``, ``48小时``, ``当场办结`` (0 即时). A bare number gets ``unit``."""
    if _AT_ONCE.fullmatch(text):
        return Limit(0, "即时")
    if text == "半年":
        return Limit(6, "月")
    bare = _BARE.fullmatch(text)
    match = _LIMIT.match(text)
    if bare and unit:
        number, limit_unit, rest = bare["n"], unit, ""
    elif match:
        number, limit_unit, rest = match["n"], _LIMIT_UNITS[match["unit"]], text[match.end() :].strip()
    else:
        return None
    value = chinese_number(number.partition(".")[0])
    return None if value is None else Limit(value, limit_unit, rest)


class Amount(NamedTuple):
    amount: str
    """A decimal, in units of ``unit``: 1.2万元 is 12000 元."""
    unit: str
    """元, 元/证, %, ‰ …"""


_SCALES = {"": 1, "十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_MONEY = re.compile(
    r"(?:每(?P<each>[^\d\s,，;；/]{1,8}?))?(?:人民币|[￥¥])?\s?(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d{1,8})?)"
    r"\s?(?:(?P<percent>[%‰])|(?P<scale>[十百千万亿]?)元(?:整)?(?:人民币)?(?:\s?[/每]\s?(?P<per>[^\d\s,，;；]{1,12}))?)?"
)


def read_amount(text: str, unit: str = "元") -> Amount | None:
    """Read one amount: ``12.50元/证``, ``每证12.50元``, ``1.2万元``, ``3%``. A bare number gets ``unit``."""
    match = _MONEY.fullmatch(text)
    if match is None or (match["each"] and match["per"]):
        return None
    number = match["n"].replace(",", "")
    if match["percent"]:
        return Amount(_strip_zeros(number), match["percent"])
    if scale := _SCALES[match["scale"] or ""] - 1:
        number = format((Decimal(number) * (scale + 1)).normalize(), "f")
    has_unit = "元" in match[0].removeprefix(f"每{match['each'] or ''}")
    per = match["per"] or match["each"]
    name = "元" if has_unit else unit
    return Amount(_strip_zeros(number), f"{name}/{per}" if per else name)


def _strip_zeros(number: str) -> str:
    whole, point, fraction = number.partition(".")
    return f"{whole.lstrip('0') or '0'}{point}{fraction}"


_DECIMAL = re.compile(
    r"(?P<sign>[-+−]?)(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,18}(?:\.\d{1,12})?)(?P<scale>[万亿]?)"
)


def read_decimal(text: str, unit: str = "") -> str | None:
    """Read ``1,234.50`` as ``1234.50``, ``3万`` as ``30000``. The field's unit may follow."""
    match = _DECIMAL.fullmatch(text.removesuffix(unit).strip() if unit else text)
    if match is None:
        return None
    number = match["n"].replace(",", "")
    if match["scale"]:
        number = format((Decimal(number) * _SCALES[match["scale"]]).normalize(), "f")
    plain = _strip_zeros(number)
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
        *(
            "是",
            "有",
            "对",
            "需要",
            "需",
            "涉及",
            "涉企",
            "收费",
            "公示",
            "y",
            "yes",
            "true",
            "t",
            "1",
            "1.0",
        ),
        *"√✓✔☑▲△●○★☆■",
    }
)
_NO = frozenset(
    {
        *("否", "无", "不", "没有", "不需要", "不需", "不涉及", "非涉企", "不涉企", "不收费", "不公示"),
        *("n", "no", "false", "f", "0", "0.0", "×", "✗", "✘", "x", "☐"),
    }
)


def read_boolean(text: str) -> bool | None:
    """Read 是 or 否, also as 有, 无, √, ×, ▲ (older fee catalogues), Y, N, 1, 0."""
    word = text.casefold().strip("。. ")
    if word in _YES:
        return True
    return False if word in _NO else None
