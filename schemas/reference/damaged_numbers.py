"""Repair of document numbers and dates that lost a character between digits, if the evidence suffices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

import msgspec

from schemas.normalise import HAN
from schemas.reference.agency_codes import LONGEST_CODE, find_start_of_code


class Repair(msgspec.Struct, frozen=True):
    """A damaged text with its possible readings, the chosen one and the reason."""

    kind: Literal["number", "date"]
    original: str
    start: int
    """Position of ``original`` in the given text."""
    value: str | None
    """The 发文字号 in standard form or the ISO date; None if the readings stay ambiguous."""
    readings: tuple[str, ...]
    because_zh: str
    because_en: str


_NO_EVIDENCE: Mapping[str, date] = MappingProxyType({})
_OPEN, _SHUT = r"[〔\[［(（【﹝]", r"[〕\]］)）】﹞]"
_YEAR = r"(?:19|20)[0-9]{2}"
_NUMBER = re.compile(
    rf"(?P<issuer>[{HAN}]{{2,30}})\s?(?:{_OPEN}\s?(?P<year>{_YEAR})|(?P<year1>{_YEAR})\s?{_SHUT})\s?第?(?P<number>[0-9]{{1,5}})\s?号"
    rf"|{_OPEN}\s?(?P<year2>{_YEAR})(?P<code>[{HAN}]{{2,10}}?)第?(?P<number2>[0-9]{{1,5}})\s?号"
)
"""A number with one bracket of its year: 辽政发〔201519号 or 〔1992价费字240号."""
_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)年?(?:(?P<month>\d{1,2})月(?P<day>\d{1,2})|(?P<both>\d{2,4}))日"
)
"""2015年115日 or 201511月5日: a date in which 年, 月 or both may be lost; ``both`` is month and day."""


def find_repair(text: str, evidence: Mapping[str, date] = _NO_EVIDENCE) -> Repair | None:
    """Find the first damaged 发文字号 or date in ``text``, and its repair; None if nothing is damaged.

    ``〔201519号`` can only be 〔2015〕19号: a year has four digits and the bracket was opened. ``2015115日``
    is 11月5日 or 1月15日; one is chosen only if it equals a date of ``evidence`` (label of a date on the page
    → that date).
    """
    repairs = [r for r in (_repair_number(text), _repair_date(text, evidence)) if r]
    return min(repairs, key=lambda r: r.start, default=None)


def _repair_number(text: str) -> Repair | None:
    for match in _NUMBER.finditer(text):
        year = match["year"] or match["year1"] or match["year2"]
        number = match["number"] or match["number2"]
        if number.startswith("0"):
            continue
        lead = (
            0 if match["code"] else find_start_of_code(match["issuer"], text[: match.start()][-LONGEST_CODE:])
        )
        issuer = match["code"] or match["issuer"][lead:]
        if not issuer:
            continue
        value = f"〔{year}〕{issuer}{number}号" if match["code"] else f"{issuer}〔{year}〕{number}号"
        return Repair(
            "number",
            match[0][lead:],
            match.start() + lead,
            value,
            (value,),
            f"原文缺了年份的括号；年份是四位数，只能识读为{value}",
            f"a bracket of the year is lost; a year has four digits, so it can only be {value}",
        )
    return None


def _repair_date(text: str, evidence: Mapping[str, date]) -> Repair | None:
    for match in _DATE.finditer(text):
        if "年" in match[0] and "月" in match[0]:
            continue
        days = _list_possible_days(match)
        if not days:
            continue
        readings = tuple(day.isoformat() for day in days)
        because_zh, because_en = (
            f"原文缺字，可识读为{'、'.join(readings)}",
            f"characters are lost: {', '.join(readings)}",
        )
        equal = [(label, day) for label, day in evidence.items() if day in days]
        value = None
        if len(readings) == 1:
            value = readings[0]
            because_zh = f"原文缺字；只有{value}是可能的日期"
            because_en = f"characters are lost; {value} is the only possible day"
        elif len({day for _, day in equal}) == 1:
            label, value = equal[0][0], equal[0][1].isoformat()
            because_zh += f"；取与“{label}”相同的{value}"
            because_en += f"; {value} equals “{label}”"
        else:
            because_zh += "，无法判断是哪一个"
            because_en += "; it cannot be decided which"
        return Repair("date", match[0], match.start(), value, readings, because_zh, because_en)
    return None


def _list_possible_days(match: re.Match[str]) -> list[date]:
    year = int(match["year"])
    if match["both"]:
        digits = match["both"]
        pairs = [(digits[:n], digits[n:]) for n in (2, 1) if 1 <= len(digits) - n <= 2]
    else:
        pairs = [(match["month"], match["day"])]
    days = []
    for month, day in pairs:
        # Official dates have no leading zeros, but if both parts are padded the date is certain.
        padded = len(month) == len(day) == 2
        if (month[0] == "0" or day[0] == "0") and not padded:
            continue
        try:
            days.append(date(year, int(month), int(day)))
        except ValueError:
            continue
    return days
