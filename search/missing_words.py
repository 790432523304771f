"""Words of a query that nothing contains: then the site does not hold what was asked for, and says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Hit, Request, SearchEngine
from search.query import parser
from search.query.did_you_mean import split_compound
from search.query.parser import Word

NEAR = 5
"""Maximum number of near hits."""
_MOST_WORDS = 8
"""Each word is a search; a longer query is the name of an item or a sentence, of which some word is rare."""
_LEAST = 2
"""Characters of a word that says what is meant."""
_SHORTEST_PART = 3
"""Minimum characters of the last part of a compound word that stands for it."""
_OR = "或"
_FRAME = re.compile(
    "^[办领交换补查签买卖开修租](?=..)|(?:证明|证书|证|执照|费用|费|金|款|钱|票|表|卡|户|场|厂|公司|单位)$"
)
"""Verbs before and nouns after the word for a matter: 查档案, 低保户."""
_AMOUNT = re.compile(
    "[0-9〇零一二三四五六七八九十百千万两几半每]+"
    "(?:个|次|年|月|天|日|周|小时|分钟|人|户|家|岁|本|张|件|份|套|辆|台|吨|公斤|斤|度|方|立方|立方米|平|平米|平方米|元|块)?"
)
"""An amount says how much is asked about, and not what: 一吨, 每月."""


@dataclass(frozen=True, slots=True)
class MissingWords:
    words: tuple[str, ...]
    """Words of the query that no document of its filters contains in any form, as searched."""
    near: tuple[Hit, ...]
    """Documents with the other words that say what is meant; none that contains 许可 or 收费 alone."""


async def find_missing_words(
    engine: SearchEngine, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> MissingWords | str | None:
    """Look up each word of a query that no document contains whole; None if each of them occurs.

    If everyday words do not occur and the legal terms for them do (香烟: 烟草), return the text with these
    terms. Words that stand for every item of a list (许可, 收费, 申请) say nothing about what is meant.
    """
    query = parser.parse_query(request.text, analyzer, lexicon)
    telling = [w for w in query.words if not _says_nothing(w) and not _is_guess(w, analyzer, lexicon)]
    if not 0 < len(telling) <= _MOST_WORDS or any(word.choices for word in telling):
        return None
    missing: list[str] = []
    forms: dict[str, str] = {}
    for word in telling:
        form = await _find_form(engine, request, word, analyzer, lexicon)
        if form is None:
            missing.append(word.text)
        else:
            forms[word.text] = form
    if not missing:
        reworded = any(word != form for word, form in forms.items()) and not query.excluded
        return " ".join(forms.get(word.text, word.text) for word in query.words) if reworded else None
    if not forms or query.excluded:
        return MissingWords(tuple(missing), ())
    near = " ".join(forms.values())
    page = await engine.search(replace(request, text=near, limit=NEAR, cursor=None, facets=(), similar=0))
    return MissingWords(tuple(missing), page.hits)


def _says_nothing(word: Word) -> bool:
    return word.generic or _AMOUNT.fullmatch(word.text) is not None


def _is_guess(word: Word, analyzer: Analyzer, lexicon: Lexicon) -> bool:
    """Test for a word of grammar that was cut together with one other character: 玩要."""
    others = [c for c in word.text if c not in lexicon.plain]
    return len(others) < len(word.text) and len(others) < _LEAST and not analyzer.has_word(word.text)


async def _find_form(
    engine: SearchEngine, request: Request, word: Word, analyzer: Analyzer, lexicon: Lexicon
) -> str | None:
    """Return the word if a document contains it, else what says the same and occurs: legal terms for it, the
    word without what people put around it (低保户: 低保), or the last part of a compound, if that is long
    enough to say what is meant (民办幼儿园: 幼儿园, but not 美国签证: 签证)."""
    typed = f'"{word.text}"' if word.kind == "phrase" else word.text
    if await _occurs(engine, request, typed):
        return typed
    terms = [term for term in lexicon.legal.get(word.text, ()) if await _occurs(engine, request, term)]
    if terms:
        return f" {_OR} ".join(terms)
    last = split_compound(word.text, analyzer)[-1]
    for core in (_FRAME.sub("", word.text), last if len(last) >= _SHORTEST_PART else word.text):
        says_something = len(core) > 1 and core not in lexicon.generic and analyzer.has_word(core)
        if core != word.text and says_something and await _occurs(engine, request, core):
            return core
    return None


async def _occurs(engine: SearchEngine, request: Request, text: str) -> bool:
    counting = replace(
        request, sort="-date", limit=1, cursor=None, facets=(), highlight=False, explain=False, similar=0
    )
    return (await engine.search(replace(counting, text=text))).all_words_total > 0
