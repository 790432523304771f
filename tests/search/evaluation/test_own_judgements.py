"""Relevance on the sample data does not drop below the recorded figures, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from benchmarks import own_relevance
from benchmarks.own_relevance import MOST_LOSS, SET, figures, losses, read_recorded
from publisher import settings
from publisher.log.log import Log
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


@pytest.fixture
def log(sample_home: Path) -> Iterator[Log]:
    place = settings.read_settings(sample_home, {})
    with closing(Log.open(place.database, sources=place.sources, read_only=True)) as log:
        yield log


@pytest.mark.slow
def test_no_set_drops_below_its_recorded_figure(engine: SearchEngine, log: Log) -> None:
    now = figures(anyio.run(own_relevance.report, log, engine))
    assert set(now) == set(read_recorded())
    assert losses(now) == []


def test_a_loss_of_more_than_one_percent_is_reported() -> None:
    baseline = read_recorded()
    lower = {
        kind: {m: value * (1 - 2 * MOST_LOSS) for m, value in values.items()}
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
def test_every_label_is_a_record_of_the_sample(log: Log) -> None:
    labels = {f"{d.dataset}/{d.title}" for d in own_relevance.documents(log)}
    judged = judgement_files.read_judgements(SET / "queries.tsv", SET / "qrels.tsv")
    assert {name for query in judged for name in query.grades} <= labels
