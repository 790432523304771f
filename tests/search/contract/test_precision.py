"""Records that a query must not find, and other names under which it must find them, on every engine."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain

import pytest

from publisher.sample.plan import data_folder
from schemas.reference import administrative_divisions, government_bodies
from search.contract import SearchEngine
from tests.search.documents import document, index, search
from tests.support import shared_data

UNWANTED = [
    tuple(line.split("\t"))
    for line in files("search").joinpath("evaluation", "unwanted.tsv").read_text("utf-8").splitlines()
]
"""(query, a record that contains its characters across two words or inside another name)."""

GROUPS: list[list[str]] = json.loads(files("search").joinpath("data", "synonyms.json").read_text("utf-8"))[
    "groups"
]


@pytest.mark.slow
def test_no_listed_record_is_among_the_first_ten_of_its_query(engine: SearchEngine) -> None:
    titles = {query: f"{query}工作通知" for query, _ in UNWANTED}
    index(
        engine,
        [
            *(document(f"w{n}", title) for n, title in enumerate(titles.values())),
            *(document(f"u{n}", title) for n, (_, title) in enumerate(UNWANTED)),
        ],
    )
    shares, unwanted_hits = [], []
    for query, title in UNWANTED:
        first = [hit.title.text for hit in search(engine, query, limit=10).hits]
        assert titles[query] in first, query
        bad = {t for q, t in UNWANTED if q == query}.intersection(first)
        shares.append(1 - len(bad) / len(first))
        unwanted_hits += [(query, title)] if title in bad else []
    assert len(shares) >= 100
    assert unwanted_hits == []
    assert sum(shares) / len(shares) == 1.0


def real_texts() -> Iterator[str]:
    """Yield articles of law, then news and policy documents of 2020."""
    for name in ("laws/articles.jsonl.gz", "search-eval/policy-questions/corpus.jsonl.gz"):
        with gzip.open(shared_data.require(*name.split("/")), "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield f"{row.get('law') or row.get('title') or ''} {row['text']}"


@pytest.mark.slow
@pytest.mark.shared
def test_real_texts_that_contain_a_word_only_inside_others_are_not_hits(engine: SearchEngine) -> None:
    """Search for words such as 民政 in texts that contain them only inside others such as 人民政府."""
    crossing = {"民政": "人民政府", "海城": "[上沿珠北滨]海城", "司法": "公司法"}
    texts: dict[str, list[str]] = {query: [] for query in crossing}
    only: dict[str, list[str]] = {query: [] for query in crossing}
    for text in real_texts():
        for query, inside in crossing.items():
            if query in text:
                by_query = texts if query in re.sub(inside, "", text) else only
                if len(by_query[query]) < 300:
                    by_query[query].append(text)
    every = list(dict.fromkeys(chain(*texts.values(), *only.values())))
    index(engine, [document(f"t{n}", f"第{n}篇", text) for n, text in enumerate(every)])
    for query in crossing:
        hits = {every[int(hit.span[1:])] for hit in search(engine, query, limit=1000, highlight=False).hits}
        assert len(only[query]) > 10, query
        assert not hits.intersection(only[query]), query
        assert hits or not texts[query], query


@pytest.mark.slow
def test_a_place_is_not_found_in_the_names_of_others(engine: SearchEngine) -> None:
    """Index every division of China with the divisions above it, and a notice of Anshan."""
    notice = next(data_folder().joinpath("notice").iterdir()).read_text("utf-8")
    paths = {
        code: administrative_divisions.full_name_of(code) for code in administrative_divisions.list_codes()
    }
    index(
        engine,
        [
            document("notice", "鞍政发〔2015〕34号", notice),
            *(document(code, "收费目录", path) for code, path in paths.items()),
        ],
    )
    for query in ("鞍山", "海城", "台安", "立山", "南阳", "东宁", "通化", "海南"):
        codes = set(administrative_divisions.find_codes(query))
        hits = {hit.span for hit in search(engine, query, limit=1000, highlight=False).hits}
        assert codes <= hits, query
        within = {code for code in paths if codes.intersection(administrative_divisions.list_ancestors(code))}
        strangers = hits - within - {"notice"}
        # Another division may have the same name (海南藏族自治州 and 海南省).
        assert not [paths[c] for c in strangers if not _is_called(query, c)], query
    assert "notice" in {hit.span for hit in search(engine, "鞍山", limit=1000).hits}
    assert search(engine, "马鞍山", limit=1000).total >= 7


def _is_called(query: str, code: str) -> bool:
    names = [
        administrative_divisions.name_of(above) or ""
        for above in administrative_divisions.list_ancestors(code)
    ]
    return any(name.startswith(query) for name in names)


@pytest.mark.slow
def test_every_wording_of_a_term_finds_every_other(engine: SearchEngine) -> None:
    every = [(n, name) for n, group in enumerate(GROUPS) for name in group]
    index(engine, [document(f"{n}-{i}", f"关于{name}的通知") for i, (n, name) in enumerate(every)])
    missed = []
    for n, name in every:
        page = search(engine, name, limit=50)
        matches = {hit.span for hit in page.hits[: page.all_words_total]}
        missed += [
            (name, other) for i, (m, other) in enumerate(every) if m == n and f"{n}-{i}" not in matches
        ]
    assert missed == []


@pytest.mark.slow
def test_every_name_of_a_body_finds_every_other(engine: SearchEngine) -> None:
    names = sorted(government_bodies.all_names())
    index(engine, [document(f"b{n}", "办事指南", f"由{name}负责") for n, name in enumerate(names)])
    place = {name: f"b{n}" for n, name in enumerate(names)}
    missed = []
    for name in names:
        page = search(engine, name, limit=200)
        matches = {hit.span for hit in page.hits[: page.all_words_total]}
        missed += [
            (name, other)
            for other in (name, *government_bodies.list_other_names(name))
            if place[other] not in matches
        ]
    assert missed == []
