"""Numbers that are written in two ways: 第12条 and 第十二条, 2015年 and 二〇一五年."""

from __future__ import annotations

import re
from functools import cache

from schemas.normalise import chinese_number

_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_PLACE = re.compile("(?<=第)([1-9][0-9]{0,3})(?=[条款项章节编])")
_SPELLED_PLACE = re.compile("第([零一二三四五六七八九十百千]+)([条款项章节编])")
_ZERO_IN_PLACE = re.compile("第[零〇○一二三四五六七八九十百千]++(?=[条款项章节编])")
_YEAR = re.compile("(?<![零〇○一二三四五六七八九十])(?:一九|二[零〇○])[零〇○一二三四五六七八九]{2}(?=年)")
_ZEROS = re.compile("[〇○]")
_YEAR_IN_DIGITS = re.compile("(?:19|20)[0-9]{2}")
_VALUES = {ord(char): str(value) for value, char in enumerate(_DIGITS)} | dict.fromkeys(map(ord, "〇○"), "0")


def unify_numbers(folded: str) -> str:
    """Write numbers in one way: the place in a law in characters, the year in digits."""
    if "第" in folded:
        folded = _PLACE.sub(lambda match: spell_number(int(match[1])), folded)
        folded = _ZERO_IN_PLACE.sub(lambda match: _ZEROS.sub("零", match[0]), folded)
    return _YEAR.sub(lambda match: match[0].translate(_VALUES), folded) if "年" in folded else folded


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
    """List how else a text may write a unified number: 第12条 for 第十二条, 二〇一五年 for 2015."""
    if _YEAR_IN_DIGITS.fullmatch(word):
        return tuple("".join((zero, *_DIGITS[1:])[int(digit)] for digit in word) + "年" for zero in "〇零○")
    place = _SPELLED_PLACE.fullmatch(word)
    number = chinese_number(place[1]) if place else None
    zeros = tuple(word.replace("零", zero) for zero in "〇○") if "零" in word else ()
    return (f"第{number}{place[2]}", *zeros) if place and number else ()
