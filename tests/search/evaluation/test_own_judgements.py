"""Relevance on the sample data does not drop below the recorded figures, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from benchmarks import own_relevance
from benchmarks.own_relevance import ALLOWED, SET, figures, losses, recorded
from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import judgement_files


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.server)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    search_engine: SearchEngine
    if request.param == "embedded":
        search_engine = EmbeddedEngine(tmp_path / "index")
    else:
        search_engine = request.getfixturevalue("on_elasticsearch")
    yield search_engine
    anyio.run(search_engine.close)


@pytest.mark.slow
def test_no_set_drops_below_its_recorded_figure(engine: SearchEngine, tmp_path: Path) -> None:
    async def measure() -> dict[str, dict[str, float]]:
        async with own_relevance.site(tmp_path / "home") as log:
            return {k: dict(v) for k, v in figures(await own_relevance.report(log, engine)).items()}

    now = anyio.run(measure)
    assert set(now) == set(recorded())
    assert losses(now) == []


def test_a_loss_of_more_than_one_percent_is_reported() -> None:
    baseline = recorded()
    lower = {
        kind: {m: value * (1 - 2 * ALLOWED) for m, value in values.items()}
        for kind, values in baseline.items()
    }
    assert len(losses(lower)) == sum(len(values) for values in baseline.values())
    assert losses(baseline) == []


def test_there_are_queries_of_every_kind_that_people_type() -> None:
    judged = judgement_files.read_judgements(SET / "queries.tsv", SET / "qrels.tsv")
    assert len(judged) >= 60
    kinds = {query.id.rpartition("-")[0] for query in judged}
    assert kinds == {"name", "part", "question", "number", "body", "topic", "typo"}


@pytest.mark.slow
def test_every_label_is_a_record_of_the_sample(tmp_path: Path) -> None:
    async def titles() -> set[str]:
        async with own_relevance.site(tmp_path / "home") as log:
            return {f"{d.dataset}/{d.title}" for d in own_relevance.documents(log)}

    labels = anyio.run(titles)
    judged = judgement_files.read_judgements(SET / "queries.tsv", SET / "qrels.tsv")
    assert {name for query in judged for name in query.grades} <= labels
