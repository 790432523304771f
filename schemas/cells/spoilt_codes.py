"""Recognition of codes that a spreadsheet program spoilt: numbers with an exponent, dates, fillers."""

from __future__ import annotations

import re

_MONTHS = "jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
_EXPONENT = r"\d(?:\.\d+)?E[+-]?\d{1,3}"
_FILLER = r"#{2,}|#?(?:REF|N/A|VALUE|NAME\?|NUM|NULL)!?"
_CHINESE_DATE = r"(?:(?:19|20)?\d{2}年)?\d{1,2}月(?:\d{1,2}日)?|(?:19|20)\d{2}年"
_SLASHED_DATE = (
    r"(?:19|20)\d{2}/\d{1,2}/\d{1,2}|\d{1,2}/\d{1,2}/(?:19|20)\d{2}|(?:19|20)\d{2}-\d{1,2}-\d{1,2}"
)
_NAMED_DATE = (
    rf"\d{{1,2}}-(?:{_MONTHS})(?:-\d{{2,4}})?|(?:{_MONTHS})-\d{{1,4}}|\d{{1,2}} (?:{_MONTHS})(?: \d{{2,4}})?"
)
_TIME = r"\d{1,3}:\d{2}:\d{2}"
_BOOLEAN = r"TRUE|FALSE"
_PERCENTAGE = r"\d+(?:\.\d+)?%"
_SPOILT = re.compile(
    rf"(?:{_EXPONENT}|{_FILLER}|{_BOOLEAN}|{_PERCENTAGE}|{_TIME}"
    rf"|(?:{_CHINESE_DATE}|{_SLASHED_DATE}|{_NAMED_DATE})(?:[T ]*{_TIME}|[T ]*\d{{1,2}}:\d{{2}})?)",
    re.IGNORECASE,
)
_DIGITS_KEPT = 15


def is_spoilt(text: str) -> bool:
    """Test for a text in place of a code: ``1.23457E+17``, ``1月2日``, ``2-Jan``, ``####``."""
    return _SPOILT.fullmatch(text) is not None


def lost_digits(code: str) -> bool:
    """Test for 16 to 20 digits that end in zeros from the 16th on, as a program stores a long code."""
    return 16 <= len(code) <= 20 and code.isdecimal() and not code[_DIGITS_KEPT:].strip("0")
