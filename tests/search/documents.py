"""Small documents and requests for tests, like those of the service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

import anyio

from search import find
from search.chinese import pinyin, thesaurus
from search.contract import FOREVER, Document, Page, Request, SearchEngine
from search.find import SearchPage
from search.query.name_index import Name, Names

TODAY = date(2026, 1, 1).toordinal()


def document(
    span: str,
    title: str,
    text: str = "",
    *,
    version: int = 1,
    numbers: tuple[str, ...] = (),
    effective: tuple[int, int] = (1, FOREVER),
    known_span: tuple[int, int] = (0, FOREVER),
    day: int = 1,
    record: str = "",
    **facets: str | tuple[str, ...],
) -> Document:
    values = {"dataset": ("list",)} | {k: (v,) if isinstance(v, str) else v for k, v in facets.items()}
    return Document(
        span=span,
        version=version,
        dataset=values["dataset"][0],
        catalogue="power-list",
        record=record or f"r-{span}",
        revision=f"v-{span}",
        title=title,
        texts={"name": title} | ({"basis": text} if text else {}),
        weights={"name": 10.0, "basis": 2.0},
        numbers=numbers,
        facets=values,
        effective_from=effective[0],
        effective_to=effective[1],
        known_from=known_span[0],
        known_to=known_span[1],
        date=day,
    )


def index(engine: SearchEngine, documents: Iterable[Document]) -> int:
    return anyio.run(engine.index, documents)


def search(engine: SearchEngine, text: str, **options: object) -> Page:
    parameters = {"as_of": TODAY, **options}
    return anyio.run(engine.search, Request(text, **parameters))  # type: ignore[arg-type]  # options are the test's own


def spans(engine: SearchEngine, text: str, **options: object) -> list[str]:
    return [hit.span for hit in search(engine, text, **options).hits]


def find_with_names(engine: SearchEngine, titles: Sequence[str], text: str, **options: object) -> SearchPage:
    """Search as the service does, on a site whose names are ``titles``."""

    async def names() -> Names:
        analyzer, words = thesaurus.load_language()
        return Names((Name(t, "name", 1) for t in titles), analyzer, words, pinyin.load_pinyin(analyzer))

    async def search_names() -> SearchPage:
        request = Request(text, as_of=TODAY, **options)  # type: ignore[arg-type]  # options are the test's own
        return await find.find(engine, names, request)

    return anyio.run(search_names)


def every_page(engine: SearchEngine, text: str, **options: object) -> list[str]:
    """Return the spans of all pages, following the cursor. Fail if the pages do not end."""
    all_spans: list[str] = []
    cursor: str | None = None
    for _ in range(1000):
        page = search(engine, text, cursor=cursor, **options)
        all_spans += [hit.span for hit in page.hits]
        cursor = page.cursor
        if cursor is None:
            return all_spans
    raise AssertionError("the cursor does not end")


call = partial(anyio.run)
