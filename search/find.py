"""Search with field filters and correction: the hits, and the corrected text if the typed one has none."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from anyio import to_thread
from msgspec import structs

from schemas.reference.english_words import translate_query
from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import ENDED, Hit, Page, Request, SearchEngine, Similar
from search.missing_words import MOST_PARTIAL_HITS, MissingWords, look_up_words
from search.query import field_filters as filters
from search.query.did_you_mean import find_nearest_name, is_sign, split_compounds
from search.query.field_filters import FilterFields
from search.query.name_index import Names
from search.query.syntax import CLOSING, OPENING

NO_FIELDS = FilterFields()
_QUOTE = re.compile(f"[{OPENING}{CLOSING}]")


class SearchPage(msgspec.Struct, frozen=True):
    page: Page
    text: str
    """The text that was searched: as typed, or :attr:`did_you_mean`."""
    did_you_mean: str | None = None
    """The corrected text: English words in Chinese, a name guessed from pinyin or from a typo, compound words
    split, or legal terms for everyday words. If set, the hits are those of this text."""
    missing: MissingWords | None = None
    """Set if a word of the query occurs nowhere: what was asked for is not held. The page is then that of the
    hits that contain some of the words."""


async def find(
    engine: SearchEngine,
    names: Callable[[], Awaitable[Names]],
    request: Request,
    fields: FilterFields = NO_FIELDS,
) -> SearchPage:
    """Turn field filters of the text into filters and search. If no document contains all the words and a
    name is similar to the text, search for that name.

    If nothing is corrected, the words that occur nowhere are looked up; if each occurs, but hits contain only
    some and nothing is near by meaning, the whole text is not held. A text that contains quotes is never
    corrected. For later pages, ``request.text`` is the :attr:`SearchPage.text` of the first. Raises
    :class:`search.contract.CursorError` and ``SearchError``.
    """
    language = await to_thread.run_sync(thesaurus.load_language)
    narrowed = await filters.apply_filters(engine, request, fields, *language)
    filtered = narrowed.request
    page = await engine.search(filtered)
    as_typed = SearchPage(page, request.text)
    continues = filtered.cursor is not None or filtered.similar_cursor is not None
    if page.all_words_total or continues or not filtered.text.strip():
        return as_typed
    is_literal = _QUOTE.search(filtered.text) is not None
    corrected = None if is_literal else await _correct(engine, names, filtered, page, *language)
    if corrected is not None:
        return _correct_page(request, corrected[1], narrowed.with_text(corrected[0]), language[0])
    lookup = await look_up_words(engine, filtered, *language)
    if lookup is None and page.total and page.similar is not None and page.similar.nothing_near:
        lookup = MissingWords((" ".join(filtered.text.split()),), page.hits[:MOST_PARTIAL_HITS])
    if isinstance(lookup, MissingWords):
        return structs.replace(as_typed, page=_partial_page(page, lookup.partial_hits), missing=lookup)
    if lookup is None or is_literal:
        return as_typed
    reworded = await engine.search(structs.replace(filtered, text=lookup))
    if page.total and not reworded.all_words_total:
        return as_typed
    return _correct_page(request, reworded, narrowed.with_text(lookup), language[0])


def _correct_page(request: Request, page: Page, text: str, analyzer: Analyzer) -> SearchPage:
    """Return the hits of a corrected text. It is offered only if it is another one, and not the same in other
    characters."""
    text = " ".join(text.split())
    typed, corrected = (" ".join(analyzer.fold_text(one).split()) for one in (request.text, text))
    return SearchPage(page, text, text if typed != corrected else None)


def _partial_page(page: Page, hits: tuple[Hit, ...]) -> Page:
    """Return a page of these hits alone.

    Other hits, which contain fewer of the words, are left out; so are facets and further pages.
    """
    facets = dict.fromkeys(page.facets, ())
    similar = page.similar and _without(page.similar, hits)
    return structs.replace(page, hits=hits, total=len(hits), facets=facets, cursor=None, similar=similar)


def _without(similar: Similar, hits: Sequence[Hit]) -> Similar:
    """Return what is similar without these hits, which are not hits of the query itself."""
    spans = {hit.span for hit in hits}
    others = tuple(hit for hit in similar.hits if hit.span not in spans)
    return structs.replace(similar, hits=others, total=similar.total - len(similar.hits) + len(others))


async def find_ended(
    engine: SearchEngine, request: Request, fields: FilterFields, *, limit: int
) -> Page | None:
    """Find what contains all words of a request and was removed or withdrawn by its day; None if nothing."""
    language = await to_thread.run_sync(thesaurus.load_language)
    narrowed = await filters.apply_filters(
        engine, structs.replace(request, statuses=ENDED), fields, *language
    )
    ended = structs.replace(narrowed.request, all_words=True, sort="relevance", limit=limit)
    page = await engine.search(structs.replace(ended, cursor=None, facets=(), explain=False, similar=0))
    return page if page.total else None


async def _translate(engine: SearchEngine, request: Request, lexicon: Lexicon) -> tuple[str, Page] | None:
    """Return an English text in Chinese and its hits, if documents contain all its words.

    Words that name every item of a list (许可, 收费) may be missing: its records do not repeat them. A text
    with exclusions or alternatives is not translated.
    """
    has_signs = any(map(is_sign, request.text.split()))
    chinese = None if has_signs else translate_query(request.text)
    if chinese is None:
        return None
    specific = " ".join(word for word in chinese.split() if word not in lexicon.generic)
    for text in dict.fromkeys((chinese, specific)):
        if text:
            page = await engine.search(structs.replace(request, text=text))
            if page.all_words_total:
                return text, page
    return None


async def _correct(
    engine: SearchEngine,
    names: Callable[[], Awaitable[Names]],
    request: Request,
    page: Page,
    analyzer: Analyzer,
    lexicon: Lexicon,
) -> tuple[str, Page] | None:
    """Return a corrected text and its hits, if documents contain all its words."""
    if translated := await _translate(engine, request, lexicon):
        return translated
    corrected = await to_thread.run_sync(find_nearest_name, request.text, await names())
    if corrected is None and not page.total:
        corrected = split_compounds(request.text, analyzer)
    if corrected is None:
        return None
    corrected = " ".join(corrected.split())  # as the reader sends it for the next page
    corrected_page = await engine.search(structs.replace(request, text=corrected))
    # For example, the filters exclude all its hits.
    return (corrected, corrected_page) if corrected_page.all_words_total else None
