"""Names of places that contain words of sentences: 和田, 泰和, 项城, 日照."""

from __future__ import annotations

import re
from functools import cache

from schemas.reference import administrative_divisions

_LONGEST_NAME = 17
"""Characters of the longest names."""
_BEFORE_DAY = re.compile(r"[\d一二三四五六七八九十百零〇○当次本同每之某各该此\])）]\s*+$")
"""What a day, a month, a year or an item follows: 3月5日, （三）项, 当日."""
_DAYS = "年月日条款项"
_KINDS_OF_PLACES = "省市县区州盟旗"


def find_place(text: str, start: int, end: int, before: str = "") -> tuple[int, int] | None:
    """Return the bounds of the place in whose name the word at ``start`` to ``end`` is: 和 in 根据和田.

    None if it is a word of the sentence: 和 in 和平顶山市, 从 in 从江苏省, 日 in 5日土地局. ``before`` is the
    text right before ``text``.
    """
    if end - start != 1:
        return None
    for lead, rest, is_full in _list_sides(text[start]):
        first, stop = start - len(lead), end + len(rest)
        if first < 0 or text[first:start] != lead or not text.startswith(rest, end):
            continue
        if not lead and not is_full and text[start] in _DAYS and _BEFORE_DAY.search(before + text[:start]):
            continue
        if _ends_later(text, end, stop) or (lead and _begins_earlier(text, first, start)):
            continue
        return first, stop
    return None


def begins_with_place(text: str) -> bool:
    """Test for a name of at least two characters at the start: 鞍山国土资发."""
    names = _list_names()
    return any(text[:n] in names for n in range(2, min(len(text), _LONGEST_NAME) + 1))


def ends_with_place(text: str) -> bool:
    """Test for a name of at least two characters at the end: 江西省."""
    names = _list_names()
    return any(text[-n:] in names for n in range(2, min(len(text), _LONGEST_NAME) + 1))


@cache
def begins_a_name(character: str) -> bool:
    """Test for a character with which the name of a place begins, so that it may be short for it: 内, 即."""
    return any(name[0] == character for name in _list_names())


def _ends_later(text: str, start: int, stop: int) -> bool:
    """Test for a place that begins at ``start`` and ends after ``stop``: 江苏省 in 从江苏省."""
    names = _list_names()
    return any(text[start:end] in names for end in range(stop + 1, min(start + _LONGEST_NAME, len(text)) + 1))


def _begins_earlier(text: str, first: int, end: int) -> bool:
    """Test for a place that begins before ``first`` and ends at ``end``: 广西 in 广西和国发."""
    names = _list_names()
    return any(text[start:end] in names for start in range(max(end - _LONGEST_NAME, 0), first))


@cache
def _list_names() -> frozenset[str]:
    return frozenset(name for name in administrative_divisions.list_names() if len(name) > 1)


@cache
def _list_sides(character: str) -> tuple[tuple[str, str, bool], ...]:
    """List what is before and after a character in names, longest first, and whether the kind is named."""
    sides = {
        (name[:start], name[start + 1 :], name[-1] in _KINDS_OF_PLACES)
        for name in _list_names()
        for start, own in enumerate(name)
        if own == character
    }
    return tuple(sorted(sides, key=lambda side: (-len(side[0]) - len(side[1]), side)))
