"""How Chinese reads in Latin letters, without tones, and how typed letters divide into syllables."""

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
_WAYS = 8
"""Ways to divide one typed text that are tried; xian is one syllable or two."""

_WORDS_KEPT = 100_000


class Pinyin:
    """Readings of words and characters. One serves many threads."""

    def __init__(self, characters: dict[str, str], words: dict[str, str], analyzer: Analyzer) -> None:
        """``characters``: syllable → the characters that read so; ``words`` that read otherwise."""
        self._characters = {c: syllable for syllable, found in characters.items() for c in found}
        self._syllables = frozenset(characters)
        self._beginnings = frozenset(s[:end] for s in self._syllables for end in range(1, len(s) + 1))
        self._exceptions = {word: tuple(reading.split()) for word, reading in words.items()}
        self._analyzer = analyzer
        self._read: dict[str, tuple[str, ...]] = {}

    def read(self, folded: str) -> list[str]:
        """Syllable by syllable; what is no Chinese character goes on as it stands, a run of it as one."""
        return [syllable for word in self._analyzer.cut(folded) for syllable in self._word(word)]

    def _word(self, word: str) -> tuple[str, ...]:
        known = self._read.get(word)
        if known is None:
            if len(self._read) > _WORDS_KEPT:  # words guessed from damaged texts must not fill the memory
                self._read.clear()
            known = self._read[word] = tuple(self._syllables_of(word))
        return known

    def _syllables_of(self, word: str) -> list[str]:
        """The longest words that are read otherwise, and between them character by character."""
        found: list[str] = []
        tokens = tokens_of(word)
        position = 0
        while position < len(tokens):
            for end in range(min(len(tokens), position + _LONGEST_WORD), position, -1):
                exception = self._exceptions.get("".join(tokens[position:end]))
                if exception:
                    found += exception
                    position = end
                    break
            else:
                found.append(self._characters.get(tokens[position], tokens[position]))
                position += 1
        return found

    def divided(self, letters: str, *, open_end: bool = False) -> list[list[str]]:
        """The ways in which ``letters`` are syllables, those with the fewest first; [] where they are none.

        ``open_end``: the last may be the beginning of one, as while somebody types.
        """
        ways: list[list[list[str]]] = [[] for _ in range(len(letters) + 1)]
        ways[len(letters)] = [[]]
        for start in range(len(letters) - 1, -1, -1):
            for end in range(start + 1, min(len(letters), start + _LONGEST_SYLLABLE) + 1):
                piece = letters[start:end]
                beginning = open_end and end == len(letters) and piece in self._beginnings
                if piece in self._syllables or beginning:
                    ways[start] += [[piece, *rest] for rest in ways[end]]
            ways[start] = sorted(ways[start], key=len)[:_WAYS]
        return ways[0] if letters else []

    def sounds(self, text: str, *, open_end: bool = False) -> list[list[str]]:
        """How ``text`` may sound where some of it is typed in letters: 危险huaxue; [] where they are none."""
        ways: list[list[str]] = [[]]
        runs = _RUNS.findall(text)
        for number, run in enumerate(runs, start=1):
            last = open_end and number == len(runs)
            ends = self.divided(run, open_end=last) if _LETTERS.fullmatch(run) else [self.read(run)]
            ways = [[*way, *end] for way in ways for end in ends][:_WAYS]
        return ways


def toneless(folded: str) -> str:
    """Letters without the tones of pinyin: wēixiǎn, wei1 xian3 → weixian; ü as keyboards have it, v."""
    plain = _ACCENTED.sub(lambda found: _base(found[0]), folded)
    return re.sub("[1-5]", "", plain) if _NUMBERED.fullmatch(plain) else plain


def _base(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return "v" if parts[0] == "u" and "\u0308" in parts else parts[0]


def tokens_of(text: str) -> list[str]:
    """Characters one by one, runs of letters and digits whole: as many as :meth:`Pinyin.read` gives."""
    found: list[str] = _TOKEN.findall(text)
    return found


@cache
def _readings() -> tuple[dict[str, str], dict[str, str]]:
    data = json.loads(resources.files("search").joinpath("data", "readings.json").read_text("utf-8"))
    return data["characters"], data["words"]


def load(analyzer: Analyzer) -> Pinyin:
    """Readings of ``data/readings.json``, made by ``tests/search/readings.py``."""
    return Pinyin(*_readings(), analyzer)
