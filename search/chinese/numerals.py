"""Numbers that are written in two ways: 第12条 and 第十二条, 2015年 and 二〇一五年, 1号 and 一号."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from schemas.normalise import chinese_number

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_PLACE = re.compile("(?<=第)([1-9][0-9]{0,3})(?=[条款项章节编])")
_SPELLED_PLACE = re.compile("第([零一二三四五六七八九十百千]+)([条款项章节编])")
_ZERO_IN_PLACE = re.compile("第[零〇○一二三四五六七八九十百千]++(?=[条款项章节编])")
_YEAR = re.compile("(?<![零〇○一二三四五六七八九十])(?:一九|二[零〇○])[零〇○一二三四五六七八九]{2}(?=年)")
_YEAR_IN_BRACKETS = re.compile(r"(?<=[〔\[(])(?:一九|二[零〇○])[零〇○一二三四五六七八九]{2}(?=年?[〕\])])")
_NUMBER = re.compile(
    "(?<![0-9零〇○一二三四五六七八九十百千万亿几数统同单唯专之划某每任逐另这那各哪])"
    "[一二三四五六七八九十百千][零〇○一二三四五六七八九十百千]{0,7}(?=号(?![码召称]))"
)
"""The number of 一号文件; 统一号码 has none, and neither has 几十号人 as a whole."""
_NUMBER_IN_DIGITS = re.compile("([1-9][0-9]{0,3})号")
_ZEROS = re.compile("[〇○]")
_YEAR_IN_DIGITS = re.compile("(?:19|20)[0-9]{2}")
_VALUES = {ord(char): str(value) for value, char in enumerate(_DIGITS)} | dict.fromkeys(map(ord, "〇○"), "0")


def unify_numbers(folded: str) -> str:
    """Write numbers in one way: the place in a law in characters, years and numbers before 号 in digits."""
    if "第" in folded:
        folded = _PLACE.sub(lambda match: spell_number(int(match[1])), folded)
        folded = _ZERO_IN_PLACE.sub(lambda match: _ZEROS.sub("零", match[0]), folded)
    if "号" in folded:
        folded = _YEAR_IN_BRACKETS.sub(_write_digits, folded)
        folded = _NUMBER.sub(lambda match: str(chinese_number(match[0])), folded)
    return _YEAR.sub(_write_digits, folded) if "年" in folded else folded


def _write_digits(year: re.Match[str]) -> str:
    return year[0].translate(_VALUES)


@cache
def spell_number(number: int) -> str:
    """Write a number below ten thousand in characters: 十二, 一百零五."""
    text = ""
    for power, digit in enumerate(reversed(str(number))):
        if digit != "0":
            text = _DIGITS[int(digit)] + _UNITS[power] + text
        elif text and text[0] != "零":
            text = f"零{text}"
    return text.removeprefix("一") if 10 <= number < 20 else text


def list_other_writings(word: str) -> tuple[str, ...]:
    """List how else a text may write a unified number: 第12条 for 第十二条, 一号 for 1号.

    A year is written as 二〇一五年; a zero may be any of three signs.
    """
    if _YEAR_IN_DIGITS.fullmatch(word):
        return tuple(f"{year}年" for year in _list_spelled_years(word))
    if in_digits := _NUMBER_IN_DIGITS.fullmatch(word):
        return _list_zeros(f"{spell_number(int(in_digits[1]))}号")
    place = _SPELLED_PLACE.fullmatch(word)
    number = chinese_number(place[1]) if place else None
    return (f"第{number}{place[2]}", *_list_zeros(word)[1:]) if place and number else ()


def _list_zeros(word: str) -> tuple[str, ...]:
    """List a spelled number with each sign of zero."""
    return (word, *(word.replace("零", zero) for zero in "〇○")) if "零" in word else (word,)


def _list_spelled_years(year: str) -> Iterator[str]:
    return ("".join((zero, *_DIGITS[1:])[int(digit)] for digit in year) for zero in "〇零○")
