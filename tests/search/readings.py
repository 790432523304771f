"""Renew ``search/data/readings.json`` from pypinyin: ``python -m tests.search.readings``.

The library takes 54 MB and 0.2 s in every process that loads it. Search needs only readings without tones,
a file of 0.2 MB. A test compares both.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pypinyin
import rjieba
from pypinyin.constants import PHRASES_DICT

import search

FILE = Path(search.__file__).parent / "data" / "readings.json"
ABOUT = (
    "汉字与多音词的读音，不带声调，取自 pypinyin（MIT 许可）。 / Readings without tones, facts from pypinyin "
    "(MIT). characters: reading → characters. words: dictionary words that are read otherwise than character "
    "by character."
)
UNIFIED = range(0x4E00, 0xA000)
LONGEST = 4
VOWEL = re.compile("[aeiouv]")


def build_readings() -> dict[str, Any]:
    """Build the content of the file from the installed library."""
    single = {}
    for code in UNIFIED:
        reading = pypinyin.lazy_pinyin(chr(code))[0]
        if reading.isascii() and VOWEL.search(
            reading
        ):  # skip readings such as m for 呣: single letters would become syllables
            single[chr(code)] = reading
    characters = defaultdict(list)
    for character, reading in single.items():
        characters[reading].append(character)
    return {
        "about": ABOUT,
        "characters": {reading: "".join(characters[reading]) for reading in sorted(characters)},
        "words": dict(sorted(_words(single))),
    }


def _words(single: dict[str, str]) -> list[tuple[str, str]]:
    dictionary = rjieba.Jieba()
    words_read_otherwise = []
    for word in PHRASES_DICT:
        if 1 < len(word) <= LONGEST and dictionary.has_word(word):
            readings = pypinyin.lazy_pinyin(word)
            if len(readings) == len(word) and readings != [single.get(c) for c in word]:
                words_read_otherwise.append((word, " ".join(readings)))
    return words_read_otherwise


if __name__ == "__main__":
    FILE.write_text(json.dumps(build_readings(), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
