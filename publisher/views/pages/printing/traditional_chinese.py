"""Conversion of pages to traditional characters: word by word, with our own forms for the language of law.

OpenCC alone takes the longest phrase of its dictionary, across words (可换|发或者 becomes 髮), and the most
common sense, which is often wrong here: it converts 行政复议 to 行政複議. So the text is cut as for search,
and each word is converted by itself. Variants are those of Taiwan (為, 裡, 群), which most readers of
traditional characters know. Elements with ``translate="no"`` (citations, addresses, code) are not
converted.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import opencc

from publisher.views.pages.printing.language_marks import RAW, VOID
from publisher.views.pages.printing.traditional_phrases import CHARACTERS, TEXTS, WORDS
from search.chinese.thesaurus import load_language

_TEXTS = re.compile("|".join(sorted(TEXTS, key=lambda text: -len(text))))
_WORDS = re.compile("|".join(sorted(WORDS, key=lambda word: -len(word))))
_TOKEN = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_SPOKEN_ATTRIBUTES = re.compile(r'\b(aria-label|placeholder|title|alt|data-label)="([^"]*)"')


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2tw")


def convert_text(simplified: str) -> str:
    """Convert a text, word by word. Its length does not change."""
    out: list[str] = []
    end = 0
    for match in _TEXTS.finditer(simplified):
        out += (_convert_words(simplified[end : match.start()]), TEXTS[match[0]])
        end = match.end()
    out.append(_convert_words(simplified[end:]))
    return "".join(out)


def _convert_words(text: str) -> str:
    if text.isascii():
        return text
    return "".join(map(_convert_word, load_language()[0].cut(text)))


@lru_cache(65_536)
def _convert_word(word: str) -> str:
    """Convert a word of the cut: as OpenCC does, then characters by their words, then our words."""
    converted = list(_converter().convert(word))
    if len(converted) != len(word):
        converted = [_converter().convert(character) for character in word]
    for place, character in enumerate(word):
        if character in CHARACTERS:
            converted[place] = _choose_form(word, place)
    for match in _WORDS.finditer(word):
        converted[match.start() : match.end()] = WORDS[match[0]]
    return "".join(converted)


def _choose_form(word: str, place: int) -> str:
    """Choose the form of a character by the listed words that contain it at its place."""
    usual, others = CHARACTERS[word[place]]
    for form, words in others.items():
        for one in words:
            start = word.find(one)
            if start >= 0 and start <= place < start + len(one):
                return form
    return usual


def convert_page(html: str) -> str:
    """Convert the visible and spoken text of a page; links and values are not converted."""
    out: list[str] = []
    literal_depth = 0  # levels inside an element that is not converted
    for token in _TOKEN.split(html):
        if not token.startswith("<"):
            out.append(token if literal_depth else convert_text(token))
            continue
        name = _NAME.match(token)
        tag = name[1].lower() if name else ""
        if tag and tag not in VOID and not token.endswith("/>"):
            if token.startswith("</"):
                literal_depth = max(0, literal_depth - 1)
            elif literal_depth or tag in RAW or 'translate="no"' in token:
                literal_depth += 1
        out.append(
            token
            if literal_depth
            else _SPOKEN_ATTRIBUTES.sub(lambda m: f'{m[1]}="{convert_text(m[2])}"', token)
        )
    return "".join(out)
