"""Speed of the embedded engine on articles of law: indexing rate and search latency.

``python -m benchmarks.search.speed [articles.jsonl.gz] [--documents N]``. Every search filters by both
clocks, counts hits and three facets exactly, and highlights the top 20. Queries are distinct substrings of
1 to 8 characters of the articles.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import random
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import anyio

from benchmarks.support.laws import ARTICLES, data_path
from benchmarks.support.memory import peak_memory
from search.contract import Document, Request
from search.embedded.engine import EmbeddedEngine

TODAY = 740_000
"""Day of the searches, as an ordinal."""
LENGTHS = range(1, 9)
QUERIES_PER_LENGTH = 150
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


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def time_searches(engine: EmbeddedEngine, texts: list[str]) -> tuple[list[float], list[float]]:
    """Return wall and processor time in milliseconds. Other load affects the latter less."""
    spent, busy = [], []
    for text in texts:
        started, worked = time.perf_counter(), time.process_time()
        await engine.search(Request(text, as_of=TODAY, facets=("type", "body", "year")))
        spent.append(1000 * (time.perf_counter() - started))
        busy.append(1000 * (time.process_time() - worked))
    return spent, busy


def times_text(spent: list[float], busy: list[float]) -> str:
    clock, processor = (
        f"p50 {quantile(v, 0.5):.1f} ms, p99 {quantile(v, 0.99):.1f} ms" for v in (spent, busy)
    )
    return f"{clock} (processor {processor}; {len(spent)} queries)"


def megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


async def measure(folder: Path, path: Path, count: int | None) -> None:
    engine = EmbeddedEngine(folder)
    documents = list(islice(articles(path), count))
    gc.freeze()  # the service streams its documents and keeps none in memory
    started, busy = time.perf_counter(), time.process_time()
    await engine.index(documents)
    spent, busy = time.perf_counter() - started, time.process_time() - busy
    rate = len(documents) / spent
    print(f"built {len(documents)} documents in {spent:.1f} s ({busy:.1f} s of processor): {rate:.0f}/s")
    print(f"the index takes {megabytes(folder):.0f} MB")
    draw = random.Random(7)
    await time_searches(engine, queries(documents, 2, random.Random(1))[:20])
    every: tuple[list[float], list[float]] = ([], [])
    for length in LENGTHS:
        times = await time_searches(engine, queries(documents, length, draw))
        every[0].extend(times[0])
        every[1].extend(times[1])
        print(f"{length} characters: {times_text(*times)}")
    print(f"all: {times_text(*every)}")
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
