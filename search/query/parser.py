"""Parser of typed queries. It never fails: unparseable input is searched as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import structs

from schemas.reference import document_numbers
from search.chinese.analyzer import HAN, Analyzer, is_han, strip_invisible
from search.chinese.numerals import list_other_writings, unify_numbers
from search.chinese.thesaurus import Lexicon
from search.query import syntax
from search.query.syntax import Piece

LONGEST = 400
"""Maximum characters of a query. The longest known name of a power item has 190."""

_CITED = re.compile(r"[〔\[［(（【﹝].{2,6}[〕\]］)）】﹞]|[号令]|[0-9０-９]{4}")
_BETWEEN_WORDS = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
_YEAR_ALONE = re.compile(r"[〔\[(]?((?:19|20)\d\d)[〕\])]?年?")
_NUMBER_ALONE = re.compile(r"第?0*(\d{1,5})号(?:文件?)?")
_YEAR_AND_NUMBER = re.compile(r"((?:19|20)\d\d)年?\s*第?\s*0*(\d{1,5})\s*号?(?:文件?)?")
_ISSUER_AND_NUMBER = re.compile(rf"([{HAN}]{{1,8}}?[发办函字规])\s*第?0*(\d{{1,5}})(号)?(?:文件?)?")
_ISSUER_AND_YEAR = re.compile(rf"([{HAN}]{{1,8}}?[发办函字规综税])\s*[〔\[(]((?:19|20)\d\d)[〕\])]年?")
_CODE = re.compile("(?=[a-z]*[0-9])[a-z][a-z0-9]{2,}")
_PLACE_IN_LAW = re.compile("第[零一二三四五六七八九十百千]+[条款项章节编]")
_ORDER_ALONE = re.compile(r"令\s*第?0*(\d{1,5})号?|第?0*(\d{1,5})号令")

Kind = Literal["word", "characters", "phrase", "number", "choice"]


class Word(msgspec.Struct, frozen=True):
    """A word of the query, which a hit must contain.

    Kinds: ``word`` matches a whole dictionary word; ``characters`` a run of characters; ``phrase`` the same,
    typed in quotes; ``number`` a 发文字号, or its year or number; ``choice`` one of :attr:`choices`.
    """

    text: str
    kind: Kind
    forms: tuple[str, ...] = ()
    """Other texts that match: names of the same body, synonyms of the same term."""
    grams: tuple[str, ...] = ()
    """For a number: the grams of its standard form, which a match contains one after the other."""
    mainland: str = ""
    """The mainland wording of a Taiwan wording, if it differs."""
    bodies: tuple[str, ...] = ()
    """Values of the facet ``body`` that match this word: 发展改革 for 发改委."""
    choices: tuple[tuple[Word, ...], ...] = ()
    """Alternatives: all words of at least one must match."""
    generic: bool = False
    """Whether items of every kind contain it (许可, 收费, 申请), so that it alone makes no hit."""

    def leaves(self) -> Iterator[Word]:
        """Yield the word itself, or the words of its alternatives."""
        if not self.choices:
            yield self
        for choice in self.choices:
            for word in choice:
                yield from word.leaves()

    def occurs_in(self, folded: str) -> bool:
        """Report whether a text contains the word in any of its forms."""
        if self.choices:
            return any(all(word.occurs_in(folded) for word in choice) for choice in self.choices)
        if self.kind == "number":
            return _compile_number(self.text).search(unify_numbers(folded)) is not None
        if self.text in folded:
            return True
        for form in self.forms:  # noqa: SIM110 - runs for a hundred documents a search
            if form in folded:
                return True
        return False


class Query(msgspec.Struct, frozen=True):
    words: tuple[Word, ...]
    """In the order typed, without duplicates."""
    grams: tuple[str, ...]
    """Grams for ranking, from all of :attr:`text`, including question words."""
    chars: tuple[str, ...]
    """The Han characters of :attr:`text`, for ranking."""
    terms: tuple[str, ...]
    """Words of :attr:`text`, also those inside others, for ranking."""
    text: str
    """The query without exclusions, folded."""
    places: tuple[str, ...] = ()
    """Names of places among :attr:`words`."""
    asks: bool = False
    """Whether the query is a question in plain language."""
    implied: tuple[str, ...] = ()
    """Words of matching texts that differ from the query's; used for ranking only."""
    legal: tuple[str, ...] = ()
    """Legal terms for the everyday words of the query; used for ranking only."""
    excluded: tuple[tuple[Word, ...], ...] = ()
    """A hit must not contain all the words of any of these."""
    blank: bool = False
    """Whether nothing was typed, which matches everything. A query of signs alone matches nothing."""

    @property
    def leaves(self) -> tuple[Word, ...]:
        """All words, with the alternatives of choices expanded."""
        return tuple(leaf for word in self.words for leaf in word.leaves())


def parse_query(text: str, analyzer: Analyzer, lexicon: Lexicon) -> Query:
    """Parse at most :data:`LONGEST` characters of a typed query."""
    text = strip_invisible(text[:LONGEST])
    parsed = syntax.parse_signs(text)
    builder = _QueryBuilder(parsed.plain, analyzer, lexicon)
    for choice in parsed.required:
        builder.require(choice)
    folded = builder.folded.text
    words = builder.required_words()
    return Query(
        words=words,
        grams=tuple(dict.fromkeys(analyzer.grams(folded))),
        chars=tuple(dict.fromkeys(c for c in folded if is_han(c))),
        terms=tuple(dict.fromkeys(analyzer.words(folded))),
        text=folded,
        places=tuple(w.text for w in words if w.text in analyzer.places),
        asks=builder.asks,
        implied=lexicon.implied_by(folded),
        legal=lexicon.legal_terms_for(folded, analyzer.cut(folded)),
        excluded=tuple(group for piece in parsed.excluded if (group := builder.words_of(piece))),
        blank=not text.strip(),
    )


class _QueryBuilder:
    """Collects the words of one query."""

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
            self._add_piece(choice[0], self._words, self._optional)
            return
        choices = tuple(words for piece in choice if (words := self.words_of(piece)))
        if choices:
            self._words.append(Word(" 或 ".join(p.text for p in choice), "choice", choices=choices))

    def required_words(self) -> tuple[Word, ...]:
        """Return the words that hits must contain, without duplicates."""
        words = self._words
        if self.asks:  # 开 and 办 of 开饭店要办什么证 are not search words
            words = [w for w in words if len(w.text) > 1] or words
        return self._unique_words(words or self._optional)

    def words_of(self, piece: Piece) -> tuple[Word, ...]:
        words: list[Word] = []
        optional: list[Word] = []
        self._add_piece(piece, words, optional)
        return self._unique_words(words or optional)

    def _unique_words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        if self._traditional:
            words = [_add_mainland_wording(w, self._plain, self.folded.text, self._analyzer) for w in words]
        generic = self._lexicon.generic
        return tuple(
            {
                w.text: structs.replace(w, generic=w.text in generic and w.kind != "phrase") for w in words
            }.values()
        )

    def _add_piece(self, piece: Piece, words: list[Word], optional: list[Word]) -> None:
        analyzer = self._analyzer
        numbers = len(words)
        folded = analyzer.fold_text(_extract_numbers(piece.text, analyzer, words)).strip()
        if alone := _parse_number_alone(unify_numbers(folded), analyzer):
            words += alone
        elif piece.quoted and len(words) == numbers:
            words.append(_create_phrase_word(folded))
        else:
            _add_words(unify_numbers(folded), analyzer, self._lexicon, words, optional, asks=self.asks)


def _parse_number_alone(folded: str, analyzer: Analyzer) -> list[Word]:
    """Parse a piece that consists of parts of a 发文字号: 2015, 34号, 2015年34号, 鞍政发34号; else []."""
    if both := _YEAR_AND_NUMBER.fullmatch(folded):
        return [_create_number_word(f"〔{both[1]}〕{both[2]}号", analyzer)]
    if year := _YEAR_ALONE.fullmatch(folded):
        return [_create_number_word(f"〔{year[1]}〕", analyzer)]
    if number := _NUMBER_ALONE.fullmatch(folded):
        return [_create_number_word(f"{number[1]}号", analyzer)]
    issued = _ISSUER_AND_NUMBER.fullmatch(folded)
    if issued and (issued[3] or not analyzer.has_word(issued[1])):  # 开发 30 is not a number
        return [Word(issued[1], "characters"), _create_number_word(f"{issued[2]}号", analyzer)]
    if of_year := _ISSUER_AND_YEAR.fullmatch(folded):
        return [Word(of_year[1], "characters"), _create_number_word(f"〔{of_year[2]}〕", analyzer)]
    if order := _ORDER_ALONE.fullmatch(folded):
        return [Word("令", "characters"), _create_number_word(f"{order[1] or order[2]}号", analyzer)]
    return []


def _create_number_word(standard: str, analyzer: Analyzer) -> Word:
    return Word(standard, "number", grams=tuple(analyzer.grams(analyzer.fold_text(standard))))


@lru_cache(maxsize=256)
def _compile_number(standard: str) -> re.Pattern[str]:
    """Compile a pattern for a number with any signs between its parts: 2015-34号 for 〔2015〕34号."""
    runs = re.findall(rf"[{HAN}]+|[^\W_{HAN}]+", standard.lower())
    return re.compile(
        r"[\W_]*".join(rf"(?<![0-9]){run}(?![0-9])" if run.isdecimal() else run for run in runs)
    )


def _extract_numbers(text: str, analyzer: Analyzer, words: list[Word]) -> str:
    """Move every 发文字号 of ``text`` into ``words`` and return the rest."""
    text = analyzer.simplified(text)
    if not _CITED.search(text):
        return text
    # A word before a blank is not part of the issuer.
    separated = _BETWEEN_WORDS.sub(lambda blank: "，" * len(blank[0]), text)
    numbers = [c for c in document_numbers.find_citations(separated) if c.kind != "statute"]
    if not numbers:
        whole = document_numbers.parse_number(text)
        if whole is None:
            return text
        numbers = [structs.replace(whole, start=0, end=len(text))]
    for number in reversed(numbers):
        words.insert(0, _create_number_word(number.standard, analyzer))
        text = f"{text[: number.start]} {text[number.end :]}"
    return text


def _add_words(
    folded: str,
    analyzer: Analyzer,
    lexicon: Lexicon,
    words: list[Word],
    optional: list[Word],
    *,
    asks: bool,
) -> None:
    """Add known names, longest first, and the dictionary words between them."""
    position = 0
    for start, end, forms in lexicon.names_in(folded, analyzer.word_boundaries(folded)):
        _add_plain_words(folded[position:start], analyzer, lexicon, words, optional, asks=asks)
        name = folded[start:end]
        words.append(
            structs.replace(_create_text_word(name, analyzer, forms), bodies=lexicon.bodies.get(name, ()))
        )
        position = end
    _add_plain_words(folded[position:], analyzer, lexicon, words, optional, asks=asks)


def _add_plain_words(
    text: str,
    analyzer: Analyzer,
    lexicon: Lexicon,
    words: list[Word],
    optional: list[Word],
    *,
    asks: bool,
) -> None:
    before = ""
    pieces = _cut_text(text, analyzer)
    if asks:
        pieces = (part for piece in pieces for part in _split_grammar(piece, analyzer, lexicon))
    for piece in pieces:
        for term in [piece] if is_han(piece) else analyzer.grams(piece):
            of_year = term == "年" and _YEAR_ALONE.fullmatch(before)  # 〔2013〕 matches 2013年 too
            (optional if of_year or _is_plain(term, analyzer, lexicon) else words).append(
                _create_text_word(term, analyzer)
            )
        before = piece


def _cut_text(text: str, analyzer: Analyzer) -> Iterator[str]:
    """Cut a text into dictionary words; the place of an article is one."""
    position = 0
    for place in _PLACE_IN_LAW.finditer(text):
        yield from analyzer.cut(text[position : place.start()])
        yield place[0]
        position = place.end()
    yield from analyzer.cut(text[position:])


def _split_grammar(piece: str, analyzer: Analyzer, lexicon: Lexicon) -> Iterator[str]:
    """Split characters of grammar from a word that the dictionary lacks: 养狗要 is 养狗 and 要."""
    core = piece
    if len(piece) > 2 and is_han(piece) and not analyzer.has_word(piece):
        while len(core) > 2 and core[0] in lexicon.plain:
            core = core[1:]
        while len(core) > 2 and core[-1] in lexicon.plain:
            core = core[:-1]
    start = piece.find(core)
    yield from (part for part in (piece[:start], core, piece[start + len(core) :]) if part)


def _is_plain(term: str, analyzer: Analyzer, lexicon: Lexicon) -> bool:
    """Test for a word of asking or grammar, or several that were not cut: 要交."""
    return term in lexicon.plain or (not analyzer.has_word(term) and all(c in lexicon.plain for c in term))


def is_code(text: str) -> bool:
    """Test for a code of letters and digits, which matches by its beginning too: A05 finds A059."""
    return _CODE.fullmatch(text) is not None


def _create_phrase_word(folded: str) -> Word:
    """Build a quoted phrase. Blanks between Han characters are also tried without, as in most texts."""
    joined = _BETWEEN_WORDS.sub("", folded)
    return Word(joined, "phrase", () if joined == folded else (folded,))


def _create_text_word(text: str, analyzer: Analyzer, forms: Sequence[str] = ()) -> Word:
    """Build a word. Two characters may match by chance across a word boundary (民政 in 人民政府), and a place
    inside another place's name, so these match whole words only. Longer words match as characters."""
    if writings := list_other_writings(text):
        return Word(text, "characters", (*forms, *writings))
    for place in (text, analyzer.short_place_name(text)):
        if place in analyzer.places:
            return Word(place, "word", tuple(forms))
    whole = len(text) == 2 and is_han(text) and analyzer.has_word(text)
    return Word(text, "word" if whole else "characters", tuple(forms))


def _add_mainland_wording(word: Word, text: str, folded: str, analyzer: Analyzer) -> Word:
    """Add the mainland wording to a word typed in traditional characters."""
    start = folded.find(word.text)
    if start < 0 or len(text) != len(folded):
        return word
    typed = text[start : start + len(word.text)]
    other = analyzer.to_mainland_wording(typed)
    if not analyzer.is_traditional(typed) or other == word.text:
        return word
    return structs.replace(word, mainland=other)
