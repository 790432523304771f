"""The one place where Chinese is understood: folding, cutting into tokens, names of places and bodies.

Every engine indexes the tokens that are made here and asks for tokens that are made here, so that a
query gives one answer on all of them. Three streams of tokens leave this module: ``grams`` (pairs of
neighbouring characters, Latin words and numbers whole; their positions make phrases), ``chars``
(single characters) and ``words`` (what a dictionary knows, with the words inside longer words).
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import inf, log

import msgspec
import opencc
import rjieba

HAN = "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Characters that stand for a word or a part of one, as the inside of a regular expression's class."""

_NOTHING = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
"""What takes no room: joiners, marks of direction, selectors of a glyph. Pasted texts are full of them."""

_HALVES = re.compile("[\ud800-\udfff]")
"""Of characters beyond the 65,536th; no text by themselves."""

_HAN_RUN = re.compile(f"[{HAN}]+")
_RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+")
_NEGATIONS = frozenset("不非无未")
_DIVISIONS = "省市县区州盟旗"
_WORDS_KEPT = 400_000
_SHORT, _TEXTS_KEPT = 48, 16_384
_AROUND = 4
"""Characters that tell how a text is cut at a place."""


class Folded(msgspec.Struct, frozen=True):
    """A text as it is compared, and where each of its characters stood in the original."""

    text: str
    origin: Sequence[int] | None = None
    """Index in the original of every character and of the end; None where they are the same."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the folded text → the stretch of the original that holds it."""
        if self.origin is None:
            return start, end
        last = self.origin[end - 1]
        return self.origin[start], max(last + 1, self.origin[end]) if end > start else last


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one text, joined by spaces: what an engine's whitespace tokenizer takes."""

    grams: str
    chars: str
    words: str


class _Fold(dict[int, str]):
    """Character → its comparable form, found when first met. NFKC of one character never shrinks it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKC", char).lower()
        kind = unicodedata.category(char)
        # Signs that NFKC spells out (… is three dots) and what has no meaning keep their place and no more.
        if kind in ("Cc", "Cf", "Cs", "Co", "Cn") or (len(plain) != 1 and not _RUN.search(plain)):
            plain = " "
        self[code] = plain
        return plain


class _Parts(dict[str, tuple[str, ...]]):
    """Word → the tokens it stands for: itself and the dictionary words that it is made of.

    人民政府 is 人民 and 政府, and never 民政, which crosses the joint; a place's name is never taken apart
    (鞍山 is no part of 马鞍山), but 鞍山市 is also 鞍山.
    """

    def __init__(self, jieba: rjieba.Jieba, places: frozenset[str]) -> None:
        super().__init__()
        self._jieba = jieba
        self._places = places

    def __missing__(self, word: str) -> tuple[str, ...]:
        found = self._tokens(word)
        if len(self) > _WORDS_KEPT:  # words guessed from damaged texts must not fill the memory
            self.clear()
        self[word] = found
        return found

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
        """The likeliest way to cut ``word`` into shorter dictionary words; [] where it has none."""
        if word[0] in _NEGATIONS and len(word) == 3:
            return []  # 不动产 is not 动产
        size = len(word)
        best: list[tuple[float, int]] = [(0.0, 0)] + [(-inf, 0)] * size
        for end in range(1, size + 1):
            for start in range(end):
                piece = word[start:end]
                if end - start == size or (end - start > 1 and not self._jieba.has_word(piece)):
                    continue
                # The dictionary holds some 60 million occurrences; a word's own frequency is its suggestion.
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
    """Folds and cuts. One serves many threads. It takes 0.1 s to make.

    ``places`` are short names of divisions (鞍山) that are never taken for a part of another word, ``towns``
    those of counties, of which words that the dictionary does not call places (资源, 合作) are left out;
    ``dictionary`` are further words to keep whole: names of bodies, policy terms.
    """

    def __init__(
        self, *, places: Iterable[str] = (), towns: Iterable[str] = (), dictionary: Iterable[str] = ()
    ) -> None:
        self._jieba = rjieba.Jieba()
        self._added: set[str] = set()
        self._fold = _Fold()
        self._simplify = opencc.OpenCC("t2s")
        self._taiwan = opencc.OpenCC("tw2sp")
        proper = {t for t in towns if not self._jieba.has_word(t) or self._jieba.tag(t) == [(t, "ns")]}
        self.places = frozenset(p for p in proper.union(places) if len(p) > 1)
        for word in self.places:
            self._add(word)
        for word in dictionary:
            self._add(self.fold_text(word))
        self.words_added = frozenset(self._added)
        """Places and further words that the dictionary of the cutter had not."""
        self._parts = _Parts(self._jieba, self.places)
        self._again = lru_cache(maxsize=_TEXTS_KEPT)(self._analyse)
        self._whole = lru_cache(maxsize=_TEXTS_KEPT)(self._stands_between)

    def _add(self, word: str) -> None:
        if len(word) > 1 and _HAN_RUN.fullmatch(word) and not self._jieba.has_word(word):
            self._jieba.add_word(word, None, None)
            self._added.add(word)

    def fold(self, text: str) -> Folded:
        """NFKC, width, case and traditional characters → one comparable form, with the way back."""
        plain = text.translate(self._fold)
        if len(plain) == len(text):
            simple = self.simplified(plain)
            return Folded(simple)
        origin = [index for index, char in enumerate(text) for _ in self._fold[ord(char)]]
        origin.append(len(text))
        return Folded(self.simplified(plain), origin)

    def fold_text(self, text: str) -> str:
        """:meth:`fold` where nobody asks for the way back."""
        return self.simplified(text.translate(self._fold))

    def simplified(self, text: str) -> str:
        """Simplified characters, each in its place. OpenCC kept the length of every real text tried; where it
        does not, characters go one by one."""
        simple: str = self._simplify.convert(text)
        if len(simple) == len(text):
            return simple
        singles = ((c, self._simplify.convert(c)) for c in text)
        return "".join(s if len(s) == 1 else c for c, s in singles)

    def taiwan(self, text: str) -> str:
        """Simplified characters and mainland wording (軟體 → 软件) of what was typed in Taiwan's."""
        converted: str = self._taiwan.convert(text.translate(self._fold))
        return converted

    def is_traditional(self, text: str) -> bool:
        plain = text.translate(self._fold)
        return self.simplified(plain) != plain

    def analyse(self, text: str) -> tuple[str, Tokens]:
        """A text folded, and its tokens. Short ones (bodies, kinds, titles of laws) come again and again."""
        return self._again(text) if len(text) <= _SHORT else self._analyse(text)

    def _analyse(self, text: str) -> tuple[str, Tokens]:
        folded = self.fold_text(text)
        return folded, self.tokens(folded)

    def tokens(self, folded: str) -> Tokens:
        """All three streams of a folded text."""
        grams: list[str] = []
        han: list[str] = []
        for run in _RUN.findall(folded):
            # A comparison settles all but the rare characters; this loop is most of the time of indexing.
            if "\u3400" <= run[0] <= "\u9fff" or _HAN_RUN.match(run):
                han.append(run)
                if len(run) > 1:
                    grams.extend(map(operator.add, run, run[1:]))
                    continue
            grams.append(run)
        parts = self._parts
        words = [token for word in self._jieba.cut(folded) for token in parts[word]]
        return Tokens(" ".join(grams), " ".join("".join(han)), " ".join(words))

    def grams(self, folded: str) -> list[str]:
        """Tokens of the ``grams`` stream, in order: neighbours in a phrase are neighbours here."""
        found: list[str] = []
        for run in _RUN.findall(folded):
            if len(run) > 1 and ("\u3400" <= run[0] <= "\u9fff" or _HAN_RUN.match(run)):
                found += map(operator.add, run, run[1:])
            else:
                found.append(run)
        return found

    def words(self, folded: str) -> list[str]:
        """Tokens of the ``words`` stream."""
        parts = self._parts
        return [token for word in self._jieba.cut(folded) for token in parts[word]]

    def cut(self, folded: str) -> list[str]:
        """The text cut into dictionary words, everything kept: joined, they are the text again."""
        found: list[str] = self._jieba.cut(folded)
        return found

    def joints(self, folded: str) -> frozenset[int]:
        """Where the words of a text begin and end."""
        return frozenset(accumulate(map(len, self.cut(folded)), initial=0))

    def stands(self, folded: str, start: int, end: int) -> bool:
        """Whether what is there is a word of the text, as :meth:`words` gives it: no 民政 is in 人民政府.

        Only what is around is looked at; of 5,675 places in articles of law all were told rightly so.
        """
        return self._whole(
            folded[max(start - _AROUND, 0) : start], folded[start:end], folded[end : end + _AROUND]
        )

    def _stands_between(self, before: str, word: str, after: str) -> bool:
        place, start = 0, len(before)
        for piece in self.cut(before + word + after):
            if place <= start and start + len(word) <= place + len(piece):
                return word in self._parts[piece]
            place += len(piece)
        return False

    def place_of(self, word: str) -> str:
        """鞍山市 → 鞍山; any other word is itself."""
        return word[:-1] if word[:-1] in self.places and word[-1] in _DIVISIONS else word

    def knows(self, word: str) -> bool:
        """Whether the dictionary holds ``word``, so that texts are cut around it."""
        found: bool = self._jieba.has_word(word)
        return found


def visible(typed: str) -> str:
    """What was typed without characters that nobody sees, half of one being a blank."""
    return _HALVES.sub(" ", _NOTHING.sub("", typed))


def is_han(text: str) -> bool:
    return bool(_HAN_RUN.fullmatch(text))
