"""Words of a query that nothing contains: then the site does not hold what was asked for, and says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Hit, Request, SearchEngine
from search.query import parser
from search.query.parser import Word

NEAR = 5
"""Maximum number of near hits."""
_MOST_WORDS = 8
"""Each word is a search; a longer query is the name of an item or a sentence, of which some word is rare."""
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
) -> MissingWords | None:
    """Look up each word of a query that no document contains whole; None if each of them occurs.

    Words that stand for every item of a list (许可, 收费, 申请) say nothing about what is meant.
    """
    query = parser.parse_query(request.text, analyzer, lexicon)
    words = [word for word in query.words if not _says_nothing(word, lexicon)]
    if not 0 < len(words) <= _MOST_WORDS or any(word.choices for word in words):
        return None
    missing: list[str] = []
    held: list[str] = []
    for word in words:
        (held if await _occurs(engine, request, word, lexicon) else missing).append(word.text)
    if not missing:
        return None
    if not held or query.excluded:
        return MissingWords(tuple(missing), ())
    page = await engine.search(replace(request, text=" ".join(held), limit=NEAR, cursor=None, facets=()))
    return MissingWords(tuple(missing), page.hits)


def _says_nothing(word: Word, lexicon: Lexicon) -> bool:
    return word.text in lexicon.generic or _AMOUNT.fullmatch(word.text) is not None


async def _occurs(engine: SearchEngine, request: Request, word: Word, lexicon: Lexicon) -> bool:
    """Test whether a document contains a word, or a legal term for it."""
    counting = replace(request, sort="-date", limit=1, cursor=None, facets=(), highlight=False, explain=False)
    typed = f'"{word.text}"' if word.kind == "phrase" else word.text
    for text in (typed, *lexicon.legal.get(word.text, ())):
        if (await engine.search(replace(counting, text=text))).all_words_total:
            return True
    return False
