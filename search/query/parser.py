"""What a person typed → what is looked for. Never an error: what cannot be parsed is searched as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from schemas.reference import document_numbers
from search.chinese.analyzer import HAN, Analyzer, is_han, visible
from search.chinese.thesaurus import Lexicon
from search.query import syntax
from search.query.syntax import Piece

LONGEST = 400
"""Characters of a query that are read. The longest name of a power item seen is 190."""

_CITED = re.compile(r"[〔\[［(（【﹝].{2,6}[〕\]］)）】﹞]|[号令]|[0-9０-９]{4}")
_BETWEEN_WORDS = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
_YEAR_ALONE = re.compile(r"[〔\[(]?((?:19|20)\d\d)[〕\])]?年?")
_NUMBER_ALONE = re.compile(r"第?0*(\d{1,5})号(?:文件?)?")
_YEAR_AND_NUMBER = re.compile(r"((?:19|20)\d\d)年?\s*第?\s*0*(\d{1,5})\s*号?(?:文件?)?")
_ISSUER_AND_NUMBER = re.compile(rf"([{HAN}]{{1,8}}?[发办函字规])\s*第?0*(\d{{1,5}})(号)?(?:文件?)?")
_ISSUER_AND_YEAR = re.compile(rf"([{HAN}]{{1,8}}?[发办函字规综税])\s*[〔\[(]((?:19|20)\d\d)[〕\])]年?")
_ORDER_ALONE = re.compile(r"令\s*第?0*(\d{1,5})号?|第?0*(\d{1,5})号令")

Kind = Literal["word", "characters", "phrase", "number", "choice"]


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a hit must hold.

    ``word``: met as a whole word of the dictionary. ``characters``: as a run of characters.
    ``phrase``: the same, because the person put it in quotes. ``number``: a 发文字号, or its year or number.
    ``choice``: one of :attr:`choices`.
    """

    text: str
    kind: Kind
    forms: tuple[str, ...] = ()
    """Other texts that count as this word: names of the same body, wordings of the same term; of a number,
    the run of characters that it is in a text."""
    taiwan: str = ""
    """How the mainland says what was typed in Taiwan's wording, where that differs."""
    bodies: tuple[str, ...] = ()
    """Values of the facet ``body`` that count as this word: 发展改革 for 发改委."""
    choices: tuple[tuple[Word, ...], ...] = ()
    """All words of at least one of these."""

    def leaves(self) -> Iterator[Word]:
        """The word, or the words that it is a choice of."""
        if not self.choices:
            yield self
        for choice in self.choices:
            for word in choice:
                yield from word.leaves()

    def stands_in(self, folded: str) -> bool:
        """Whether a text holds it, as it is or in another form."""
        if self.choices:
            return any(all(word.stands_in(folded) for word in choice) for choice in self.choices)
        if self.text in folded:
            return True
        for form in self.forms:  # noqa: SIM110 - asked of a hundred documents a search
            if form in folded:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[Word, ...]
    """In the order typed, without repetition."""
    grams: tuple[str, ...]
    """Terms to rank by, from all that is wanted, 提问 words too."""
    chars: tuple[str, ...]
    terms: tuple[str, ...]
    text: str
    """What is wanted, folded."""
    places: tuple[str, ...] = ()
    asks: bool = False
    """A question in plain words rather than a list of words."""
    implied: tuple[str, ...] = ()
    """Words that answers hold for what the query calls otherwise; for rank only."""
    legal: tuple[str, ...] = ()
    """What laws call it that is asked in everyday words; for rank only."""
    excluded: tuple[tuple[Word, ...], ...] = ()
    """No hit holds all the words of one of these."""
    blank: bool = False
    """Nothing was typed, which asks for everything; a query of signs alone asks for nothing."""

    @property
    def leaves(self) -> tuple[Word, ...]:
        """The words, with those of a choice one by one."""
        return tuple(leaf for word in self.words for leaf in word.leaves())


def parse(text: str, analyzer: Analyzer, lexicon: Lexicon) -> Query:
    """See the module. Reads at most :data:`LONGEST` characters."""
    text = visible(text[:LONGEST])
    written = syntax.read(text)
    reading = _Reading(written.plain, analyzer, lexicon)
    for choice in written.required:
        reading.require(choice)
    folded = reading.folded.text
    words = reading.wanted()
    return Query(
        words=words,
        grams=tuple(dict.fromkeys(analyzer.grams(folded))),
        chars=tuple(dict.fromkeys(c for c in folded if is_han(c))),
        terms=tuple(dict.fromkeys(analyzer.words(folded))),
        text=folded,
        places=tuple(w.text for w in words if w.text in analyzer.places),
        asks=reading.asks,
        implied=lexicon.implied_by(folded),
        legal=lexicon.legal_for(folded, analyzer.cut(folded)),
        excluded=tuple(group for piece in written.excluded if (group := reading.words_of(piece))),
        blank=not text.strip(),
    )


class _Reading:
    """One query as it is read."""

    def __init__(self, plain: str, analyzer: Analyzer, lexicon: Lexicon) -> None:
        self.folded = analyzer.fold(plain)
        self._plain = plain
        self._analyzer = analyzer
        self._lexicon = lexicon
        self._words: list[Word] = []
        self._optional: list[Word] = []
        folded = self.folded.text
        self.asks = "?" in folded or any(piece in lexicon.asking for piece in analyzer.cut(folded))
        self._traditional = analyzer.is_traditional(plain)

    def require(self, choice: Sequence[Piece]) -> None:
        if len(choice) == 1:
            self._take(choice[0], self._words, self._optional)
            return
        choices = tuple(words for piece in choice if (words := self.words_of(piece)))
        if choices:
            self._words.append(Word(" 或 ".join(p.text for p in choice), "choice", choices=choices))

    def wanted(self) -> tuple[Word, ...]:
        """The words that hits must hold, each once."""
        words = self._words
        if self.asks:  # 开 and 办 of 开饭店要办什么证 are no words to look for
            words = [w for w in words if len(w.text) > 1] or words
        return self._finished(words or self._optional)

    def words_of(self, piece: Piece) -> tuple[Word, ...]:
        words: list[Word] = []
        optional: list[Word] = []
        self._take(piece, words, optional)
        return self._finished(words or optional)

    def _finished(self, words: Sequence[Word]) -> tuple[Word, ...]:
        if self._traditional:
            words = [_with_taiwan(w, self._plain, self.folded.text, self._analyzer) for w in words]
        return tuple({w.text: w for w in words}.values())

    def _take(self, piece: Piece, words: list[Word], optional: list[Word]) -> None:
        analyzer = self._analyzer
        numbers = len(words)
        folded = analyzer.fold_text(_take_numbers(piece.text, analyzer, words)).strip()
        if alone := _number_alone(folded, analyzer):
            words += alone
        elif piece.quoted and len(words) == numbers:
            words.append(_phrase(folded))
        else:
            _take_words(folded, analyzer, self._lexicon, words, optional)


def _number_alone(folded: str, analyzer: Analyzer) -> list[Word]:
    """A piece that is nothing but parts of a 发文字号: 2015, 34号, 2015年34号, 鞍政发34号; else []."""
    if both := _YEAR_AND_NUMBER.fullmatch(folded):
        return [_number(f"〔{both[1]}〕{both[2]}号", analyzer)]
    if year := _YEAR_ALONE.fullmatch(folded):
        return [_number(f"〔{year[1]}〕", analyzer)]
    if number := _NUMBER_ALONE.fullmatch(folded):
        return [_number(f"{number[1]}号", analyzer)]
    issued = _ISSUER_AND_NUMBER.fullmatch(folded)
    if issued and (issued[3] or not analyzer.knows(issued[1])):  # 开发 30 is no number
        return [Word(issued[1], "characters"), _number(f"{issued[2]}号", analyzer)]
    if of_year := _ISSUER_AND_YEAR.fullmatch(folded):
        return [Word(of_year[1], "characters"), _number(f"〔{of_year[2]}〕", analyzer)]
    if order := _ORDER_ALONE.fullmatch(folded):
        return [Word("令", "characters"), _number(f"{order[1] or order[2]}号", analyzer)]
    return []


def _number(standard: str, analyzer: Analyzer) -> Word:
    return Word(standard, "number", tuple(analyzer.grams(analyzer.fold_text(standard))))


def _take_numbers(text: str, analyzer: Analyzer, words: list[Word]) -> str:
    """Move every 发文字号 of ``text`` into ``words``; returns what is left."""
    text = analyzer.simplified(text)
    if not _CITED.search(text):
        return text
    # Where a person leaves a blank between two words, the first is none of the issuer's.
    apart = _BETWEEN_WORDS.sub(lambda blank: "，" * len(blank[0]), text)
    found = [c for c in document_numbers.find(apart) if c.kind != "statute"]
    if not found:
        whole = document_numbers.parse_number(text)
        if whole is None:
            return text
        found = [replace(whole, start=0, end=len(text))]
    for number in reversed(found):
        words.insert(0, _number(number.standard, analyzer))
        text = f"{text[: number.start]} {text[number.end :]}"
    return text


def _take_words(
    folded: str, analyzer: Analyzer, lexicon: Lexicon, words: list[Word], optional: list[Word]
) -> None:
    """Names first, the longest of them; between them the dictionary's words."""
    position = 0
    for start, end, forms in lexicon.names_in(folded, analyzer.joints(folded)):
        _plain(folded[position:start], analyzer, lexicon, words, optional)
        name = folded[start:end]
        words.append(replace(_word(name, analyzer, forms), bodies=lexicon.bodies.get(name, ())))
        position = end
    _plain(folded[position:], analyzer, lexicon, words, optional)


def _plain(text: str, analyzer: Analyzer, lexicon: Lexicon, words: list[Word], optional: list[Word]) -> None:
    before = ""
    for piece in analyzer.cut(text):
        for term in [piece] if is_han(piece) else analyzer.grams(piece):
            of_year = term == "年" and _YEAR_ALONE.fullmatch(before)  # 〔2013〕 is of 2013年 too
            (optional if of_year or term in lexicon.plain else words).append(_word(term, analyzer))
        before = piece


def _phrase(folded: str) -> Word:
    """What stands in quotes; a blank between two Chinese words there is none in most texts."""
    joined = _BETWEEN_WORDS.sub("", folded)
    return Word(joined, "phrase", () if joined == folded else (folded,))


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
    return replace(word, taiwan=other)
