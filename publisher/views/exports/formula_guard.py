"""Guard against spreadsheet formulas (CWE-1236): an apostrophe before a text that a program would run.

Text files need it; a cell of a workbook says by its type that it is text. A number of a numeric field
(``-5``) is written as it is. The same characters in a text field are a text, and guarded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import dropwhile

_SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_BREAKS = frozenset("\t\r\n")
"""Dropped by programs, or taken for the end of a cell, so that what stands behind begins one."""
_BLANKS = frozenset(" \u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Printable by their Unicode category, but nothing is seen of them."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guard_text(text: str) -> str:
    """Return a cell that no spreadsheet runs, whatever invisible characters stand before the sign."""
    first = text[:1]
    if first in _BREAKS or first in _SIGNS:
        return f"'{text}"
    if _is_invisible(first) and next(dropwhile(_is_invisible, text), "") in _SIGNS:
        return f"'{text}"
    return text


def guard_number(text: str) -> str:
    """Return a cell of a numeric field: a plain number as it is, anything else as :func:`guard_text` does."""
    return text if _NUMBER.fullmatch(text) else guard_text(text)


@lru_cache(4096)
def _is_invisible(character: str) -> bool:
    """Whether it is a blank, a control or format character, a filler or a variation selector."""
    return (
        not character.isprintable()
        or character in _BLANKS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )
