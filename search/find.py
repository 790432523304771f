"""What a searcher is given: the hits, and what was probably meant where nothing holds what was typed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from anyio import to_thread

from search.chinese import thesaurus
from search.contract import Page, Request, SearchEngine
from search.query import field_filters as filters
from search.query.did_you_mean import apart, near
from search.query.field_filters import Fields
from search.query.name_index import LONGEST, Names

NO_FIELDS = Fields()
_LITERAL = re.compile('["“”„〝「『〟」』]')


@dataclass(frozen=True, slots=True)
class Finding:
    page: Page
    text: str
    """What the hits are of: the text as typed, or :attr:`did_you_mean`."""
    did_you_mean: str | None = None
    """The text with the name that was probably meant, of pinyin or of a slip, or with its words in parts. The
    hits are of it then."""


async def find(
    engine: SearchEngine,
    names: Callable[[], Awaitable[Names]],
    request: Request,
    fields: Fields = NO_FIELDS,
) -> Finding:
    """Field filters in the text become filters. Where no document holds all the words and a name is near
    what was typed, the hits are that name's.

    A text with anything in quotes is never mended. Behind the first page ``request.text`` is the
    :attr:`Finding.text` of the first. Raises :class:`search.contract.CursorError` and ``SearchError``.
    """
    language = await to_thread.run_sync(thesaurus.load)
    narrowed = await filters.narrowed(engine, request, fields, *language)
    asked = narrowed.request
    page = await engine.search(asked)
    as_typed = Finding(page, request.text)
    if page.whole or asked.cursor is not None or not asked.text.strip() or _LITERAL.search(asked.text):
        return as_typed
    meant = await to_thread.run_sync(near, asked.text, await names())
    if meant is None and not page.total:
        meant = apart(asked.text[:LONGEST], language[0])
    if meant is None:
        return as_typed
    mended = await engine.search(replace(asked, text=meant))
    if not mended.whole:  # as where the filters leave nothing of it
        return as_typed
    text = narrowed.with_text(meant)
    return Finding(mended, text, text)
