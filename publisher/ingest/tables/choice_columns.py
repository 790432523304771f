"""Columns of one field in which a tick chooses the word of the heading: 行使层级 over 市级 | 县级."""

from __future__ import annotations

import re

from schemas.definition.catalogue import Field
from schemas.normalise import heading_key

_UNDER = re.compile(r".+[（(]([^（()）]+)[）)]")
_TICK = re.compile(r"\s*[√✓✔☑●■▲★]\s*")
_NO_TICK = re.compile(r"\s*(?:[×✗✘xX☐□○/／\-－—–]+|否|无)\s*")
_YES_AND_NO = frozenset({"是", "否", "有", "无"})


def find_word(field: Field, heading: str) -> str:
    """Return the word of a field that a column under its heading stands for; ``""`` for another column.

    ``heading``: as composed of both rows, 行使层级（市级）.
    """
    match = _UNDER.fullmatch(heading)
    if match is None:
        return ""
    key = heading_key(match[1])
    if field.type == "boolean":
        return key if key in _YES_AND_NO else ""
    words = (word for term in field.vocabulary for word in (term.value, *term.aliases))
    return match[1].strip() if any(heading_key(word) == key for word in words) else ""


def is_tick(text: str) -> bool:
    return _TICK.fullmatch(text) is not None


def is_mark(text: str) -> bool:
    """Test for a tick, or for a sign that there is none."""
    return is_tick(text) or _NO_TICK.fullmatch(text) is not None
