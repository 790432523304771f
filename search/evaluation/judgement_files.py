"""Files of a labelled set, in the format of TREC."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from search.contract import Document


class JudgedQuery(msgspec.Struct, frozen=True):
    """A query and the grades of its relevant documents. Any other document has grade 0."""

    id: str
    text: str
    grades: Mapping[str, int]


def read_corpus(path: Path) -> Iterator[Document]:
    """Read the documents of a corpus file. The title of an article is law and article, as in the service."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            title = row.get("title") or " ".join(str(row[k]) for k in ("law", "article") if row.get(k))
            yield _build_document(str(row["id"]), title, str(row["text"]), number)


def _build_document(name: str, title: str, text: str, version: int) -> Document:
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


def read_judgements(queries: Path, qrels: Path) -> list[JudgedQuery]:
    """Read the queries with at least one document of a grade above 0."""
    grades: dict[str, dict[str, int]] = {}
    for line in qrels.read_text(encoding="utf-8").splitlines():
        query, _, document, grade = line.split("\t")
        if int(grade) > 0:
            grades.setdefault(query, {})[document] = int(grade)
    rows = (line.split("\t", 1) for line in queries.read_text(encoding="utf-8").splitlines() if line)
    return [JudgedQuery(name, text, grades[name]) for name, text in rows if name in grades]
