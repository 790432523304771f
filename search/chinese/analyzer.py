"""Analyzer of Chinese text: folding, tokens, names of places and bodies.

Every engine indexes and queries the tokens of this module, so that all engines return the same hits.
There are three token streams: ``grams`` (pairs of neighbouring characters; Latin words and numbers whole;
their positions form phrases), ``chars`` (single characters) and ``words`` (dictionary words, with the
words inside longer words).
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from math import inf, log
from typing import TYPE_CHECKING

import msgspec
import opencc

from search.chinese.numerals import unify_numbers

if TYPE_CHECKING:
    import rjieba

HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters, as the inside of a character class of a regular expression."""

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
"""Characters without width: joiners, direction marks, variation selectors. Pasted texts contain many."""

_SURROGATES = re.compile("[\ud800-\udfff]")
"""Surrogates: halves of a character beyond U+FFFF, which are not text by themselves."""

_HAN_RUN = re.compile(f"[{HAN}]+")
_RUN = re.compile(rf"[{HAN}]+|(?<![0-9.])[0-9]+\.[0-9]+(?![0-9.])|[^\W_{HAN}]+")
"""A run of Han characters, a decimal, which is one token, or a Latin word or another number."""
_NEGATIONS = frozenset("不非无未")
_DIVISIONS = "省市县区州盟旗"
_MAX_CACHED_WORDS = 400_000
_SHORT, _MAX_CACHED_TEXTS = 48, 16_384
"""Texts of at most so many characters are kept with their tokens, the last so many of them."""
_CONTEXT = 4
"""Characters on each side that decide how a text is cut at a position."""


class Folded(msgspec.Struct, frozen=True):
    """A text in comparable form, with the position of each of its characters in the original."""

    text: str
    origin: Sequence[int] | None = None
    """Index in the original of every character and of the end; None if all positions are equal."""

    def original_range(self, start: int, end: int) -> tuple[int, int]:
        """Convert a range of the folded text to the range of the original that contains it."""
        if self.origin is None:
            return start, end
        last = self.origin[end - 1]
        return self.origin[start], max(last + 1, self.origin[end]) if end > start else last


class Tokens(msgspec.Struct, frozen=True):
    """Tokens of one text, joined by spaces for an engine's whitespace tokenizer."""

    grams: str
    chars: str
    words: str


class _Fold(dict[int, str]):
    """Character → its comparable form, computed on first use. NFKC never shortens a character."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKC", char).lower()
        kind = unicodedata.category(char)
        # Signs that NFKC expands (… is three dots) and characters without meaning become one space.
        if kind in ("Cc", "Cf", "Cs", "Co", "Cn") or (len(plain) != 1 and not _RUN.search(plain)):
            plain = " "
        self[code] = plain
        return plain


class _Parts(dict[str, tuple[str, ...]]):
    """Word → its tokens: the word and the dictionary words it consists of.

    人民政府 is 人民 and 政府, but never 民政, which crosses their boundary. A place name is not split
    (鞍山 is not a part of 马鞍山), but 鞍山市 is also 鞍山.
    """

    def __init__(self, jieba: rjieba.Jieba, places: frozenset[str]) -> None:
        super().__init__()
        self._jieba = jieba
        self._places = places

    def __missing__(self, word: str) -> tuple[str, ...]:
        tokens = self._tokens(word)
        if len(self) > _MAX_CACHED_WORDS:  # limit the memory for words guessed from damaged texts
            self.clear()
        self[word] = tokens
        return tokens

    def _tokens(self, word: str) -> tuple[str, ...]:
        if not _HAN_RUN.fullmatch(word):
            return tuple(_RUN.findall(word))
        if len(word) < 2:
            return ()
        if len(word) == 2 or word in self._places:
            return (word,)
        if word[:-1] in self._places and word[-1] in _DIVISIONS:
            return (word, word[:-1])
        return tuple(dict.fromkeys([word, *(t for part in self._split(word) for t in self._tokens(part))]))

    def _split(self, word: str) -> list[str]:
        """Return the likeliest division of ``word`` into shorter dictionary words; [] if there is none."""
        if word[0] in _NEGATIONS and len(word) == 3:
            return []  # 不动产 is not 动产
        size = len(word)
        best: list[tuple[float, int]] = [(0.0, 0)] + [(-inf, 0)] * size
        for end in range(1, size + 1):
            for start in range(end):
                piece = word[start:end]
                if end - start == size or (end - start > 1 and not self._jieba.has_word(piece)):
                    continue
                # The dictionary counts some 60 million occurrences; the suggestion is a word's own frequency.
                score = best[start][0] + log(max(self._jieba.suggest_freq(piece), 1) / 6e7)
                if score > best[end][0]:
                    best[end] = (score, start)
        pieces: list[str] = []
        end = size
        while end > 0 and best[end][0] > -inf:
            start = best[end][1]
            pieces.append(word[start:end])
            end = start
        return [p for p in reversed(pieces) if len(p) > 1]


class Analyzer:
    """Folds texts and cuts them into tokens. Thread-safe; building one takes 0.1 s.

    ``places``: short names of divisions (鞍山), which are never parts of another word. ``towns``: those of
    counties; words that the dictionary does not tag as places (资源, 合作) are left out.
    ``dictionary``: further words to keep whole, such as names of bodies and policy terms.
    """

    def __init__(
        self, *, places: Iterable[str] = (), towns: Iterable[str] = (), dictionary: Iterable[str] = ()
    ) -> None:
        import rjieba  # noqa: PLC0415 - its dictionary takes 0.1 s to load, which most commands do not need

        self._jieba = rjieba.Jieba()
        self._added: set[str] = set()
        self._fold = _Fold()
        self._simplify = opencc.OpenCC("t2s")
        self._to_mainland = opencc.OpenCC("tw2sp")
        proper = {t for t in towns if not self._jieba.has_word(t) or self._jieba.tag(t) == [(t, "ns")]}
        self.places = frozenset(p for p in proper.union(places) if len(p) > 1)
        for word in self.places:
            self._add(word)
        for word in dictionary:
            self._add(self.fold_text(word))
        self.words_added = frozenset(self._added)
        """Places and further words that were missing in the tokenizer's dictionary."""
        self._parts = _Parts(self._jieba, self.places)
        self._analyse_cached = lru_cache(maxsize=_MAX_CACHED_TEXTS)(self._analyse)
        self._is_word_cached = lru_cache(maxsize=_MAX_CACHED_TEXTS)(self._is_word_between)

    def _add(self, word: str) -> None:
        if len(word) > 1 and _HAN_RUN.fullmatch(word) and not self._jieba.has_word(word):
            self._jieba.add_word(word, None, None)
            self._added.add(word)

    def fold(self, text: str) -> Folded:
        """Fold NFKC, width, case and traditional characters, and keep the positions in the original."""
        plain = text.translate(self._fold)
        if len(plain) == len(text):
            simple = self.simplified(plain)
            return Folded(simple)
        origin = [index for index, char in enumerate(text) for _ in self._fold[ord(char)]]
        origin.append(len(text))
        return Folded(self.simplified(plain), origin)

    def fold_text(self, text: str) -> str:
        """Fold as :meth:`fold`, without the positions."""
        return self.simplified(text.translate(self._fold))

    def simplified(self, text: str) -> str:
        """Convert to simplified characters, keeping the length. OpenCC kept the length of every real text
        tried; if it does not, each character is converted alone."""
        simple: str = self._simplify.convert(text)
        if len(simple) == len(text):
            return simple
        singles = ((c, self._simplify.convert(c)) for c in text)
        return "".join(s if len(s) == 1 else c for c, s in singles)

    def to_mainland_wording(self, text: str) -> str:
        """Convert Taiwan's characters and wording to simplified ones and mainland wording (軟體 → 软件)."""
        converted: str = self._to_mainland.convert(text.translate(self._fold))
        return converted

    def is_traditional(self, text: str) -> bool:
        plain = text.translate(self._fold)
        return self.simplified(plain) != plain

    def analyse(self, text: str) -> tuple[str, Tokens]:
        """Return the folded text and its tokens. Short texts (bodies, types, titles of laws) are cached."""
        return self._analyse_cached(text) if len(text) <= _SHORT else self._analyse(text)

    def _analyse(self, text: str) -> tuple[str, Tokens]:
        folded = self.fold_text(text)
        return folded, self.tokens(folded)

    def tokens(self, folded: str) -> Tokens:
        """Return all three token streams of a folded text."""
        folded = unify_numbers(folded)
        grams, han = _list_grams(folded)
        parts = self._parts
        words = [token for word in self._jieba.cut(folded) for token in parts[word]]
        return Tokens(" ".join(grams), " ".join("".join(han)), " ".join(words))

    def grams(self, folded: str) -> list[str]:
        """List the tokens of the ``grams`` stream in order; neighbours in a phrase are neighbours here."""
        return _list_grams(unify_numbers(folded))[0]

    def words(self, folded: str) -> list[str]:
        """List the tokens of the ``words`` stream."""
        parts = self._parts
        return [token for word in self._jieba.cut(unify_numbers(folded)) for token in parts[word]]

    def cut(self, folded: str) -> list[str]:
        """Cut a text into dictionary words. Nothing is dropped: joined, the words are the text again."""
        pieces: list[str] = self._jieba.cut(folded)
        return pieces

    def word_boundaries(self, folded: str) -> frozenset[int]:
        """Return the positions where words of a text begin and end."""
        return frozenset(accumulate(map(len, self.cut(folded)), initial=0))

    def is_word_at(self, folded: str, start: int, end: int) -> bool:
        """Report whether the range is a word of the text, as in :meth:`words`: 民政 is not one in 人民政府.

        Only the context of the range is examined; all of 5,675 positions in articles of law were correct.
        """
        return self._is_word_cached(
            folded[max(start - _CONTEXT, 0) : start], folded[start:end], folded[end : end + _CONTEXT]
        )

    def _is_word_between(self, before: str, word: str, after: str) -> bool:
        place, start = 0, len(before)
        for piece in self.cut(before + word + after):
            if place <= start and start + len(word) <= place + len(piece):
                return word in self._parts[piece]
            place += len(piece)
        return False

    def short_place_name(self, word: str) -> str:
        """Shorten the name of a place, 鞍山市 → 鞍山; return any other word unchanged."""
        return word[:-1] if word[:-1] in self.places and word[-1] in _DIVISIONS else word

    def has_word(self, word: str) -> bool:
        """Report whether the dictionary contains ``word``, so that texts are cut around it."""
        has_word: bool = self._jieba.has_word(word)
        return has_word

    def frequency(self, word: str) -> int:
        """Return how often the dictionary counted ``word`` in some 60 million words of general text; 0 if it
        does not contain it."""
        return self._jieba.suggest_freq(word) if self._jieba.has_word(word) else 0

    def is_place(self, word: str) -> bool:
        """Report whether ``word`` is the name of a division or of another place: 美国."""
        return word in self.places or self._jieba.tag(word) == [(word, "ns")]

    def is_modifier(self, word: str) -> bool:
        """Report whether ``word`` is an adverb or a pronoun (私自, 自家), which names no matter."""
        return self._jieba.tag(word) in ([(word, "d")], [(word, "r")])


def _list_grams(unified: str) -> tuple[list[str], list[str]]:
    """Return the grams of a text, and its runs of Han characters: a run of two or more is cut into pairs."""
    grams: list[str] = []
    han: list[str] = []
    for run in _RUN.findall(unified):
        # A comparison settles all but the rare characters; this loop is most of the time of indexing.
        if "\u3400" <= run[0] <= "\u9fff" or _HAN_RUN.match(run):
            han.append(run)
            if len(run) > 1:
                grams.extend(map(operator.add, run, run[1:]))
                continue
        grams.append(run)
    return grams, han


def strip_invisible(typed: str) -> str:
    """Remove invisible characters and replace lone surrogates by spaces."""
    return _SURROGATES.sub(" ", _INVISIBLE.sub("", typed))


def is_han(text: str) -> bool:
    return bool(_HAN_RUN.fullmatch(text))
