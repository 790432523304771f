"""What a person typed → what is looked for. Never an error: what cannot be parsed is searched as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from schemas import citation
from search.analysis import Analyzer, is_han
from search.lexicon import Lexicon

LONGEST = 400
"""Characters of a query that are read. The longest name of a power item seen is 190."""

_QUOTED = re.compile('["“”„〝「『](.+?)["“”〞」』]')
_CITED = re.compile(r"[〔\[［(（【﹝].{2,6}[〕\]］)）】﹞]|号|[0-9０-９]{4}")

Kind = Literal["word", "characters", "phrase", "number"]


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a hit must hold.

    ``word``: met as a whole word of the dictionary. ``characters``: as a run of characters.
    ``phrase``: the same, because the person put it in quotes. ``number``: a 发文字号.
    """

    text: str
    kind: Kind
    forms: tuple[str, ...] = ()
    """Other texts that count as this word: names of the same body, wordings of the same term."""
    taiwan: str = ""
    """How the mainland says what was typed in Taiwan's wording, where that differs."""


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[Word, ...]
    """In the order typed, without repetition."""
    grams: tuple[str, ...]
    """Terms to rank by, from the whole text, 提问 words too."""
    chars: tuple[str, ...]
    terms: tuple[str, ...]
    text: str
    """Folded."""
    places: tuple[str, ...] = ()
    asks: bool = False
    """A question in plain words rather than a list of words."""
    implied: tuple[str, ...] = ()
    """Words that answers hold for what the query calls otherwise; for rank only."""
    blank: bool = False
    """Nothing was typed, which asks for everything; a query of signs alone asks for nothing."""


def parse(text: str, analyzer: Analyzer, lexicon: Lexicon) -> Query:
    """See the module. Reads at most :data:`LONGEST` characters."""
    text = text[:LONGEST]
    folded = analyzer.fold(text)
    words: list[Word] = []
    rest = _take_numbers(text, analyzer, words)
    rest = _take_quoted(analyzer.fold_text(rest), words)
    optional: list[Word] = []
    _take_words(rest, analyzer, lexicon, words, optional)
    asks = any(piece in lexicon.asking for piece in analyzer.cut(folded.text))
    if asks:  # 开 and 办 of 开饭店要办什么证 are no words to look for
        words = [w for w in words if len(w.text) > 1] or words
    words = words or optional
    if analyzer.is_traditional(text):
        words = [_with_taiwan(w, text, folded.text, analyzer) for w in words]
    unique = tuple({w.text: w for w in words}.values())
    return Query(
        words=unique,
        grams=tuple(dict.fromkeys(analyzer.grams(folded.text))),
        chars=tuple(dict.fromkeys(c for c in folded.text if is_han(c))),
        terms=tuple(dict.fromkeys(analyzer.words(folded.text))),
        text=folded.text,
        places=tuple(w.text for w in unique if w.text in analyzer.places),
        asks=asks,
        implied=tuple(w for word, others in lexicon.implied.items() if word in folded.text for w in others),
        blank=not text.strip(),
    )


def _take_numbers(text: str, analyzer: Analyzer, words: list[Word]) -> str:
    """Move every 发文字号 of ``text`` into ``words``; returns what is left."""
    if not _CITED.search(text):
        return text
    found = [c for c in citation.find(text) if c.kind != "statute"]
    if not found:
        whole = citation.parse_number(text)
        if whole is None:
            return text
        found = [replace(whole, start=0, end=len(text))]
    for number in reversed(found):
        grams = analyzer.grams(analyzer.fold_text(number.standard))
        words.insert(0, Word(number.standard, "number", tuple(grams)))
        text = f"{text[: number.start]} {text[number.end :]}"
    return text


def _take_quoted(folded: str, words: list[Word]) -> str:
    words += [Word(match[1].strip(), "phrase") for match in _QUOTED.finditer(folded)]
    return _QUOTED.sub(" ", folded)


def _take_words(
    folded: str, analyzer: Analyzer, lexicon: Lexicon, words: list[Word], optional: list[Word]
) -> None:
    """Names first, the longest of them; between them the dictionary's words."""
    cut = analyzer.cut(folded)
    starts = {0}
    for piece in cut:
        starts.add(max(starts) + len(piece))
    position = 0
    for start, end, forms in lexicon.names_in(folded, starts):
        _plain(folded[position:start], analyzer, lexicon, words, optional)
        words.append(_word(folded[start:end], analyzer, forms))
        position = end
    _plain(folded[position:], analyzer, lexicon, words, optional)


def _plain(text: str, analyzer: Analyzer, lexicon: Lexicon, words: list[Word], optional: list[Word]) -> None:
    for piece in analyzer.cut(text):
        for token in [piece] if is_han(piece) else analyzer.grams(piece):
            (optional if token in lexicon.plain else words).append(_word(token, analyzer))


def _word(text: str, analyzer: Analyzer, forms: Sequence[str] = ()) -> Word:
    """Two characters are easily met by chance across the joint of two words (民政 in 人民政府), and a place
    inside another's name: these must be met whole. Of longer ones the characters are proof enough."""
    for place in (text, analyzer.place_of(text)):
        if place in analyzer.places:
            return Word(place, "word", tuple(forms))
    whole = len(text) == 2 and is_han(text) and analyzer.knows(text)
    return Word(text, "word" if whole else "characters", tuple(forms))


def _with_taiwan(word: Word, text: str, folded: str, analyzer: Analyzer) -> Word:
    """The mainland's word for one that was typed in traditional characters."""
    start = folded.find(word.text)
    if start < 0 or len(text) != len(folded):
        return word
    typed = text[start : start + len(word.text)]
    other = analyzer.taiwan(typed)
    if not analyzer.is_traditional(typed) or other == word.text:
        return word
    return Word(word.text, word.kind, word.forms, other)
