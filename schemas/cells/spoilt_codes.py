"""Recognition of spoilt codes (exponents, dates, fillers) and of several codes in one cell."""

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


_SEPARATORS = re.compile(r"[\s、，,；;/]+")
_SHORTEST_CODE = 6
_SHARED = 4
"""First characters that the codes of one list share: a division, a department."""


def split_codes(text: str) -> list[str]:
    """Return the codes of a cell that has several: of one length, with the same beginning. Else none.

    The halves of one long code, which a narrow column broke, differ in their beginning.
    """
    codes = _SEPARATORS.split(text.strip())
    first = codes[0]
    alike = (len(c) == len(first) and c[:_SHARED] == first[:_SHARED] and c.isalnum() for c in codes)
    return codes if len(codes) > 1 and len(first) >= _SHORTEST_CODE and all(alike) else []
