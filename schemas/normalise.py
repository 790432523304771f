"""Characters: folding width and spaces, mending broken cells, keys of headings, 三十四 → 34."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

_KEPT = "！（），：；？～［］｛｝｢｣"
"""Full-width forms that are Chinese punctuation (or brackets that a citation folds itself)."""

_FOLDED = "".join(
    chr(code)
    for block in (range(0xFF01, 0xFFEF), range(0x2F00, 0x2FD6), range(0x2E80, 0x2EF4), range(0xF900, 0xFB00))
    for code in block
    if chr(code) not in _KEPT and unicodedata.normalize("NFKC", chr(code)) != chr(code)
)
"""Full-width letters, digits and signs, half-width punctuation, the radicals that PDF files hold for 一."""

_FOLD = str.maketrans({c: unicodedata.normalize("NFKC", c) for c in _FOLDED})
_SPACES = re.compile(r"[ \t\x0b\x0c\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_ODD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f-\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    f"{re.escape(_FOLDED)}]|  "
)
"""What :func:`fold` would change: one search tells that most cells need nothing."""

HAN = r"\u3400-\u9fff\U00020000-\U0003ffff〇"
_HAN = re.compile(f"[{HAN}]")
_BRACKETED = re.compile(r"\(([^()]*)\)")


@lru_cache(maxsize=4096)
def heading_key(text: str) -> str:
    """A heading without what varies between files: width, case, spaces, newlines, punctuation and signs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "ZCPS")


def fold(text: str) -> str:
    """Full-width letters and digits narrow, spaces plain and single, unseen characters gone, ends trimmed.

    Chinese punctuation stays; newlines stay, with no space on either side.
    """
    if _ODD.search(text):
        text = _UNSEEN.sub("", _BREAKS.sub("\n", text)).translate(_FOLD)
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        return "\n".join(line.strip(" ") for line in text.split("\n")).strip("\n")
    return text.strip(" ")


def widen_brackets(text: str) -> str:
    """``认证费(含加急)`` → ``认证费（含加急）``: half-width brackets that Chinese stands in or before."""
    # A pass widens the innermost pairs, and then the next outer ones can be seen; four deep is deep.
    for _ in range(4):
        if "(" not in text:
            break
        text = _BRACKETED.sub(_widen, text)
    return text


def _widen(found: re.Match[str]) -> str:
    before = found.string[max(found.start() - 1, 0) : found.start()]
    return f"（{found[1]}）" if _HAN.search(before + found[1]) else found[0]


_AT_PUNCTUATION = re.compile(r" +(?=[，。；：、）】》”！？〕])|(?<=[【《（“〔，。；：、]) +")
_NOISE = re.compile(f"(?<=[{HAN}0-9]) +(?=[{HAN}])|(?<=[{HAN}]) +(?=[0-9])")


def tidy_spaces(text: str) -> str:
    """Without the spaces beside full-width punctuation, which has its own."""
    return _AT_PUNCTUATION.sub("", text) if " " in text else text


_STARTS_ITEM = re.compile(
    r"\d{1,3}[.、)）](?!\d)|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.]"
    r"|【|[①-⑳]|第[一二三四五六七八九十百千零〇\d]+[章节条款项]?[：:\s]"
)
_ENDS_SENTENCE = re.compile(r"[。；！？：;:!?][”’）)]?$")
_MUST_JOIN = re.compile(
    r"(?:\d\n(?=[\d年月日号条])|[年月第]\n(?=\d)|[，、（《“〔【]\n|\n(?=[，。；、）》”〕】]))"
)


_SCANNED = re.compile(f"(?<=[{HAN}）》”]) [，。；：、]")


def mend(text: str) -> str:
    """Join the lines of a paragraph that was cut by a table's narrow column or a scanner.

    Evidence is looked for in the cell itself. Surely cut: within a date or number, or beside punctuation
    that never ends a line. A cell of three lines and more, narrow (at most 14 characters) and mostly full,
    was cut everywhere but after a sentence and before an item (``1.``, ``（一）``, ``【法律】``); so was one
    with a space before several of its commas and full stops, as only scanners write them.
    """
    odd = len(_SCANNED.findall(text)) if " " in text else 0
    scanned = odd > 1 and odd * 120 > len(text)
    if scanned:
        text = tidy_spaces(_NOISE.sub("", text))
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    if scanned or _was_cut(lines):
        return tidy_spaces(_NOISE.sub("", _paragraphs(lines, _open_ended)))
    return _paragraphs(lines, _torn)


def _open_ended(before: str, after: str) -> bool:
    return not (_STARTS_ITEM.match(after) or _ENDS_SENTENCE.search(before[-2:]))


def _torn(before: str, after: str) -> bool:
    return bool(_MUST_JOIN.match(f"{before[-1]}\n{after[0]}")) and not _STARTS_ITEM.match(after)


def _paragraphs(lines: list[str], cut: Callable[[str, str], bool]) -> str:
    parts = lines[:1]
    for before, line in pairwise(lines):
        parts.append(_between(before, line) if cut(before, line) else "\n")
        parts.append(line)
    return "".join(parts)


def _was_cut(lines: list[str]) -> bool:
    if len(lines) < 3 or max(map(len, lines)) > 28:
        return False
    widths = [sum(1 if c < "\u1100" else 2 for c in line) for line in lines]
    widest = max(widths, default=0)
    if widest > 28:
        return False
    # The last line of a paragraph may be as short as it likes.
    open_ends = [
        width
        for (line, after), width in zip(pairwise(lines), widths, strict=False)
        if _open_ended(line, after)
    ]
    full = sum(width >= widest - 6 for width in open_ends)
    return len(open_ends) * 3 >= len(lines) - 1 and full * 10 >= len(open_ends) * 6


def _between(left: str, right: str) -> str:
    """What joins two pieces of a broken line: a space between two Latin words, nothing between Chinese."""
    latin = left[-1:].isascii() and right[:1].isascii() and left[-1:].isalpha() and right[:1].isalpha()
    return " " if latin else ""


_BODY = re.compile(r"(?:[局委厅部办会院科处室所站队司署府关]|中心)$")


def one_line(text: str, *, bodies: bool = False) -> str:
    """The lines of a short cell as one; with ``bodies``, lines that all end as bodies do are a list."""
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    if bodies and len(lines) > 1 and all(len(line) > 2 and _BODY.search(line) for line in lines):
        return "、".join(lines)
    joined = "".join(_between(before, line) + line for before, line in pairwise(["", *lines]))
    return _NOISE.sub("", joined) if len(lines) > 2 else joined


def plain_lines(text: str) -> str:
    """Markdown as it is, but for unseen characters, odd line ends and blank ends."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text)).strip() if text else text


_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "Ｏ": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def chinese_number(text: str) -> int | None:
    """``七十四`` → 74, ``二〇一五`` → 2015, ``74`` → 74; None for anything else (no 万 and above)."""
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
