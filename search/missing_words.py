"""Words of a query that nothing contains: then the site does not hold what was asked for, and says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import structs

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Hit, Page, Request, SearchEngine
from search.query import parser
from search.query.did_you_mean import split_compound
from search.query.parser import Query, Word

MOST_PARTIAL_HITS = 5
"""Maximum number of :attr:`MissingWords.partial_hits`."""
_MOST_WORDS = 8
"""Each word is a search; a longer query is the name of an item or a sentence, of which some word is rare."""
_LEAST = 2
"""Minimum characters of a word that says what is meant."""
_SHORTEST_PART = 3
"""Minimum characters of the last part of a compound word that represents it."""
_OR = "或"
_TEXTS = ("word", "characters")
"""Kinds of words that are typed as text, without signs."""
_FRAME = re.compile(
    "^[办领交换补查签买卖开修租](?=..)|(?:证明|证书|证|执照|费用|费|金|款|钱|票|表|卡|户|场|厂|公司|单位)$"
)
"""Verbs before and nouns after the word for a matter: 查档案, 低保户."""
_AMOUNT = re.compile(
    "[0-9〇零一二三四五六七八九十百千万两几半每]+"
    "(?:个|次|年|月|天|日|周|小时|分钟|学期|学年|季度|人|户|家|岁|本|张|件|份|套|辆|台|吨|公斤|斤|度|方|立方|立方米|平|平米|平方米|元|块)?"
)
"""An amount says how much is asked about, and not what: 一吨, 每月."""


class MissingWords(msgspec.Struct, frozen=True):
    words: tuple[str, ...]
    """Words of the query that no document of its filters contains in any form, as searched; or the whole
    text, if nothing is near it by meaning."""
    partial_hits: tuple[Hit, ...]
    """Documents with the other words that say what is meant; none that contains 许可 or 收费 alone."""


async def look_up_words(
    engine: SearchEngine, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> MissingWords | str | None:
    """Look up each word of a query that no document contains whole, and return those that nothing contains;
    None if each of them occurs.

    If documents say it in other words (注册公司: 企业设立登记, 香烟: 烟草), or lack only words beside the
    matter (外地人 of 外地人居住证), return the text to search instead. Words that name every item of a
    list (许可, 收费, 申请) say nothing about what is meant.
    """
    return await _Lookup(engine, request, analyzer, lexicon).answer()


class _Form(msgspec.Struct, frozen=True):
    """Words by which documents name a word of the query."""

    text: str
    whole: bool = True
    """Whether it says all that the word says; 会计 does not for 会计证."""


class _Lookup(msgspec.Struct, frozen=True):
    """Looks up the words of one query."""

    engine: SearchEngine
    request: Request
    analyzer: Analyzer
    lexicon: Lexicon

    async def answer(self) -> MissingWords | str | None:
        query = parser.parse_query(self.request.text, self.analyzer, self.lexicon)
        amounts = _AMOUNT.findall(query.text)
        words = [w for w in query.words if not self._says_nothing(w, amounts)]
        if not 0 < len(words) <= _MOST_WORDS or any(word.choices for word in words):
            return None
        if not query.excluded and (name := await self._find_name(query, words)):
            return name
        forms = [(word, await self._find_form(word)) for word in words]
        form_of = {word.text: form for word, form in forms if form is not None}
        missing = [word for word, form in forms if form is None]
        if missing and " " not in query.text.strip():  # a word set apart is meant
            missing = await self._drop_beside_the_matter(missing, form_of.values())
        if not missing:
            return None if query.excluded else _reword(query, form_of)
        names = tuple(word.text for word in missing)
        others = [form.text for form in form_of.values() if len(form.text) >= _LEAST]
        if not others or query.excluded:
            return MissingWords(names, ())
        page = await self._search(" ".join(others))
        return MissingWords(names, page.hits)

    def _says_nothing(self, word: Word, amounts: Sequence[str]) -> bool:
        of_amount = any(word.text in amount for amount in amounts)
        return word.generic or of_amount or self._is_grammar(word)

    def _is_grammar(self, word: Word) -> bool:
        """Test for an adverb or a pronoun (私自), or a word of grammar that was cut together with one other
        character: 玩要."""
        if word.kind not in _TEXTS:
            return False
        others = [c for c in word.text if c not in self.lexicon.plain]
        guessed = len(others) < len(word.text) and len(others) < _LEAST
        return (guessed and not self.analyzer.has_word(word.text)) or self.analyzer.is_modifier(word.text)

    async def _find_name(self, query: Query, words: Sequence[Word]) -> str | None:
        """Return what documents call a matter that is typed in several words (注册…公司: 企业设立登记), with
        the other words of the query, if a document contains all of it."""
        for everyday, terms in self.lexicon.compounds_in(self.analyzer.cut(query.text)):
            others = [word.text for word in words if word.text not in everyday]
            text = " ".join((f" {_OR} ".join(terms), *others))
            if await self._occurs(text):
                return text
        return None

    async def _find_form(self, word: Word) -> _Form | None:
        """Return the word if a document contains it, else what says the same and occurs: legal terms for it,
        the parts of a compound that are apart (倾倒垃圾: 倾倒船舶垃圾), the word without what people put
        around it (低保户: 低保), or the last part of a compound, if that is long enough to say what is meant
        (民办幼儿园: 幼儿园, but not 美国签证: 签证)."""
        typed = f'"{word.text}"' if word.kind == "phrase" else word.text
        if await self._occurs(typed):
            return _Form(typed)
        terms = [term for term in self.lexicon.legal.get(word.text, ()) if await self._occurs(term)]
        if terms:
            return _Form(f" {_OR} ".join(terms))
        parts = split_compound(word.text, self.analyzer)
        if len(parts) > 1 and word.kind in _TEXTS and await self._occurs(" ".join(parts)):
            return _Form(" ".join(parts))
        last = parts[-1]
        for core in (_FRAME.sub("", word.text), last if len(last) >= _SHORTEST_PART else word.text):
            says_something = (
                len(core) > 1 and core not in self.lexicon.generic and self.analyzer.has_word(core)
            )
            if core != word.text and says_something and await self._occurs(core):
                return _Form(core, whole=False)
        return None

    async def _drop_beside_the_matter(self, missing: Sequence[Word], forms: Iterable[_Form]) -> list[Word]:
        """Return the missing words without those beside the matter.

        The rarest word of a question is its matter: 居住证 of 外地人居住证, 童工 of 雇佣童工. If a title
        contains it, only what is as rare in general text, or the name of a place, is not held.
        """
        matters = [form.text for form in forms if form.whole and await self._is_in_a_title(form.text)]
        frequencies = [
            self.analyzer.frequency(word.text) for text in matters for word in self._words_of(text)
        ]
        if not frequencies:
            return list(missing)
        rarest = min(frequencies)
        return [word for word in missing if word.kind not in _TEXTS or self._is_rare(word.text, rarest)]

    def _is_rare(self, text: str, rarest: int) -> bool:
        parts = split_compound(text, self.analyzer)
        least = min(map(self.analyzer.frequency, parts))
        return least <= rarest or any(map(self.analyzer.is_place, parts))

    async def _is_in_a_title(self, text: str) -> bool:
        titles = [self.analyzer.fold_text(hit.title.text) for hit in (await self._search(text)).hits]
        return any(word.occurs_in(title) for word in self._words_of(text) for title in titles)

    def _words_of(self, text: str) -> tuple[Word, ...]:
        return parser.parse_query(text, self.analyzer, self.lexicon).leaves

    async def _search(self, text: str) -> Page:
        return await self.engine.search(
            structs.replace(
                self.request, text=text, limit=MOST_PARTIAL_HITS, cursor=None, facets=(), similar=0
            )
        )

    async def _occurs(self, text: str) -> bool:
        counting = structs.replace(
            self.request, text=text, all_words=True, sort="-date", limit=1, cursor=None
        )
        plain = structs.replace(counting, facets=(), highlight=False, explain=False, similar=0)
        return (await self.engine.search(plain)).total > 0


def _reword(query: Query, form_of: Mapping[str, _Form]) -> str | None:
    """Return the text in the words of the documents; None if these are the words typed."""
    typed = [word.text for word in query.words]
    texts = [form_of[text].text if text in form_of else text for text in typed]
    texts = [t for word, t in zip(query.words, texts, strict=True) if word.generic or word.text in form_of]
    return None if texts == typed else " ".join(texts)
