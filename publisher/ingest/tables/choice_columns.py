"""Columns of one field in which a tick chooses the word of the heading: 行使层级 over 市级 | 县级."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from schemas.cells.quantities import read_boolean
from schemas.definition.catalogue import Field
from schemas.normalise import heading_key

_UNDER = re.compile(r".+[（(]([^（()）]+)[）)]")
_TICK = re.compile(r"[√✓✔☑✅●■▲★◆◎üþ]+\d{0,2}|[vp]")
"""Also with the number of a note, and what Wingdings shows as a tick; 是, Y and 1 as for yes or no."""
_NO_TICK = re.compile(r"[×✗✘✕✖╳❌xû☐□¨/\-—–−]+|0|没有?")
_UNSURE = re.compile(r"[○〇◯o☒ý△☆]+")
"""Signs that are a tick in some lists, and none beside a tick."""
_VARIANT = re.compile("[\ufe0e\ufe0f]")
_SEVERAL = re.compile(r"[、，,；;/\s]+")
_YES_AND_NO = frozenset({"是", "否", "有", "无"})
_NO = frozenset({"否", "无"})


class Choice(msgspec.Struct, frozen=True):
    """What a column stands for."""

    word: str
    """The word of its heading."""
    words: frozenset[str] = frozenset()
    """Keys of the words of its field; empty for a field of yes or no."""


class Chosen(msgspec.Struct):
    """What the cells of a field's columns choose in one row."""

    words: list[str]
    unclear: list[int]
    """Indices of the cells that neither choose a word nor leave it out."""


def find_choice(field: Field, heading: str) -> Choice | None:
    """Return what a column under its heading stands for, or None for another column.

    ``heading``: as composed of both rows, 行使层级（市级）.
    """
    match = _UNDER.fullmatch(heading)
    if match is None:
        return None
    key = heading_key(match[1])
    if field.type == "boolean":
        return Choice(key) if key in _YES_AND_NO else None
    listed = (word for term in field.vocabulary for word in (term.value, *term.aliases))
    words = frozenset(heading_key(word) for word in listed if not word.isdecimal())
    return Choice(match[1].strip(), words) if key in words else None


def choose(cells: Sequence[tuple[Choice, str]]) -> Chosen:
    """Return the words that the filled cells of a field choose, in the order of its columns."""
    texts = [_VARIANT.sub("", unicodedata.normalize("NFKC", text)).casefold().strip() for _, text in cells]
    ticked = [choice.word for (choice, _), text in zip(cells, texts, strict=True) if _is_tick(text)]
    chosen = Chosen([], [])
    for index, ((choice, raw), text) in enumerate(zip(cells, texts, strict=True)):
        if _is_tick(text):
            chosen.words.append(choice.word)
        elif _states_no(choice, text):
            if not ticked:
                chosen.words.append("否")
        elif _UNSURE.fullmatch(text):
            if not ticked:
                chosen.unclear.append(index)
        elif _names_words(choice, text):
            chosen.words.append(raw.strip())
        elif not _NO_TICK.fullmatch(text) and read_boolean(text) is not False:
            chosen.unclear.append(index)
    chosen.words = list(dict.fromkeys(chosen.words))
    return chosen


def _is_tick(text: str) -> bool:
    return _TICK.fullmatch(text) is not None or (read_boolean(text) is True and not _UNSURE.fullmatch(text))


def _states_no(choice: Choice, text: str) -> bool:
    """Test for 否 in a column of 是 or 否; 无 says so only in one of 有 or 无."""
    return not choice.words and text in _NO and (text == "否" or choice.word in {"有", "无"})


def _names_words(choice: Choice, text: str) -> bool:
    pieces = [heading_key(piece) for piece in _SEVERAL.split(text) if piece]
    return bool(pieces) and all(piece in choice.words for piece in pieces)
