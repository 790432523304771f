"""What a searcher is given: the hits, and what was probably meant where nothing holds what was typed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from anyio import to_thread

from search.engine import Page, Request, SearchEngine
from search.mending import near
from search.names import Names

_LITERAL = re.compile('["“”„〝「『〟」』]')


@dataclass(frozen=True, slots=True)
class Finding:
    page: Page
    text: str
    """What the hits are of: the text as typed, or :attr:`did_you_mean`."""
    did_you_mean: str | None = None
    """The name that was probably meant, of pinyin or of a slip. The hits are of this name then."""


async def find(engine: SearchEngine, names: Callable[[], Awaitable[Names]], request: Request) -> Finding:
    """Where no document holds all the words and a name is near what was typed, the hits are that name's.

    A text with anything in quotes is never mended. Behind the first page ``request.text`` is the
    :attr:`Finding.text` of the first.
    """
    page = await engine.search(request)
    if page.whole or request.cursor is not None or not request.text.strip() or _LITERAL.search(request.text):
        return Finding(page, request.text)
    meant = await to_thread.run_sync(near, request.text, await names())
    if meant is None:
        return Finding(page, request.text)
    mended = await engine.search(replace(request, text=meant))
    if not mended.whole:  # as where the filters leave nothing of it
        return Finding(page, request.text)
    return Finding(mended, meant, meant)
