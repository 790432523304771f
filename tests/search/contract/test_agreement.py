"""Both engines give the same answers on real articles of law.

``benchmarks.search.agreement`` uses all queries.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from search.contract import HighlightedText, Hit, Page
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import engine_agreement, judgement_files
from search.semantic.encoder import Encoder
from tests.search.documents import call, search
from tests.search.meaning import fill
from tests.support import shared_data
from tests.support.servers.language_model import require_model

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
            call(engine.index, [structs.replace(d, version=d.version + ARTICLES) for d in documents[::3]])

    async def compare() -> engine_agreement.Agreement:
        return await engine_agreement.compare(embedded, on_elasticsearch, queries, as_of=1)

    agreement = anyio.run(compare)
    assert agreement.queries > 100
    assert agreement.share >= 0.95, agreement.differing


@pytest.mark.shared
@pytest.mark.server
def test_both_engines_rank_and_offer_the_same_by_meaning(
    elasticsearch: Connection,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("search.embedded.similar", "search.elastic.search"):
        monkeypatch.setattr(f"{module}.LEAST", 0.45)  # few articles are offered, and these ones only here
    sets = shared_data.require("search-eval")
    encoder = Encoder(require_model(tmp_path_factory))
    documents = list(islice(judgement_files.read_corpus(sets / "statutes" / "corpus.jsonl.gz"), 250))
    judged = judgement_files.read_judgements(*(sets / "statutes" / n for n in ("queries.tsv", "qrels.tsv")))
    engines = (
        EmbeddedEngine(tmp_path / "index", encoder=encoder),
        ElasticsearchEngine(elasticsearch, encoder=encoder),
    )
    request.addfinalizer(partial(call, engines[1].close))
    for engine in engines:
        fill(engine, documents)
    offers = 0
    for query in judged[::40]:
        one, other = (search(engine, query.text, as_of=1, limit=10, similar=20) for engine in engines)
        assert engine_agreement.are_same_hits(one, other), query.text
        assert one.similar is not None
        assert other.similar is not None
        assert [hit.span for hit in one.similar.hits] == [hit.span for hit in other.similar.hits], query.text
        assert one.similar.total == other.similar.total
        offers += one.similar.total
    assert offers > 20


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
