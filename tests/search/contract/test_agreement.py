"""Both engines give the same answers on real articles of law.

``benchmarks.search.agreement`` uses all queries.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import anyio
import pytest

from search.contract import HighlightedText, Hit, Page
from search.elastic.engine import ElasticsearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import engine_agreement, judgement_files
from tests.search.documents import call
from tests.support import shared_data

ARTICLES = 3_000
EACH = 15
"""Every fifteenth query of a set is used."""


@pytest.mark.shared
@pytest.mark.server
@pytest.mark.parametrize("again", [False, True], ids=["fresh", "a third was written again"])
def test_both_engines_return_the_same_ten(
    on_elasticsearch: ElasticsearchEngine, tmp_path: Path, again: bool
) -> None:
    sets = shared_data.require("search-eval")
    documents = list(islice(judgement_files.read_corpus(sets / "statutes" / "corpus.jsonl.gz"), ARTICLES))
    queries = [
        query.text
        for name in ("statutes", "power-items")
        for query in judgement_files.read_judgements(sets / name / "queries.tsv", sets / name / "qrels.tsv")[
            ::EACH
        ]
    ]
    embedded = EmbeddedEngine(tmp_path / "index")
    for engine in (embedded, on_elasticsearch):
        call(engine.rebuild, documents)
        if again:
            call(engine.index, [replace(d, version=d.version + ARTICLES) for d in documents[::3]])

    async def compare() -> engine_agreement.Agreement:
        return await engine_agreement.compare(embedded, on_elasticsearch, queries, as_of=1)

    agreement = anyio.run(compare)
    assert agreement.queries > 100
    assert agreement.share >= 0.95, agreement.differing


def page(*hits: tuple[str, float], total: int = 99) -> Page:
    page_hits = tuple(Hit(s, "d", s, s, score, HighlightedText("title", s, ()), ()) for s, score in hits)
    return Page(hits=page_hits, total=total, match="all", all_words_total=total, facets={}, cursor=None)


def test_only_ties_at_the_end_may_differ() -> None:
    first = page(("a", 3.0), ("b", 2.0), ("c", 1.0))
    assert engine_agreement.are_same_hits(first, page(("b", 3.0), ("a", 2.0), ("c", 1.0)))
    assert engine_agreement.are_same_hits(first, page(("a", 3.0), ("b", 2.0), ("d", 1.0)))
    assert not engine_agreement.are_same_hits(first, page(("a", 3.0), ("d", 2.0), ("c", 1.0)))
    assert not engine_agreement.are_same_hits(first, page(("a", 3.0), ("b", 2.0)))
    assert not engine_agreement.are_same_hits(first, page(("a", 3.0), ("b", 2.0), ("c", 1.0), total=98))
