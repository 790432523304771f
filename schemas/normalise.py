"""Normalisation of text: width, spaces, broken lines, keys of headings, Chinese numerals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

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
_SPACE_AT_HAN = re.compile(f"(?<=[{HAN}0-9]) +(?=[{HAN}])|(?<=[{HAN}]) +(?=[0-9])")


def tidy_spaces(text: str) -> str:
    """Remove spaces next to full-width punctuation, whose glyphs include space."""
    return _AT_PUNCTUATION.sub("", text) if " " in text else text


_STARTS_ITEM = re.compile(
    r"\d{1,3}[.、)）](?!\d)|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.]"
    r"|【|[①-⑳]|第[一二三四五六七八九十百千零〇\d]+[章节条款项]?[：:\s]"
)
_ENDS_SENTENCE = re.compile(r"[。；！？：;:!?][”’）)]?$")
_MUST_JOIN = re.compile(
    r"(?:\d\n(?=[\d年月日号条])|[年月第]\n(?=\d)|[，、（《“〔【]\n|\n(?=[，。；、）》”〕】]))"
)


_NARROW = 28
"""Columns of the widest line of a narrow cell: 14 Chinese characters."""
_SPACE_BEFORE_COMMA = re.compile(f"(?<=[{HAN}）》”]) [，。；：、]")


def join_broken_lines(text: str) -> str:
    """Join the lines of a paragraph that was broken by a narrow column or a scanner.

    The evidence is in the cell itself. A line break inside a date or number, or next to punctuation that
    never ends a line, is always removed. A cell of three or more lines, narrow (at most 14 characters) and
    mostly full, was broken everywhere except after a sentence and before an item (``1.``, ``（一）``,
    ``【法律】``). So was one with spaces before several commas and full stops, which only scanners produce.
    """
    spaces = len(_SPACE_BEFORE_COMMA.findall(text)) if " " in text else 0
    scanned = spaces > 1 and spaces * 120 > len(text)  # one in 120 characters at least
    if scanned:
        text = tidy_spaces(_SPACE_AT_HAN.sub("", text))
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    if scanned or _is_broken_everywhere(lines):
        return tidy_spaces(_SPACE_AT_HAN.sub("", _join_paragraphs(lines, _is_open_end)))
    return _join_paragraphs(lines, _is_cut_inside_unit)


def _is_open_end(before: str, after: str) -> bool:
    return not (_STARTS_ITEM.match(after) or _ENDS_SENTENCE.search(before[-2:]))


def _is_cut_inside_unit(before: str, after: str) -> bool:
    return bool(_MUST_JOIN.match(f"{before[-1]}\n{after[0]}")) and not _STARTS_ITEM.match(after)


def _join_paragraphs(lines: list[str], cut: Callable[[str, str], bool]) -> str:
    parts = lines[:1]
    for before, line in pairwise(lines):
        parts.append(_choose_joint(before, line) if cut(before, line) else "\n")
        parts.append(line)
    return "".join(parts)


def _is_broken_everywhere(lines: list[str]) -> bool:
    if len(lines) < 3 or max(map(len, lines)) > _NARROW:
        return False
    widths = [sum(1 if c < "\u1100" else 2 for c in line) for line in lines]
    widest = max(widths, default=0)
    if widest > _NARROW:
        return False
    # The last line of a paragraph may have any length.
    open_ends = [
        width
        for (line, after), width in zip(pairwise(lines), widths, strict=False)
        if _is_open_end(line, after)
    ]
    # Mostly full: of the lines within a sentence, which are a third at least, six in ten end within three
    # characters of the widest one.
    full = sum(width >= widest - 6 for width in open_ends)
    return len(open_ends) * 3 >= len(lines) - 1 and full * 10 >= len(open_ends) * 6


def _choose_joint(before: str, after: str) -> str:
    """Return the text between two pieces of a broken line: a space between Latin words, else nothing."""
    latin = before[-1:].isascii() and after[:1].isascii() and before[-1:].isalpha() and after[:1].isalpha()
    return " " if latin else ""


_BODY_NAME_END = re.compile(r"(?:[局委厅部办会院科处室所站队司署府关]|中心)$")


def join_lines(text: str, *, bodies: bool = False) -> str:
    """Join the lines of a short cell. With ``bodies``, lines that all end as names of bodies form a list."""
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    if bodies and len(lines) > 1 and all(len(line) > 2 and _BODY_NAME_END.search(line) for line in lines):
        return "、".join(lines)
    joined = "".join(_choose_joint(before, line) + line for before, line in pairwise(["", *lines]))
    return _SPACE_AT_HAN.sub("", joined) if len(lines) > 2 else joined


def clean_markdown(text: str) -> str:
    """Clean Markdown: remove invisible characters, normalise line ends, trim."""
    return _INVISIBLE.sub("", _BREAKS.sub("\n", text)).strip() if text else text


CAPITALS_TO_PLAIN = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
"""Table for :meth:`str.translate`: capital numerals, as sums of money are written, to plain ones."""
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "Ｏ": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese_number(text: str) -> int | None:
    """Parse ``七十四`` as 74, ``二〇一五`` as 2015, ``74`` as 74; None for other text, also from 万 on."""
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
