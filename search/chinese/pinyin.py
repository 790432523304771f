"""Pinyin without tones: readings of Chinese text, and division of typed letters into syllables."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

from search.chinese.analyzer import HAN, Analyzer

_LETTERS = re.compile("[a-z]+")
_RUNS = re.compile("[a-z]+|[^a-z]+")
_ACCENTED = re.compile("[\u00e0-\u024f]")
_NUMBERED = re.compile(r"\s*(?:[a-z]{1,6}[1-5]\s*)+")
_TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_LONGEST_SYLLABLE = 6
_LONGEST_WORD = 4
_MAX_READINGS = 8
"""Maximum number of divisions tried for one typed text; xian is one syllable or two."""

_MAX_CACHED_WORDS = 100_000
"""Maximum number of cached words, as words guessed from damaged texts are many."""


class Pinyin:
    """Readings of words and characters. Thread-safe."""

    def __init__(self, characters: dict[str, str], words: dict[str, str], analyzer: Analyzer) -> None:
        """``characters``: syllable → the characters read so. ``words``: word → its irregular reading."""
        self._characters = {c: syllable for syllable, group in characters.items() for c in group}
        self._syllables = frozenset(characters)
        self._beginnings = frozenset(s[:end] for s in self._syllables for end in range(1, len(s) + 1))
        self._exceptions = {word: tuple(reading.split()) for word, reading in words.items()}
        self._analyzer = analyzer
        self._syllable_cache: dict[str, tuple[str, ...]] = {}

    def syllables(self, folded: str) -> list[str]:
        """Return the syllables of a text. A run of other characters is kept as one element."""
        return [syllable for word in self._analyzer.cut(folded) for syllable in self._word_syllables(word)]

    def _word_syllables(self, word: str) -> tuple[str, ...]:
        syllables = self._syllable_cache.get(word)
        if syllables is None:
            if len(self._syllable_cache) > _MAX_CACHED_WORDS:
                self._syllable_cache.clear()
            syllables = self._syllable_cache[word] = tuple(self._spell_word(word))
        return syllables

    def _spell_word(self, word: str) -> list[str]:
        """Read the longest words with an irregular reading, and the rest character by character."""
        syllables: list[str] = []
        tokens = split_tokens(word)
        position = 0
        while position < len(tokens):
            for end in range(min(len(tokens), position + _LONGEST_WORD), position, -1):
                exception = self._exceptions.get("".join(tokens[position:end]))
                if exception:
                    syllables += exception
                    position = end
                    break
            else:
                syllables.append(self._characters.get(tokens[position], tokens[position]))
                position += 1
        return syllables

    def divide(self, letters: str, *, open_end: bool = False) -> list[list[str]]:
        """Divide ``letters`` into syllables in every way, fewest syllables first; [] if it is impossible.

        ``open_end``: the last syllable may be incomplete, as in partial input.
        """
        divisions: list[list[list[str]]] = [[] for _ in range(len(letters) + 1)]
        divisions[len(letters)] = [[]]
        for start in range(len(letters) - 1, -1, -1):
            for end in range(start + 1, min(len(letters), start + _LONGEST_SYLLABLE) + 1):
                piece = letters[start:end]
                beginning = open_end and end == len(letters) and piece in self._beginnings
                if piece in self._syllables or beginning:
                    divisions[start] += [[piece, *rest] for rest in divisions[end]]
            divisions[start] = sorted(divisions[start], key=len)[:_MAX_READINGS]
        return divisions[0] if letters else []

    def sounds(self, text: str, *, open_end: bool = False) -> list[list[str]]:
        """List the readings of a text with some letters in it, such as 危险huaxue; [] if there are none."""
        divisions: list[list[str]] = [[]]
        runs = _RUNS.findall(text)
        for number, run in enumerate(runs, start=1):
            last = open_end and number == len(runs)
            ends = self.divide(run, open_end=last) if _LETTERS.fullmatch(run) else [self.syllables(run)]
            divisions = [[*division, *end] for division in divisions for end in ends][:_MAX_READINGS]
        return divisions


def strip_tones(folded: str) -> str:
    """Remove the tones of pinyin: wēixiǎn, wei1 xian3 → weixian; ü becomes v, as on keyboards."""
    plain = _ACCENTED.sub(lambda match: _find_base_letter(match[0]), folded)
    return re.sub("[1-5]", "", plain) if _NUMBERED.fullmatch(plain) else plain


def _find_base_letter(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return "v" if parts[0] == "u" and "\u0308" in parts else parts[0]


def split_tokens(text: str) -> list[str]:
    """Split into single characters and whole runs of letters and digits: one for each element of
    :meth:`Pinyin.syllables`."""
    tokens: list[str] = _TOKEN.findall(text)
    return tokens


@cache
def _list_readings() -> tuple[dict[str, str], dict[str, str]]:
    data = json.loads(resources.files("search").joinpath("data", "readings.json").read_text("utf-8"))
    return data["characters"], data["words"]


def load_pinyin(analyzer: Analyzer) -> Pinyin:
    """Load the readings of ``data/readings.json``, which ``tests/search/readings.py`` generates."""
    return Pinyin(*_list_readings(), analyzer)
