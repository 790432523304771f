"""Evaluation of an engine: metrics, changes between runs, the command."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from math import log2
from pathlib import Path

import anyio
import pytest

from search.embedded.engine import EmbeddedEngine
from search.evaluation import __main__ as evaluation_command
from search.evaluation import metrics
from search.evaluation.judgement_files import read_corpus, read_judgements
from search.semantic.encoder import Encoder
from search.semantic.model import NAME, VERSION
from tests.support import shared_data
from tests.support.servers.language_model import require_model

ROOT = Path(__file__).resolve().parents[3]


def test_a_ranking_is_scored_by_grade_and_place() -> None:
    scores = metrics.score_ranking(["x", "b", "a"], {"a": 2, "b": 1, "c": 1})
    best = 3 + 1 / log2(3) + 1 / log2(4)
    assert scores["ndcg@10"] == pytest.approx((1 / log2(3) + 3 / log2(4)) / best)
    assert scores["mrr@10"] == 0.5
    assert scores["recall@10"] == pytest.approx(2 / 3)
    assert set(metrics.score_ranking(["a"], {"a": 1}).values()) == {1.0}
    assert set(metrics.score_ranking([], {"a": 1}).values()) == {0.0}


def test_an_interval_contains_the_mean_and_shrinks_with_more_queries() -> None:
    values = [0.0, 1.0, 0.5, 0.25] * 10
    low, high = metrics.estimate_interval(values)
    assert 0 < low < sum(values) / len(values) < high < 1
    wide = metrics.estimate_interval(values[:8])
    assert high - low < wide[1] - wide[0]
    assert metrics.estimate_interval([0.5] * 9) == (0.5, 0.5)


def test_a_query_that_got_worse_is_named_with_what_it_lost() -> None:
    def score(name: str, ranking: tuple[str, ...]) -> metrics.ScoredQuery:
        return metrics.ScoredQuery(
            name, f"query {name}", metrics.score_ranking(ranking, {"right": 1}), ranking
        )

    before = [score("a", ("right", "x")), score("b", ("x",)), score("c", ("right",)), score("gone", ())]
    after = [score("a", ("y", "right")), score("b", ("right",)), score("c", ("right",)), score("new", ())]
    worse, better = metrics.compare_runs(before, after)
    assert (worse.id, worse.before, worse.lost, worse.gained) == ("a", 1.0, ("x",), ("y",))
    assert worse.after == pytest.approx(1 / log2(3))
    assert (better.id, better.before, better.after) == ("b", 0.0, 1.0)


@pytest.mark.slow
def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "law": "食品安全法", "article": "第三十五条", "text": "国家对食品生产经营实行许可制度。"},
        {"id": 2, "law": "道路交通安全法", "article": "第八条", "text": "国家对机动车实行登记制度。"},
    ]
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "queries.tsv").write_text(
        "a\t食品经营要许可吗\nb\t机动车登记\nc\t没有答案\n", encoding="utf-8"
    )
    (tmp_path / "qrels.tsv").write_text("a\t0\t1\t1\nb\t0\t2\t2\nb\t0\t1\t0\n", encoding="utf-8")
    files = [f"--{n}={tmp_path / f}" for n, f in
             (("corpus", "corpus.jsonl.gz"), ("queries", "queries.tsv"), ("qrels", "qrels.tsv"))]  # fmt: skip
    run_file = tmp_path / "run.json"
    command = [sys.executable, "-m", "search.evaluation", *files, "--json", f"--save={run_file}"]
    answer = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert answer["documents"] == 2
    assert answer["queries"] == 2
    assert answer["ndcg@10"] == answer["mrr@10"] == answer["recall@10"] == 1.0
    assert answer["ndcg@10_95"] == [1.0, 1.0]
    (tmp_path / "qrels.tsv").write_text("a\t0\t2\t1\nb\t0\t2\t2\n", encoding="utf-8")
    command = [sys.executable, "-m", "search.evaluation", *files, f"--against={run_file}"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "1 worse, 0 better" in printed
    assert "食品经营要许可吗" in printed


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "corpus", "bar"),
    [
        pytest.param("policy-questions", "policy-questions", 0.92, marks=pytest.mark.slow),
        pytest.param("statutes", "statutes", 0.45, marks=pytest.mark.soak),
        pytest.param("power-items", "statutes", 0.70, marks=pytest.mark.soak),
    ],
)
def test_a_judged_set_is_answered_no_worse_than_its_bar(
    tmp_path: Path, name: str, corpus: str, bar: float
) -> None:
    folder = shared_data.require("search-eval", name)
    judged = read_judgements(folder / "queries.tsv", folder / "qrels.tsv")
    documents = read_corpus(shared_data.require("search-eval", corpus) / "corpus.jsonl.gz")
    report = anyio.run(metrics.evaluate, EmbeddedEngine(tmp_path), documents, judged)
    assert report.mean("ndcg@10") >= bar


@pytest.mark.slow
def test_a_measurement_uses_the_installed_model_and_says_which(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "model").symlink_to(require_model(tmp_path_factory))
    monkeypatch.setenv("QINGDAN_HOME", str(tmp_path))
    texts = [f"发放补助通知{n}" for n in range(101)] + ["残疾人证发放"]
    rows = [{"id": n, "title": "", "text": text} for n, text in enumerate(texts)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "queries.tsv").write_text("a\t怎样发放残障人士补助？\n")
    (tmp_path / "qrels.tsv").write_text("a\t0\t101\t1\n")
    files = [
        f"--corpus={tmp_path / 'corpus.jsonl'}",
        f"--queries={tmp_path / 'queries.tsv'}",
        f"--qrels={tmp_path / 'qrels.tsv'}",
    ]

    def measure(*options: str) -> dict[str, object]:
        evaluation_command.main([*files, "--json", *options])
        return dict(json.loads(capsys.readouterr().out))

    words = measure("--without-model")
    assert (words["model"], words["mrr@10"]) == ("none", 0.0)
    first = measure(f"--vectors={tmp_path / 'vectors'}")
    assert first["model"] == f"{NAME} {VERSION}"
    assert first["mrr@10"] == 1.0
    monkeypatch.setattr(Encoder, "encode", None)  # every vector is kept
    again = measure(f"--vectors={tmp_path / 'vectors'}")
    assert again["mrr@10"] == 1.0
