"""English for what lists say in Chinese: values of vocabularies, and words that people search for.

``data/english.json`` lists the values of the built-in vocabularies with their English, and English words of
public services with the Chinese word that lists use. ``ignored`` are words of grammar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_ENGLISH = r"[a-z]+(?:['-][a-z]+)*"
_LONGEST = 3
"""Most English words of an entry."""


def value_in_english(value: str) -> str:
    """Return the English of a vocabulary's value; the value itself if there is none."""
    values: Mapping[str, str] = _load()["values"]
    return values.get(value, value)


def translate_query(text: str) -> str | None:
    """Translate an English query word by word; None if it is not English, or has a word that is not known.

    The signs ? ! , . and words of grammar are left out; other signs, Chinese words and numbers stay.
    """
    loaded = _load()
    words: Mapping[str, str] = loaded["words"]
    pieces = re.findall(rf"{_ENGLISH}|[^\sa-z?!,.]+", text.lower())
    translation: list[str] = []
    is_english = False
    place = 0
    while place < len(pieces):
        if not re.fullmatch(_ENGLISH, pieces[place]):
            translation.append(pieces[place])
            place += 1
            continue
        is_english = True
        for length in range(min(_LONGEST, len(pieces) - place), 0, -1):
            chinese = _lookup(words, pieces[place : place + length])
            if chinese is not None:
                translation.append(chinese)
                place += length
                break
        else:
            if pieces[place] not in loaded["ignored"]:
                return None
            place += 1
    return " ".join(dict.fromkeys(translation)) if is_english and translation else None


def _lookup(words: Mapping[str, str], phrase: list[str]) -> str | None:
    """Look up a phrase, whose last word may be a plural."""
    *first, last = phrase
    singular = [last, last.removesuffix("s"), last.removesuffix("es"), re.sub("ies$", "y", last)]
    for form in singular:
        chinese = words.get(" ".join((*first, form)))
        if chinese is not None:
            return chinese
    return None


@cache
def _load() -> Any:
    """Load ``values`` (Chinese → English), ``words`` (English → Chinese) and the list ``ignored``."""
    text = resources.files("schemas").joinpath("data", "english.json").read_text("utf-8")
    return json.loads(text)
