"""Commitments that the text of a plan makes: with their sentences, and none where it is no plan."""

from __future__ import annotations

import csv
import re

from publisher.ingest.documents.commitment_sentences import propose_commitments
from publisher.ingest.read_file import read_file
from publisher.sample.plan import data_folder
from schemas.definition.file_loader import load_catalogue

_PUNCTUATION = re.compile(r"[^\w\u4e00-\u9fff]")


def content(path: str) -> dict[str, object]:
    data = data_folder().joinpath(path).read_bytes()
    return dict(read_file(data, name="文件.txt", catalogue=load_catalogue("policies")).records[0].content)


def fold(text: str) -> str:
    return _PUNCTUATION.sub("", text)


def test_precision_and_recall_on_the_founding_notice() -> None:
    """The labels are facts of the sample. The rules were written on this notice: elsewhere they do worse."""
    notice = content("notice/鞍政发〔2015〕34号（网页文本）.txt")
    proposals = propose_commitments(str(notice["title"]), str(notice["body_markdown"]))
    labelled = data_folder().joinpath("notice/鞍政发〔2015〕34号（工作任务）.csv").read_text("utf-8-sig")
    labels = list(csv.DictReader(labelled.splitlines()))
    assert len(labels) == 95
    right: dict[int, str] = {}
    for label in labels:
        task, text = fold(label["任务"]), fold(label["原文"])
        for number, one in enumerate(proposals):
            own = fold(one.task)
            is_same = own in task or task in own
            if number not in right and is_same and (fold(one.sentence) in text or text in fold(one.sentence)):
                right[number] = label["任务类型"]
                break
    precision, recall = len(right) / len(proposals), len(right) / len(labels)
    assert precision > 0.84
    assert recall > 0.93
    kinds = [proposals[number].kind == kind for number, kind in right.items()]
    assert sum(kinds) / len(kinds) > 0.95
    assert all(one.deadline == one.lead == "" for one in proposals), "the notice states neither by sentence"


def test_nothing_is_proposed_for_a_text_that_is_no_work_plan() -> None:
    for path in ("shili/示政发〔2024〕2号.txt", "shili/示政发〔2019〕6号.txt"):
        document = content(path)
        assert propose_commitments(str(document["title"]), str(document["body_markdown"])) == []
    rules = "第一条 制定目录。第二条 建立制度。第三条 公开清单。第四条 编制指南。第五条 清理收费。"
    assert propose_commitments("示例市行政许可管理办法", rules) == []
    assert propose_commitments("示例市2024年工作要点", "制定目录。") == []


PLAN = """## 一、总体要求

建立一流的营商环境，编制各项清单，完成全部任务。

## 二、重点任务

编制中介服务目录（市发展改革委牵头，市财政局、市民政局配合，2024年6月底前完成）。建立督查制度，提高办事效率。
公布权责清单（牵头单位：市委编办；责任单位：各部门）。2024年12月31日前，清理证明事项。开展政策宣传，规范收费。
"""


def test_bodies_and_deadlines_are_read_only_where_a_sentence_states_them() -> None:
    proposals = propose_commitments("示例市2024年工作方案", PLAN)
    assert [(one.task, one.kind, one.lead, one.supporting, one.deadline) for one in proposals] == [
        ("编制中介服务目录", "成果", "市发展改革委", "市财政局、市民政局", "2024-06-01/2024-06-30"),
        ("建立督查制度", "成果", "", "", ""),
        ("公布权责清单", "成果", "市委编办", "各部门", ""),
        ("清理证明事项", "行动", "", "", "2024-12-31"),
        ("开展政策宣传", "行动", "", "", ""),
    ]
    assert {one.section for one in proposals} == {"二、重点任务"}
    assert proposals[3].sentence == "2024年12月31日前，清理证明事项"
