"""Names of approvals: renamings are recognised, and one other word makes another approval."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from publisher.checks.approval_names import compare_names, find_name, names_in
from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.name_pairs import is_match, measure_pairs
from tests.publisher.checks.made_names import make_renamings, make_swaps
from tests.support.shared_data import require


@pytest.mark.parametrize(
    ("item", "listed"),
    [
        ("设立煤炭经营企业审批", "煤炭经营许可"),
        ("建筑工程施工许可", "建筑工程施工许可证核发"),
        ("由国务院环境保护行政主管部门负责的危险废物经营许可", "危险废物经营许可审批"),
        ("融资性担保机构设立审批", "融资担保公司设立、合并、分立或注销审批，跨省设立分支机构的审批"),
        ("民办学校聘任校长核准", "民办学校管理·民办学校聘任校长的审批"),
        ("烟花爆竹生产企业安全生产许可", "烟花爆竹生产企业\u3000安全生产许可证的核发"),
    ],
)
def test_another_name_of_the_same_approval(item: str, listed: str) -> None:
    name = find_name(listed, item)
    assert name is not None
    assert name.key == names_in(item)[0].key, "records of the same approval look up one key"


@pytest.mark.parametrize(
    ("item", "listed", "words"),
    [
        ("烟草专卖批发企业许可证核发", "烟草专卖零售许可证核发", (("批发",), ("零售",))),
        ("捕捉水生野生动物审批", "捕捉陆生野生动物审批", (("水",), ("陆",))),
        ("设立出版单位审批", "设立出版物进口经营单位审批", ((), ("物进口经营",))),
    ],
)
def test_the_words_without_a_partner_are_named(
    item: str, listed: str, words: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert find_name(listed, item) is None
    assert compare_names(names_in(item)[0], names_in(listed)[0]).words == words


def test_another_step_is_another_approval() -> None:
    assert find_name("保安服务公司注销审批", "保安服务公司设立审批") is None
    assert find_name("保安服务公司设立、变更、注销审批", "保安服务公司设立审批") is not None


def test_a_name_of_nothing_but_general_words_means_nothing() -> None:
    assert names_in("设立企业审批") == ()
    assert find_name("设立企业审批", "设立公司许可") is None


def sample_names() -> Iterator[str]:
    data = files("publisher.sample") / "data"
    for folder in ("pre-approvals", "cancelled"):
        for file in sorted((data / folder).iterdir(), key=lambda path: path.name):
            lines = file.read_text(encoding="utf-8-sig").splitlines()
            yield from (row["项目名称"] for row in csv.DictReader(lines))


def test_of_60_renamings_95_percent_are_taken_and_of_60_swapped_words_10_percent_at_most() -> None:
    names = [*sample_names()]
    renamings, swaps = [*make_renamings(names, 60, seed=17)], [*make_swaps(names, 60, seed=17)]
    assert len(set(renamings)) >= 55
    assert len(set(swaps)) == 60
    assert sum(map(is_match, renamings)) >= 57
    assert sum(map(is_match, swaps)) <= 6


@pytest.mark.slow
def test_the_harness_measures_a_file_and_names_the_words_that_differ(tmp_path: Path) -> None:
    rows = (
        ("设立煤炭经营企业审批", "煤炭经营许可", "行政许可", "same"),
        ("烟草批发许可", "烟草零售许可", "行政许可", "same"),
        ("煤炭生产许可证核发", "煤炭生产许可", "行政许可", "other"),
        ("煤炭生产许可证核发", "煤炭生产审批", "行政处罚", "derived"),
        ("煤炭生产许可证核发", "煤炭审批", "行政许可", "unsure"),
    )
    names = ("source", "live", "live_type", "label")
    more = {"decision": "", "source_body": "", "treatment": ""}
    lines = [json.dumps(dict(zip(names, row, strict=True)) | more) for row in rows]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    program = [sys.executable, "-m", "publisher.checks.evaluate", "cancelled-still-listed"]
    ran = subprocess.run([*program, tmp_path / "pairs.jsonl"], check=True, capture_output=True, text=True)
    assert json.loads(ran.stdout) == {
        "positives": 2,
        "negatives": 2,
        "precision": 0.5,
        "recall": 0.5,
        "missed": [[["烟草批发许可", "烟草零售许可"], [["批发"], ["零售"]]]],
        "wrong": [[["煤炭生产许可证核发", "煤炭生产许可"], [[], []]]],
    }


@pytest.mark.shared
def test_labelled_pairs_the_figures_that_are_published() -> None:
    pairs: Path = require("checks") / "same-approval-pairs.jsonl"
    measures, published = measure_pairs(pairs), CancelledStillListed.labelled_set
    assert measures.wrong == ()
    assert measures.positives - len(measures.missed) >= 7
    assert published is not None
    assert (published.positives, published.negatives) == (measures.positives, measures.negatives)
    assert (published.precision, published.recall) == (f"{measures.precision:.2f}", f"{measures.recall:.2f}")
