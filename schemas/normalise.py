"""Normalisation of text: width, spaces, keys of headings, Chinese numerals."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_FOLDED = "！（），：；？～［］｛｝｢｣"
"""Full-width forms that are Chinese punctuation, or brackets that the citation parser folds itself."""

_FOLDED = "".join(
    chr(code)
    for block in (range(0xFF01, 0xFFEF), range(0x2F00, 0x2FD6), range(0x2E80, 0x2EF4), range(0xF900, 0xFB00))
    for code in block
    if chr(code) not in _NOT_FOLDED and unicodedata.normalize("NFKC", chr(code)) != chr(code)
)
"""Full-width letters, digits and signs, half-width punctuation, and radicals that PDF files use for 一."""

_FOLD = {c: unicodedata.normalize("NFKC", c) for c in _FOLDED}
_WIDE = re.compile(f"[{re.escape(_FOLDED)}]")
_SPACES = re.compile(r"[ \t\x0b\x0c\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_FOLDABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f-\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    f"{re.escape(_FOLDED)}]|  "
)
"""Characters that :func:`fold` changes. Most cells have none, which one search detects."""

HAN = r"\u3400-\u9fff\U00020000-\U0003ffff〇"
_HAN = re.compile(f"[{HAN}]")
_INNERMOST = re.compile(r"\(([^()]*)\)")


@lru_cache(maxsize=4096)
def heading_key(text: str) -> str:
    """Return the letters and digits of a heading, folded in width and case, to compare it between files."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "ZCPS")


def fold(text: str) -> str:
    """Narrow full-width letters and digits, reduce spaces to single ones, remove invisible characters, trim.

    Chinese punctuation stays. Newlines stay, without spaces on either side.
    """
    if _FOLDABLE.search(text):
        text = _INVISIBLE.sub("", _BREAKS.sub("\n", text))
        text = _WIDE.sub(lambda match: _FOLD[match[0]], text)  # faster than translate() on a long text
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        return "\n".join(line.strip(" ") for line in text.split("\n")).strip("\n")
    return text.strip(" ")


def widen_brackets(text: str) -> str:
    """Widen half-width brackets that contain or follow Han: ``认证费(含加急)`` → ``认证费（含加急）``."""
    # Each pass widens the innermost pairs, which exposes the next ones; four levels are enough.
    for _ in range(4):
        if "(" not in text:
            break
        text = _INNERMOST.sub(_widen, text)
    return text


def _widen(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 1, 0) : match.start()]
    return f"（{match[1]}）" if _HAN.search(before + match[1]) else match[0]


_AT_PUNCTUATION = re.compile(r" +(?=[，。；：、）】》”！？〕])|(?<=[【《（“〔，。；：、]) +")


def tidy_spaces(text: str) -> str:
    """Remove spaces next to full-width punctuation, whose glyphs include space."""
    return _AT_PUNCTUATION.sub("", text) if " " in text else text


def clean_markdown(text: str) -> str:
    """Clean Markdown: remove invisible characters, normalise line ends, trim."""
    return _INVISIBLE.sub("", _BREAKS.sub("\n", text)).strip() if text else text


CAPITALS_TO_PLAIN = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
"""Table for :meth:`str.translate`: capital numerals, as sums of money are written, to plain ones."""
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "Ｏ": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


_LONGEST_NUMBER = 9
"""Characters: what databases keep as an integer, and 九千九百九十九."""


def chinese_number(text: str) -> int | None:
    """Parse ``七十四`` as 74, ``二〇一五`` as 2015, ``74`` as 74.

    None for other text, from 万 on, and for more than nine characters, which no article or year has.
    """
    if len(text) > _LONGEST_NUMBER:
        return None
    if text.isdecimal():
        return int(text)
    if not text or not all(c in _DIGITS or c in _UNITS for c in text):
        return None
    if not any(c in _UNITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, digit = 0, None
    for c in text:
        if c in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[c]
            digit = None
        else:
            digit = _DIGITS[c]
    return total + (digit or 0)


_APPROXIMATE = re.compile("[一二三四五六七八九两]{2}|([十百千]).*\\1")


def chinese_quantity(text: str) -> int | None:
    """Parse as :func:`chinese_number`; None for 三五, 二三十 and 二十三十, which are about so many."""
    return None if _APPROXIMATE.search(text) else chinese_number(text)
