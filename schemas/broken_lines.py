"""Lines of a cell: breaks that a narrow column or a scanner made, and breaks between two values."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from schemas.normalise import HAN, tidy_spaces

_SPACE_AT_HAN = re.compile(f"(?<=[{HAN}0-9]) +(?=[{HAN}])|(?<=[{HAN}]) +(?=[0-9])")
_STARTS_ITEM = re.compile(
    r"\d{1,3}[.、)）](?!\d)|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.]"
    r"|【|[①-⑳]|第[一二三四五六七八九十百千零〇\d]+[章节条款项]?[：:\s]"
)
_ENDS_SENTENCE = re.compile(r"[。；！？：;:!?][”’）)]?$")
_NEVER_AT_END = frozenset("，、（《“〔【")
_NEVER_AT_START = frozenset("，。；、）》”〕】")

_LONGEST_CUT = 32
"""Characters on either side of a break that show whether it is inside of a number."""
_CUT_NUMBERS = re.compile(
    # a day: 2015年1\n1月5日, 2015-11-0\n5
    r"(?:.*\D)?(?:(?:1\n9|2\n0)\d\d|(?:19|20)(?:\n\d\d|\d\n\d))(?:年|[-./]\d{1,2}[-./]\d).*"
    r"|.*(?:年|(?:19|20)\d\d[-./])(?:0\n[1-9]|1\n[0-2])(?:月|[-./]\d).*"
    r"|.*(?:月|(?:19|20)\d\d[-./]\d{1,2}[-./])(?:0\n[1-9]|[12]\n\d|3\n[01])(?:[日号].*|)"
    # a day between its parts: 2015\n年, 2015年\n11月, 11月\n5日
    r"|(?:.*[^\d:：-])?\d{1,4}\n(?:年|月|日(?![常期])|号(?!码)|条(?![件例])).*"
    r"|.*年\n\d{1,2}月.*|.*月\n\d{1,2}[日号].*|.*第\n\d.*"
    # the number of an article or a document: 第1\n2条, 〔20\n15〕, 〔2015〕3\n4号
    r"|.*第\d{1,4}\n\d{1,4}[^\d\s.,、-].*"
    r"|.*[〔［\[（(](?:1\n9|2\n0)\d\d[〕］\]）)].*|.*[〔［\[（(](?:19|20)(?:\n\d\d|\d\n\d)[〕］\]）)].*"
    r"|.*[〕］\]）)]第?(?:\d\n\d{1,2}|\d{2}\n\d)号.*",
)
"""Two lines, of which the break cuts a number or a date."""

_URL = r"(?:https?://|www\.)[!-~]+"
_MAIL = r"[\w.+-]+@[A-Za-z\d-]+(?:\.[A-Za-z\d-]+)+"
_TELEPHONE = r"(?:[（(]0\d{2,3}[）)] ?|0\d{2,3}[- ]?)?\d{7,8}(?:-\d{1,6})?|1\d{10}|[48]00-?\d{3,4}-?\d{3,4}"
_STARTS_ADDRESS = re.compile(rf"{_URL}|{_MAIL}", re.ASCII)
_ENDS_WITH_URL = re.compile(rf"(?:^|[^!-~]|(?<=[ ,;:(])){_URL}$")
_ENDS_WITH_MAIL = re.compile(rf"{_MAIL}$", re.ASCII)
_ENDS_WITH_TELEPHONE = re.compile(rf"(?:^|[^\d-])(?:{_TELEPHONE})$")
_UNIT = (
    r"[%‰年月日天周时分秒元角个项次件份页张本台套辆间人户家名层楼室号座级]"
    r"|[十百千万亿]?元|个?(?:工作日|自然日|小时|月)|分钟"
)
_QUANTITY = rf"[+(（]?\d[\d ()（）,.:/+~～—–-]*(?<![-,.:/+~～—–])(?:{_UNIT})?"
_VALUE = re.compile(rf"{_URL}|{_MAIL}|{_TELEPHONE}|{_QUANTITY}", re.ASCII)
"""A line that is an address or a number, perhaps with its unit."""


def _is_cut_number(before: str, after: str) -> bool:
    """Test whether the break between two lines is inside of a number or a date."""
    if not (before[-1] in "年月第" or before[-1].isdecimal()):
        return False
    return _CUT_NUMBERS.fullmatch(f"{before[-_LONGEST_CUT:]}\n{after[:_LONGEST_CUT]}") is not None


_LONGEST_VALUE = 300


def hold_two_values(before: str, after: str) -> bool:
    """Test whether two lines of a cell certainly hold two values: numbers, or addresses of the net."""
    before, after = before[-_LONGEST_VALUE:], after[:_LONGEST_VALUE]
    if _is_cut_number(before, after) or before[-1] in _NEVER_AT_END or after[0] in _NEVER_AT_START:
        return False
    if _STARTS_ADDRESS.match(after):
        return "!" <= before[-1] <= "~" and before[-1] not in ":("
    if _ENDS_WITH_URL.search(before):
        return not "!" <= after[0] <= "~" or re.fullmatch(_TELEPHONE, after) is not None
    if _ENDS_WITH_MAIL.search(before):
        return True
    if _VALUE.fullmatch(before) and _VALUE.fullmatch(after):
        return True
    ends = _ENDS_WITH_TELEPHONE.search(before)
    return bool(ends and (after[0].isdecimal() or _ENDS_WITH_TELEPHONE.search(after)))


def may_hold_two_values(above: str, below: str) -> bool:
    """Test whether the last line of a text and the first one of another perhaps hold two values."""
    before, after = above.rpartition("\n")[2], below.partition("\n")[0]
    return hold_two_values(before, after) or _may_hold_two_numbers(before, after)


def _may_hold_two_numbers(before: str, after: str) -> bool:
    """Test for a break between digits that is not known to be inside of one number."""
    return before[-1].isdecimal() and after[0].isdecimal() and not _is_cut_number(before, after)


# --- long text: a break stays if in doubt ----


_NARROW = 28
"""Columns of the widest line of a narrow cell: 14 Chinese characters."""
_SPACE_BEFORE_COMMA = re.compile(f"(?<=[{HAN}）》”]) [，。；：、]")


def join_broken_lines(text: str) -> str:
    """Join the lines of a paragraph that was broken by a narrow column or a scanner.

    The evidence is in the cell itself. A line break inside a date or number, or next to punctuation that
    never ends a line, is always removed. A cell of three or more lines of running text, narrow (at most 14
    characters) and mostly full, was broken everywhere except after a sentence and before an item (``1.``,
    ``（一）``, ``【法律】``). So was one with spaces before several commas and full stops, which only
    scanners produce. A break between two numbers or addresses stays.
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
    if _STARTS_ITEM.match(after) or hold_two_values(before, after):
        return False
    return _is_cut_inside_unit(before, after) or not _ENDS_SENTENCE.search(before[-2:])


def _is_cut_inside_unit(before: str, after: str) -> bool:
    if _STARTS_ITEM.match(after):
        return False
    return before[-1] in _NEVER_AT_END or after[0] in _NEVER_AT_START or _is_cut_number(before, after)


def _join_paragraphs(lines: list[str], cut: Callable[[str, str], bool]) -> str:
    parts = lines[:1]
    for before, line in pairwise(lines):
        parts.append(_choose_joint(before, line) if cut(before, line) else "\n")
        parts.append(line)
    return "".join(parts)


_RUNNING = re.compile(
    r"[，。；：].|[，、]$|^[，。；：、）》”〕】]|^(?:的|和|及|与|或|并|等)|(?:的|和|及|与|或|并|其|在|由|对|按|经|为|是|不)$",
    re.MULTILINE,
)
"""Signs of sentences, which a list of things such as documents does not have."""
_BRACKETS = (("（", "）"), ("《", "》"), ("“", "”"), ("〔", "〕"), ("【", "】"), ("(", ")"))


def _is_broken_everywhere(lines: list[str]) -> bool:
    if len(lines) < 3 or max(map(len, lines)) > _NARROW:
        return False
    widths = [sum(1 if c < "\u1100" else 2 for c in line) for line in lines]
    widest = max(widths, default=0)
    if widest > _NARROW or not _is_running_text(lines):
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


def _is_running_text(lines: list[str]) -> bool:
    """Test for sentences. A list of names, one on each line, may be as narrow and as full as a paragraph."""
    return (
        bool(_RUNNING.search("\n".join(lines)))
        or any(map(_is_cut_number, lines, lines[1:]))
        or not all(map(_is_balanced, lines))
    )


def _is_balanced(line: str) -> bool:
    return all(line.count(opening) == line.count(closing) for opening, closing in _BRACKETS)


def _choose_joint(before: str, after: str) -> str:
    """Return the text between two pieces of a broken line: a space between Latin words, else nothing."""
    latin = before[-1:].isascii() and after[:1].isascii() and before[-1:].isalpha() and after[:1].isalpha()
    return " " if latin and not _ENDS_WITH_URL.search(before) else ""


# --- short text: one line ----


_BODY_NAME_END = re.compile(r"(?:[局委厅部办会院科处室所站队司署府关]|中心)$")
_SHORTEST_NAME = 3


def join_lines(text: str, between_numbers: str = " ") -> str:
    """Join the lines of a short cell. Digits of two lines become one number only in a date and the like."""
    return _join(
        text, lambda before, after: between_numbers if _may_hold_two_numbers(before, after) else None
    )


def join_names(text: str, *, bodies: bool = False) -> str:
    """Join the lines of a short cell, with 、 between two values.

    Values are numbers, addresses of the net, and names that end in the same word; with ``bodies``, also lines
    that all end as names of bodies do.
    """
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    if _are_names(lines) or (bodies and _are_bodies(lines)):
        return "、".join(lines)
    return _join(text, _separate_values)


def _join(text: str, separate: Callable[[str, str], str | None]) -> str:
    """Join lines; ``separate`` returns the text between two lines, or None for two pieces of one line."""
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line]
    separators = [separate(before, line) for before, line in pairwise(lines)]
    parts = lines[:1]
    for before, line, separator in zip(lines, lines[1:], separators, strict=False):
        parts += [_choose_joint(before, line) if separator is None else separator, line]
    joined = "".join(parts)
    return _SPACE_AT_HAN.sub("", joined) if len(lines) > 2 else joined


def _separate_values(before: str, after: str) -> str | None:
    if hold_two_values(before, after):
        return "、"
    return " " if _may_hold_two_numbers(before, after) else None


def _are_names(lines: list[str]) -> bool:
    """Test whether all lines end in the same word: 窗口办理 and 网上办理."""
    ends = {line[-2:] for line in lines}
    has_word = len(ends) == 1 and re.fullmatch(f"[{HAN}]{{2}}", lines[0][-2:]) is not None
    return (
        has_word
        and len(lines) > 1
        and all(len(line) >= _SHORTEST_NAME and _is_balanced(line) for line in lines)
    )


def _are_bodies(lines: list[str]) -> bool:
    return len(lines) > 1 and all(len(line) > 2 and _BODY_NAME_END.search(line) for line in lines)
