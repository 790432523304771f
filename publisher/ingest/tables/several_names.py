"""Names of several items in one cell: 1.护照费 and 2.签证费, or a name on each line."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from schemas.normalise import HAN, chinese_number, fold

_HAN = "[一二三四五六七八九十]{1,3}"
_NOT_INSIDE = r"(?<![第\d.,，、])"
"""第2、3条 and 1.2 contain no mark of an item."""
_MARKS = re.compile(
    rf"{_NOT_INSIDE}(?:[（(](?P<bracketed>\d{{1,2}})[）)]|[（(](?P<han_bracketed>{_HAN})[）)]"
    rf"|(?P<dotted>\d{{1,2}})\s*[.．](?!\d)|(?P<listed>\d{{1,2}})\s*、|(?P<closed>\d{{1,2}})[）)]"
    rf"|(?P<han>{_HAN})、|(?P<ring>[①-⑳])|(?P<ringed>[⑴-⒇])|(?P<pointed>[⒈-⒛]))"
)
_GLUED = frozenset({"dotted", "listed", "bracketed", "han_bracketed"})
"""Kinds of marks that may follow a name without a sign, if the cell begins with one."""
_SIGN = re.compile(r"[\n\r①-⒛]|[\d０-９]\s*[.．、)）]|[一二三四五六七八九十][、）)]")
"""Sign of a mark or of lines. Most names have none."""
_BULLET = re.compile(r"\s*([•·●■▪◆◇○★▲\-－—*])\s*\S")
_ENDINGS = re.compile(
    r"(?:费|金|许可|审批|审核|核准|备案|登记|认定|确认|处罚|检查|强制|裁决|奖励|给付|征收|资格|注册|年检|验收)"
    r"(?=(?:[（(][^（()）]*[）)])?[；;，,、]?$)"
)
_SHORTEST_NAME = 3


def split_names(text: str) -> list[str]:
    """Return the names of the items that a cell seems to contain, if there are several; else none.

    Two marks that follow one another (1. and 2.), a bullet or the same last word on every line show them. A
    sentence (。) is no name, and a name with a line break in its middle is one.
    """
    if not _SIGN.search(text) or "。" in text:
        return []
    text = fold(text)
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return _split_at_marks(text) or _split_at_bullets(lines) or _split_at_endings(lines)


def _split_at_marks(text: str) -> list[str]:
    marks = [m for m in _MARKS.finditer(text) if m.start() == 0 or _begins_name(text, m)]
    kinds = [m.lastgroup for m in marks]
    marks = [m for m in marks if m.lastgroup == kinds[0]]
    ends = [m.start() for m in marks[1:]] + [len(text)]
    names = [text[m.end() : end].strip(" \n；;，,、") for m, end in zip(marks, ends, strict=False)]
    numbers = [_number(m) for m in marks]
    follow = all(after == before + 1 for before, after in pairwise(numbers))
    is_list = len(names) > 1 and follow and all(len(name) >= _SHORTEST_NAME - 1 for name in names)
    return names if is_list else []


def _begins_name(text: str, mark: re.Match[str]) -> bool:
    """Test whether a mark in the text begins a name: after a line, a sign or a space; a ring always does."""
    before = text[mark.start() - 1]
    if before in "\n；;：: ":
        return True
    if mark.lastgroup in {"ring", "ringed", "pointed"}:
        return True
    return mark.lastgroup in _GLUED and _MARKS.match(text) is not None and not before.isascii()


def _number(mark: re.Match[str]) -> int:
    text = mark[mark.lastgroup or 0]
    if mark.lastgroup in {"ring", "ringed", "pointed"}:
        return int(unicodedata.numeric(text))
    return chinese_number(text) or 0


def _split_at_bullets(lines: list[str]) -> list[str]:
    bullets = [m[1] for line in lines if (m := _BULLET.match(line))]
    if len(lines) < 2 or len(bullets) < len(lines) or len(set(bullets)) > 1:
        return []
    return [line[1:].strip() for line in lines]


def _split_at_endings(lines: list[str]) -> list[str]:
    endings = [m[0] for line in lines if (m := _ENDINGS.search(line))]
    is_list = len(lines) > 1 and len(endings) == len(lines) and len(set(endings)) == 1
    return lines if is_list and all(len(line) >= _SHORTEST_NAME for line in lines) else []


_HAN_AT_BREAK = re.compile(f"[{HAN}）》]\n[{HAN}《（]")
_MOVED = re.compile(r"[（《“].*|.[，。、；：！？）》”].*")
"""Beginning of a line with a character that stood above, if the sign beside it might end or begin a line."""


def split_at_chosen_breaks(text: str) -> list[str]:
    """Return the lines of a short cell of which one is longer than the line above; else none.

    A column did not break the line above, which has space for more: somebody chose the break.
    """
    lines = [line.strip() for line in fold(text).split("\n") if line.strip()]
    for before, after in pairwise(lines if min(map(len, lines), default=0) > 1 else ()):
        if (
            _HAN_AT_BREAK.fullmatch(f"{before[-1]}\n{after[0]}")
            and _width(after) > _width(before) + (3 if _MOVED.fullmatch(after) else 1)
            and before.count("（") == before.count("）")
            and before.count("《") == before.count("》")
        ):
            return lines
    return []


def _width(line: str) -> int:
    return sum(1 if c < "\u1100" else 2 for c in line)
