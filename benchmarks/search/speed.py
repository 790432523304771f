"""Speed of the embedded engine on articles of law: indexing rate and search latency.

``python -m benchmarks.search.speed [articles.jsonl.gz] [--documents N]``. Every search filters by both
clocks, counts hits and three facets exactly, and highlights the top 20. Queries are distinct substrings of
1 to 8 characters of the articles.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import itertools
import json
import operator
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import anyio
from msgspec import structs
from tantivy import Order

from benchmarks import http
from benchmarks.support.laws import ARTICLES, data_path
from benchmarks.support.limits import RUNS, Limit, alternate
from benchmarks.support.memory import peak_memory
from benchmarks.support.timing import Timer, Times
from publisher.settings import read_settings
from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import Document, Request
from search.embedded.engine import EmbeddedEngine
from search.embedded.index_folder import Generations
from search.embedded.search import search_page
from search.embedded.tantivy_index import Reader, to_query
from search.query import parser
from search.query.conditions import HitSets, build_present_condition

TODAY = 740_000
"""Day of the searches, as an ordinal."""
LENGTHS = range(1, 9)
QUERIES_PER_LENGTH = 150
_SEARCHES = 60
_FACETS = ("type", "body", "year")
HAN = range(0x4E00, 0xA000)
"""Code points of Chinese characters."""


def articles(path: Path) -> Iterator[Document]:
    """Read the articles as documents of the index."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            title = f"{row['law']} {row['article']}"
            year = row["version_date"][:4]
            yield Document(
                span=f"s{number}",
                version=number,
                dataset="laws",
                catalogue="law-articles",
                record=f"r{number}",
                revision=f"v{number}",
                title=title,
                texts={"title": title, "text": row["text"]},
                weights={"title": 5.0, "text": 1.0},
                numbers=(),
                facets={
                    "dataset": ("laws",),
                    "type": (row.get("category") or "其他",),
                    "body": (row["law"],),
                    "year": (year,) if year else (),
                },
                effective_from=700_000 + number % 1000,
                known_from=number,
                date=700_000 + number % 1000,
            )


def queries(documents: list[Document], size: int, draw: random.Random) -> list[str]:
    """Draw distinct queries of ``size`` characters from the texts."""
    texts: dict[str, None] = {}
    while len(texts) < QUERIES_PER_LENGTH * (0.2 if size == 1 else 1):
        text = draw.choice(documents).texts["text"]
        start = draw.randrange(max(1, len(text) - size))
        query = text[start : start + size]
        if len(query) == size and all(ord(c) in HAN for c in query):
            texts[query] = None
    return list(texts)


async def time_searches(engine: EmbeddedEngine, texts: list[str]) -> Times:
    times = Times()
    for text in texts:
        timer = Timer()
        await engine.search(Request(text, as_of=TODAY, facets=_FACETS))
        times.add(timer)
    return times


def limits(site: Path, records: int) -> Iterator[Limit]:
    """Measure searches of a site of :func:`benchmarks.http.build` beside the index alone."""
    folder = Generations(read_settings(site, {}).index)
    reader = folder.reader()
    assert reader is not None
    language = thesaurus.load_language()
    draw = random.Random(7)
    texts = [item["name"][: draw.randrange(2, 9)] for item in http.items(min(records, RUNS * _SEARCHES))]
    whole = [Request(text, as_of=TODAY, facets=_FACETS) for text in texts]
    by_date = [structs.replace(request, sort="-date", highlight=False) for request in whole]
    tasks = (
        ("a search by date", by_date, 1.5, "parsing, the narrowest set with enough hits"),
        ("a search by relevance", whole, 3.0, "the same, the second stage of 100, marks and excerpts"),
    )

    def search(request: Request) -> object:
        return search_page(folder.reader(), None, request, *language)

    for name, requests, bar, between in tasks:
        raw = [prepare_raw_search(reader, request, *language) for request in requests]
        ours, limit = map(search, itertools.cycle(requests)), map(operator.call, itertools.cycle(raw))
        pairs = alternate(
            ours.__next__,
            limit.__next__,
            times=len(requests) // RUNS,
            clock=time.process_time,
        )
        yield Limit(name, "tantivy, same hits, facets and total", pairs, bar, between)


def prepare_raw_search(
    reader: Reader, request: Request, analyzer: Analyzer, lexicon: Lexicon
) -> Callable[[], object]:
    """Return a function that fetches the hits, the total and the facets from the index, and does no more."""
    query = parser.parse_query(request.text, analyzer, lexicon)
    within = build_present_condition(request, reader.newest)
    sets = HitSets(reader.frequency, analyzer, within, query)
    match = search_page(reader, None, request, analyzer, lexicon).match
    members = to_query(reader.schema, sets.members(match))
    ranked = to_query(reader.schema, sets.ranked_members(match))
    values = {
        name: {"terms": {"field": f"facets.{name}", "size": request.facet_values}} for name in request.facets
    }

    def search() -> object:
        if request.sort == "relevance":
            hits = reader.searcher.search(ranked, limit=request.limit, count=True).hits
        else:
            hits = reader.searcher.search(
                members, limit=request.limit, count=True, order_by_field="order", order=Order.Desc
            ).hits
        return [reader.searcher.doc(address) for _, address in hits], reader.searcher.aggregate(
            members, values
        )

    return search


def megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


async def measure(folder: Path, path: Path, count: int | None) -> None:
    engine = EmbeddedEngine(folder)
    documents = list(islice(articles(path), count))
    gc.freeze()  # the service streams its documents and keeps none in memory
    timer = Timer()
    await engine.index(documents)
    seconds, cpu = timer.seconds(), timer.cpu_seconds()
    rate = len(documents) / seconds
    print(f"built {len(documents)} documents in {seconds:.1f} s ({cpu:.1f} s of processor): {rate:.0f}/s")
    print(f"the index takes {megabytes(folder):.0f} MB")
    draw = random.Random(7)
    await time_searches(engine, queries(documents, 2, random.Random(1))[:20])
    all_times = Times()
    for length in LENGTHS:
        times = await time_searches(engine, queries(documents, length, draw))
        all_times.extend(times)
        print(f"{length} characters: {times}")
    print(f"all: {all_times}")
    peak = peak_memory()
    print(f"peak resident memory {peak:.0f} MiB, the corpus as Python objects among it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="?", type=Path, default=data_path(*ARTICLES))
    parser.add_argument("--documents", type=int, help="only the first N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(measure, Path(folder), options.articles, options.documents)


if __name__ == "__main__":
    main()
