"""Texts of dates and times in a format: ``yyyy"年"m"月"d"日"``, ``m-d``, ``[h]:mm``, ``上午/下午h:mm``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from publisher.ingest.formats.number_formats.format_code import Section, Token, UnknownFormatError
from publisher.ingest.formats.number_formats.numerals import write_day, write_digits

_FIRST_DAY = dt.datetime(1899, 12, 30)  # noqa: DTZ001 -- a spreadsheet's date has no zone
_DAYS_1904 = 1462
_LAST_SERIAL = 2_958_466
"""The day after 9999-12-31."""
_WEEK = "一二三四五六日"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NOON = {"am/pm": ("AM", "PM"), "a/p": ("A", "P"), "上午/下午": ("上午", "下午")}
_MONTHS_ZH = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_date(section: Section, value: float, *, epoch_1904: bool = False) -> str:
    """Format a serial date. Raises :class:`UnknownFormatError` for a date before 1900 or after 9999."""
    tokens = _mark_minutes(section.tokens)
    places = max(
        (len(t.text.partition(".")[2]) for t in tokens if t.kind == "date" and t.text[0] == "s"), default=0
    )
    seconds = (Decimal(repr(value)) * 86400).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    moment = to_datetime(value, epoch_1904=epoch_1904, seconds=seconds)
    noon = any(t.text in _NOON for t in tokens)
    return "".join(
        _write_token(t, section, moment, seconds, noon=noon) if t.kind == "date" else t.text for t in tokens
    ).strip()


def to_datetime(value: float, *, epoch_1904: bool, seconds: Decimal | None = None) -> dt.datetime:
    """Convert a serial date, with its ``seconds`` if they are rounded already."""
    if epoch_1904:
        value += _DAYS_1904
    elif 1 <= value < 60:  # 1900-02-29 is day 60 of these programs, and never was
        value += 1
    if not 0 <= value < _LAST_SERIAL:
        raise UnknownFormatError(f"{value} is not a date")
    if seconds is None:
        seconds = Decimal(repr(value)) * 86400
    elif epoch_1904:
        seconds += _DAYS_1904 * 86400
    elif 1 < value < 61 and seconds < 60 * 86400:
        seconds += 86400 if seconds >= 86400 else 0
    return _FIRST_DAY + dt.timedelta(microseconds=int((seconds * 1_000_000).to_integral_value(ROUND_HALF_UP)))


def iso_text(value: float, *, epoch_1904: bool) -> str:
    """Format a serial date as ISO 8601: a date, a time of day (below 1), or both."""
    moment = to_datetime(value, epoch_1904=epoch_1904)
    moment = (moment + dt.timedelta(microseconds=500)).replace(microsecond=0)
    if 0 < value < 1 and not epoch_1904:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat(sep=" ")


def _mark_minutes(tokens: Sequence[Token]) -> list[Token]:
    """Tell minutes from months: after hours or before seconds, ``m`` is minutes (written ``n`` here)."""
    marked = list(tokens)
    dates = [i for i, t in enumerate(tokens) if t.kind == "date" and t.text not in _NOON]
    for at, index in enumerate(dates):
        if tokens[index].text not in {"m", "mm"}:
            continue
        before = tokens[dates[at - 1]].text.strip("[]")[0] if at else ""
        after = tokens[dates[at + 1]].text.strip("[]")[0] if at + 1 < len(dates) else ""
        if before == "h" or after == "s":
            marked[index] = Token("date", "n" * len(tokens[index].text))
    return marked


def _write_token(token: Token, section: Section, moment: dt.datetime, seconds: Decimal, *, noon: bool) -> str:
    code = token.text
    if code[0] == "[":
        divisor = {"h": 3600, "m": 60, "s": 1}[code[1]]
        return str(int(seconds // divisor)).zfill(len(code) - 2)
    if code in _NOON:
        return _NOON[code][moment.hour >= 12]
    if code[0] == "g" or (code[0] in "ymde" and moment.year < 1900):
        raise UnknownFormatError("an era of another calendar, or a time of day without a date")
    match code[0]:
        case "y" | "e":
            year = f"{moment.year % 100:02}" if len(code) <= 2 and code[0] == "y" else str(moment.year)
            return write_digits(year, section.numerals) if section.numerals else year
        case "m" if len(code) > 2:
            return _month_name(code, moment.month, chinese=section.chinese)
        case "d" | "a" if len(code) > 2:
            return _week_day(code, moment.weekday(), chinese=section.chinese)
        case "s" if "." in code:
            fraction = seconds % 1
            return f"{moment.second:0{len(code.partition('.')[0])}}{str(fraction)[1:]}"
    parts = {"m": moment.month, "d": moment.day, "n": moment.minute, "s": moment.second, "h": moment.hour}
    number = parts[code[0]]
    if code[0] == "h" and noon:
        number = number % 12 or 12
    if section.numerals:
        return write_day(number, section.numerals)
    return str(number).zfill(len(code))


def _month_name(code: str, month: int, *, chinese: bool) -> str:
    if chinese:
        return f"{month}月" if len(code) == 3 else f"{_MONTHS_ZH[month - 1]}月"
    name = _MONTHS[month - 1]
    return {3: name[:3], 4: name, 5: name[0]}[len(code)]


def _week_day(code: str, day: int, *, chinese: bool) -> str:
    if code[0] == "a" or chinese:
        return ("周" if len(code) == 3 and code[0] == "d" else "" if code == "aaa" else "星期") + _WEEK[day]
    return _DAYS[day][:3] if len(code) == 3 else _DAYS[day]
