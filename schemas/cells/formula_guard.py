"""Guard against formula injection (CWE-1236): an apostrophe before texts that a spreadsheet would evaluate.

Text files need it; a cell of a workbook has a type. A number in a numeric field (``-5``) is written
unchanged. The same characters in a text field are guarded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import dropwhile

from schemas.definition.catalogue import Field

_SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_BREAKS = frozenset("\t\r\n")
"""Ignored by spreadsheets, or treated as the end of a cell, so that the following text starts a cell."""
_BLANKS = frozenset(" \u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Invisible characters whose Unicode category is printable."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guard_text(text: str) -> str:
    """Return a cell that spreadsheets do not evaluate, also if invisible characters precede the sign."""
    first = text[:1]
    if "\u4e00" <= first <= "\u9fff" or "0" <= first <= "9":  # nearly every text
        return text
    if first in _BREAKS or first in _SIGNS:
        return f"'{text}"
    if _is_invisible(first) and next(dropwhile(_is_invisible, text), "") in _SIGNS:
        return f"'{text}"
    return text


def guard_number(text: str) -> str:
    """Return a cell of a numeric field: a plain number unchanged, other texts as :func:`guard_text`."""
    return text if _NUMBER.fullmatch(text) else guard_text(text)


@lru_cache(4096)
def _is_invisible(character: str) -> bool:
    """Report whether it is a blank, a control or format character, a filler or a variation selector."""
    return (
        not character.isprintable()
        or character in _BLANKS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def is_numeric(field: Field | None) -> bool:
    """Report whether a field contains numbers, which are cells of their own type in spreadsheets."""
    return field is not None and field.type in ("integer", "decimal")


def guard_of(field: Field | None) -> Callable[[str], str]:
    """Return the guard of a field's cells. ``field``: None if its catalogue dropped it."""
    return guard_number if is_numeric(field) else guard_text
