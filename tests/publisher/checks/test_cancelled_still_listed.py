"""The check ``cancelled-still-listed``: exact places, names, and what a decision leaves compatible."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from publisher.checks.cancelled_still_listed import CancelledStillListed
from publisher.checks.check import CheckedRecord, Knowledge, Publisher, finding_id
from publisher.ingest.findings.kind import Finding
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.checks.made_names import make_renamings
from tests.support.shared_data import require

CANCELLED, POWERS = load_catalogue("cancelled-items"), load_catalogue("power-list")
CITY, STATE_COUNCIL = Publisher("示例市人民政府", "210300"), Publisher("国务院")
DAY = date(2025, 1, 1)
COAL = {
    "name": "设立煤炭经营企业审批",
    "decision_number": "国发〔2013〕44号",
    "decided_on": "2013-11-08",
    "item_number": "7",
    "actor": "县级以上地方人民政府煤炭管理部门",
    "decision": "取消",
}
LISTED = {
    "name": "煤炭经营许可",
    "power_type": "行政许可",
    "actor": "示例市发展和改革委员会",
    "basis": "《煤炭法》第四十七条",
}
ORDER = {"decided_on": None, "decision_number": "国务院令第412号"}
"""Of an item whose decision has a number without a year, and no day."""
PLACE = "《国务院关于取消和下放一批行政审批项目的决定》（国发〔2013〕44号）附件1第7项"


class Decisions(Knowledge):
    """Items of decisions that are known."""

    def __init__(self, rows: Sequence[dict[str, Any]], publisher: Publisher = STATE_COUNCIL) -> None:
        self.rows: dict[str, list[CheckedRecord]] = {}
        for n, content in enumerate(rows):
            row = CheckedRecord("cancelled", f"c{n}", f"hash{n}", CANCELLED, content, publisher)
            for key in set(CancelledStillListed.needs["cancelled-items"](content)):
                self.rows.setdefault(key, []).append(row)

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        assert catalogue == "cancelled-items"
        return self.rows.get(key, ())


def check(
    content: dict[str, Any],
    *rows: dict[str, Any],
    on: date = DAY,
    of: Publisher = CITY,
    by: Publisher = STATE_COUNCIL,
    catalogue: Any = POWERS,
) -> list[Finding]:
    record = CheckedRecord("list", "r1", "own", catalogue, content, of)
    return list(CancelledStillListed().find_findings(record, Decisions(rows, by), on))


def test_another_name_of_a_cancelled_approval_is_likely_and_cites_both_rows() -> None:
    (finding,) = check(LISTED, COAL)
    assert (finding.severity, finding.rule) == ("likely", "same-name")
    assert finding.message_zh == (
        "“煤炭经营许可”仍列于清单，而国发〔2013〕44号对“设立煤炭经营企业审批”的处理决定是“取消”"
    )
    assert [(cite.record, cite.field, cite.text) for cite in finding.cites[:4]] == [
        ("r1", "name", "煤炭经营许可"),
        ("c0", "name", "设立煤炭经营企业审批"),
        ("c0", "decision_number", "国发〔2013〕44号"),
        ("c0", "decision", "取消"),
    ]
    assert check(LISTED, COAL, on=date(2013, 11, 7)) == []
    assert len(check(LISTED, COAL, on=date(2013, 11, 8))) == 1


def test_a_cited_place_is_a_fact_whatever_the_name() -> None:
    (finding,) = check({**LISTED, "name": "燃料供应许可", "basis": PLACE}, COAL)
    assert (finding.severity, finding.rule) == ("fact", "cited-place")
    assert finding.because_zh == "依据所引的附件1第7项，就是该决定所列的这一项。"
    assert check({**LISTED, "name": "燃料供应许可", "basis": PLACE}, {**COAL, "annex": "附件2"}) == []
    assert check({**LISTED, "name": "燃料供应许可", "basis": PLACE}, {**COAL, "item_number": "8"}) == []


def test_an_item_of_the_decision_that_created_the_approval_is_exact_too() -> None:
    created = "《国务院对确需保留的行政审批项目设定行政许可的决定》（国务院令第412号）第86项"
    (finding,) = check({**LISTED, "name": "人力资源许可", "basis": created}, {**COAL, "basis": [created]})
    assert finding.rule == "cited-place"


def test_one_row_gives_one_finding_and_its_id_stays() -> None:
    sub_item = {**LISTED, "sub_name": "煤炭经营企业设立审批", "basis": PLACE}
    (finding,) = check(sub_item, COAL)
    (again,) = check({**sub_item, "remark": "备注"}, {**COAL, "remark": "备注"})
    assert finding_id(finding) == finding_id(again)


@pytest.mark.parametrize(
    ("row", "listed", "rule"),
    [
        ({"actor": "国家能源局"}, {}, "other-level"),
        ({"actor": "省级煤炭管理部门"}, {}, "other-level"),
        ({"actor": "县级以上地方人民政府", "addressed_level": "县级"}, {}, "other-level"),
        ({"decision": "下放市级煤炭管理部门"}, {}, "delegated"),
        ({"decision": "下放", "delegated_to": "市级"}, {"level": "县级"}, "delegated"),
        ({"decision": "下放"}, {}, ""),
        ({"decision": "取消，改为备案"}, {"power_type": "其他行政权力"}, "filing"),
        ({"decision": "合并"}, {}, ""),
        ({"decision": "调整实施机关", "delegated_to": "省级"}, {}, ""),
        ({"decision": "改为后置审批"}, {}, ""),
        ({"decision": ""}, {}, ""),
        ({"decision_number": ""}, {}, ""),
        ({"decided_on": None, "decision_number": "国发〔2026〕1号"}, {}, ""),
        ({}, {"power_type": "行政处罚"}, ""),
        ({}, {"basis": "《煤炭法》（2016年11月7日修正）第四十七条"}, "restored"),
        ({}, {"basis": "示政发〔2020〕3号"}, "restored"),
        ({}, {"name": "煤炭运输许可"}, ""),
    ],
)
def test_what_agrees_with_a_decision(row: dict[str, str], listed: dict[str, str], rule: str) -> None:
    statements = check({**LISTED, **listed}, {**COAL, **row})
    assert [(one.rule, one.severity) for one in statements] == ([(rule, "agrees")] if rule else [])


@pytest.mark.parametrize(
    ("row", "listed", "severity"),
    [
        ({"decision": "取消，改为备案"}, {}, "likely"),
        ({"decision": "下放县级", "actor": "市级煤炭管理部门"}, {}, "likely"),
        ({"decision": "部分取消", "scope": "小型企业"}, {}, "look"),
        ({"actor": ""}, {}, "look"),
        ({}, {"power_type": None}, "look"),
        ({}, {"basis": "《煤炭法》（2011年4月22日修正）第四十七条"}, "likely"),
        ({"decided_on": None}, {"basis": "示政发〔2013〕3号"}, "likely"),
        (ORDER, {"basis": "《煤炭法》（2011年4月22日修正）第四十七条"}, "look"),
        (ORDER, {}, "likely"),
    ],
)
def test_what_is_not(row: dict[str, Any], listed: dict[str, Any], severity: str) -> None:
    (finding,) = check({**LISTED, **listed}, {**COAL, **row})
    assert finding.severity == severity


def test_a_decision_of_a_city_concerns_its_own_lists() -> None:
    local = {**COAL, "decision_number": "示政发〔2014〕2号", "actor": "市级部门"}
    county, other = Publisher("示例县人民政府", "210321"), Publisher("别市人民政府", "210400")
    at_county = {**LISTED, "actor": "", "level": "市级"}
    assert len(check(LISTED, local, by=CITY)) == 1
    assert len(check(at_county, local, by=CITY, of=county)) == 1
    assert check(LISTED, local, by=CITY, of=other) == []
    assert len(check(LISTED, local, by=Publisher("示例市人民政府"), of=Publisher("示例市民政局"))) == 1
    assert check(LISTED, local, by=Publisher("示例市人民政府"), of=Publisher("别市民政局")) == []


def test_of_a_log_of_12_exactly_the_true_ones_are_found() -> None:
    """Made with a seed: half under another name, 4 rightly delegated, 2 now filings, 2 restored."""
    draw = random.Random(17)
    names = ["设立煤炭经营企业审批", "保安服务许可证核发", "设立出版单位审批", "民办学校聘任校长核准"]
    names += ["快递业务经营许可", "危险化学品经营许可", "融资性担保机构设立审批", "设立期货交易场所审批"]
    names += [
        "外国银行代表处设立审批",
        "证券公司设立审批",
        "烟草专卖生产企业许可证核发",
        "民用爆炸物品生产许可",
    ]
    draw.shuffle(names)
    renamed = [listed for name in names[:6] for _, listed in make_renamings([name], 1, seed=len(name))]
    listed = [{**LISTED, "name": name} for name in (*renamed, *names[6:])]
    rows = [{**COAL, "name": name, "item_number": f"{n}"} for n, name in enumerate(names)]
    numbers = draw.sample(range(12), 8)
    for n in numbers[:4]:
        rows[n] |= {"decision": "下放市级", "actor": "省级部门", "addressed_level": "省级"}
    for n in numbers[4:6]:
        rows[n]["decision"], listed[n]["power_type"] = "取消，改为备案", "其他行政权力"
    for n in numbers[6:]:
        listed[n]["basis"] = "《煤炭法》（2016年11月7日修正）第四十七条"
    severities = [[one.severity for one in check(own, *rows)] for own in listed]
    assert severities == [["agrees" if n in numbers else "likely"] for n in range(12)]


@pytest.mark.shared
@pytest.mark.slow  # 14 workbooks
def test_real_lists_link_to_decisions_and_none_is_accused() -> None:
    """Decisions of the labelled pairs, and workbooks of a city: each link is lawful."""
    pairs = (require("checks") / "same-approval-pairs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {
        (pair["source"], pair["decision"]): {
            "name": pair["source"],
            "decision_number": pair["decision"] or "国发〔2013〕44号",
            "actor": pair["source_body"],
            "decision": pair["treatment"],
        }
        for pair in map(json.loads, pairs)
        if "取消" in pair["treatment"] or "下放" in pair["treatment"]
    }
    decisions, code, links = Decisions([*rows.values()]), CancelledStillListed(), 0
    for path in sorted(require("power-list-karamay").iterdir()):
        for entry in read_file(path.read_bytes(), name=path.name, catalogue=POWERS).records:
            record = CheckedRecord("l", "r", "h", POWERS, entry.content, Publisher("克拉玛依市", "650200"))
            statements = list(code.find_findings(record, decisions, DAY))
            assert {one.severity for one in statements} <= {"agrees"}
            links += len(statements)
    assert links >= 2
