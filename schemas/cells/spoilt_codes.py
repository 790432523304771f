"""Recognition of spoilt codes (exponents, dates, fillers) and of several codes in one cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from schemas.normalise import HAN

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
_LIST_SIGNS = re.compile(r"[、；;]")
_LIST_SIGNS_AND_LINES = re.compile(r"[、；;\n]")
_SIGN = r"0-9A-Za-z._/()（）〔〕\[\]#*+-"
_SHORTEST_CODE = 6
_SHORTEST_BESIDE = 9
"""Characters of codes that a space separates, if they begin with different ones."""
_SHARED = 4
"""First characters that the codes of one list share: a division, a department."""
_CODE = re.compile(
    rf"(?=[^\n]*[0-9A-Za-z])(?:[{_SIGN}]*[{HAN}]){{0,3}}[{_SIGN}]*|[（(第]*[一二三四五六七八九十百]{{1,5}}[）)条款项]*"
)
"""A code, as opposed to a text with 、 or several lines in a column of codes."""
_CUT = "-_./("
"""Signs inside of a code, after which a narrow column may break it."""
_CREDIT_CODE = re.compile(r"[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}")
"""统一社会信用代码 (GB 32100)"""
_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>[0-9]{1,9})")
_NAME = re.compile(r"[a-z]{2,}(?:-[a-z]+)*")


def split_codes(text: str) -> list[str]:
    """Return the codes of a cell that has several, else none.

    They have one length and one beginning, or stand on lines and are similar. The halves of one long code,
    which a narrow column broke, differ in their beginning and in where they have letters.
    """
    text = text.strip()
    codes = _SEPARATORS.split(text)
    if len(codes) == 1:
        return []
    if _are_of_one_list(codes):
        return codes
    if "、" in text or "；" in text:
        return _split_at(_LIST_SIGNS_AND_LINES, text) or _split_at(_LIST_SIGNS, text)
    lines = ["".join(line.split()) for line in text.split("\n") if line.strip()]
    if len(lines) > 1:
        return lines if all(map(_CODE.fullmatch, lines)) and _are_similar(lines) else []
    are_long = all(len(code) >= _SHORTEST_BESIDE for code in codes)
    return codes if are_long and " " in text and _have_one_shape(codes) else []


def _split_at(separators: re.Pattern[str], text: str) -> list[str]:
    """Return the pieces of a text if there are several and each is a code; else none."""
    codes = [code for part in separators.split(text) if (code := "".join(part.split()))]
    return codes if len(codes) > 1 and all(map(_CODE.fullmatch, codes)) else []


def _are_of_one_list(codes: Sequence[str]) -> bool:
    first = codes[0]
    return len(first) >= _SHORTEST_CODE and all(
        len(c) == len(first) and c[:_SHARED] == first[:_SHARED] and c.translate(_WITHOUT_SIGNS).isalnum()
        for c in codes
    )


_WITHOUT_SIGNS = str.maketrans("", "", "-_.")


def _are_similar(lines: Sequence[str]) -> bool:
    """Test whether the lines of a cell are codes, and not pieces of one."""
    first = lines[0]
    if any(line[-1] in _CUT for line in lines[:-1]) or any(line[0] in _CUT for line in lines[1:]):
        return False
    if all(len(line) >= _SHORTEST_CODE and line[:_SHARED] == first[:_SHARED] for line in lines):
        return True
    if _have_one_shape(lines):
        # A column of two to five characters breaks a code into three pieces or more.
        return len(lines) == 2 or len(first) >= _SHORTEST_CODE or len({line[:1] for line in lines}) == 1
    return _follow_one_another(lines) or any(
        all(map(pattern.fullmatch, lines)) for pattern in (_CREDIT_CODE, _NAME)
    )


def _have_one_shape(codes: Sequence[str]) -> bool:
    """Test whether all codes have digits, letters and signs at the same places."""
    return (
        len({"".join("0" if c.isdecimal() else "A" if c.isalpha() else c for c in code) for code in codes})
        == 1
    )


def _follow_one_another(codes: Sequence[str]) -> bool:
    """Test for codes with numbers that follow one another: 9 and 10."""
    matches = [match for code in codes if (match := _NUMBERED.fullmatch(code))]
    numbers = [int(match["number"]) for match in matches]
    return (
        len(matches) == len(codes)
        and len({match["before"] for match in matches}) == 1
        and all(after == before + 1 for before, after in pairwise(numbers))
    )
