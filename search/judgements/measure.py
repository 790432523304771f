"""Ranked lists against labels: nDCG@10, MRR@10 and recall@10 of an engine, asked as the service asks it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from time import perf_counter

import anyio

from search.embedded import EmbeddedEngine
from search.engine import Document, Request, SearchEngine

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A query and the grades of the documents that answer it; any other document is taken for 0."""

    id: str
    text: str
    grades: Mapping[str, int]


def read_corpus(path: Path) -> Iterator[Document]:
    """Documents of a corpus file. A law's article is titled by both, as the service titles it."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            title = row.get("title") or " ".join(str(row[k]) for k in ("law", "article") if row.get(k))
            yield _document(str(row["id"]), title, str(row["text"]), number)


def _document(name: str, title: str, text: str, version: int) -> Document:
    return Document(
        span=name,
        version=version,
        dataset="judged",
        catalogue="judged",
        record=name,
        revision=name,
        title=title,
        texts={"text": text},
        weights={"text": 1.0},
        numbers=(),
        facets={},
        effective_from=0,
    )


def read_judgements(queries: Path, qrels: Path) -> list[Judged]:
    """Queries that have at least one document of a grade above 0."""
    grades: dict[str, dict[str, int]] = {}
    for line in qrels.read_text(encoding="utf-8").splitlines():
        query, _, document, grade = line.split("\t")
        if int(grade) > 0:
            grades.setdefault(query, {})[document] = int(grade)
    rows = (line.split("\t", 1) for line in queries.read_text(encoding="utf-8").splitlines() if line)
    return [Judged(name, text, grades[name]) for name, text in rows if name in grades]


def evaluate(folder: Path, corpus: Iterable[Document], judged: Sequence[Judged]) -> dict[str, float | int]:
    """Index ``corpus`` in ``folder`` and ask everything."""
    return anyio.run(_evaluate, EmbeddedEngine(folder), corpus, judged)


async def _evaluate(
    engine: SearchEngine, corpus: Iterable[Document], judged: Sequence[Judged]
) -> dict[str, float | int]:
    documents = await engine.index(corpus)
    started = perf_counter()
    scores: list[tuple[float, float, float]] = []
    for query in judged:
        page = await engine.search(Request(query.text, as_of=1, limit=DEPTH))
        scores.append(score([hit.record for hit in page.hits], query.grades))
    spent = perf_counter() - started
    await engine.close()
    count = len(scores) or 1
    ndcg, mrr, recall = (sum(column) / count for column in zip(*scores, strict=True))
    return {
        "documents": documents,
        "queries": len(scores),
        "ndcg@10": round(ndcg, 4),
        "mrr@10": round(mrr, 4),
        "recall@10": round(recall, 4),
        "ms_a_query": round(1000 * spent / count, 2),
    }


def score(ranked: Sequence[str], grades: Mapping[str, int]) -> tuple[float, float, float]:
    """nDCG@10 with gains 2^grade - 1 (Burges 2005), reciprocal rank and recall at 10."""
    top = ranked[:DEPTH]
    gain = sum((2 ** grades.get(d, 0) - 1) / log2(rank + 2) for rank, d in enumerate(top))
    best = sum(
        (2**g - 1) / log2(rank + 2) for rank, g in enumerate(sorted(grades.values(), reverse=True)[:DEPTH])
    )
    first = next((1 / rank for rank, d in enumerate(top, 1) if d in grades), 0.0)
    return gain / best, first, sum(d in grades for d in top) / len(grades)
