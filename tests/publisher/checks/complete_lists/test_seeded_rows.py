"""Ten rows that a complete list above does not contain, and fourteen that are in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from publisher.checks.check import Check, CheckedRecord, Knowledge, Publisher
from publisher.checks.complete_lists.not_in_superior_list import NotInSuperiorList
from publisher.checks.service_without_approval import ServiceWithoutApproval
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue

DAY = date(2026, 1, 1)
NATION = Publisher("财政部", "")
PROVINCE = Publisher("示例省人民政府", "210000")
CITY = Publisher("示例市人民政府", "210300")
COUNTY = Publisher("示例县人民政府", "210321")
OTHER_CITY = Publisher("邻省某市人民政府", "220100")
UNKNOWN = Publisher("示例市人民政府", "")

ABOVE: dict[str, tuple[Content, ...]] = {
    "fees": (
        {"name": "城镇垃圾处理费"},
        {"name": "城镇污水处理费"},
        {"name": "不动产登记费", "parent_name": "自然资源收费"},
        {"name": "城市道路占用、挖掘修复费"},
        {"name": "考试考务费"},
    ),
    "government-funds": ({"name": "教育费附加"}, {"name": "水利建设基金"}),
    "intermediary-services": ({"name": "建设项目环境影响评价"}, {"name": "安全评价"}),
    "licence-items": ({"name": "取水许可"}, {"name": "食品经营许可"}, {"name": "建筑工程施工许可证核发"}),
    "power-list": ({"name": "取水许可"}, {"name": "河道管理范围内建设项目工程建设方案审批"}),
}

KINDS = {
    "fees": "行政事业性收费",
    "government-funds": "政府性基金",
    "intermediary-services": "中介服务",
    "licence-items": "行政许可事项",
    "power-list": "权责清单",
}


@dataclass
class Lists(Knowledge):
    """Lists above: each is complete if a statement of ``stated_by`` says so."""

    check: Check
    owner: Publisher = PROVINCE
    stated_by: Publisher | None = PROVINCE
    rows: bool = True

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        keys_of = self.check.needs[catalogue]
        if catalogue == "complete-lists":
            contents = [self.statement(kind) for kind in ABOVE] if self.stated_by else []
        else:
            contents = list(ABOVE.get(catalogue, ())) if self.rows else []
        publisher = self.stated_by if catalogue == "complete-lists" else self.owner
        return [
            CheckedRecord(
                f"above-{catalogue}", f"{n}", f"h{n}", load_catalogue(catalogue), content, publisher or NATION
            )
            for n, content in enumerate(contents)
            if key in keys_of(content)
        ]

    def publisher_of(self, catalogue: str, dataset: str) -> Publisher | None:
        return self.owner if self.rows and dataset == f"above-{catalogue}" else None

    @staticmethod
    def statement(kind: str) -> Content:
        words = "清单之外的一律不得执行"
        return {"title": "示例省清单", "list": f"above-{kind}", "kind": KINDS[kind], "statement": words}


def find(
    kind: str,
    content: Content,
    publisher: Publisher = CITY,
    *,
    check: Check | None = None,
    lists: Mapping[str, Any] = MappingProxyType({}),
) -> list[Finding]:
    check = check or NotInSuperiorList()
    record = CheckedRecord("own", "r", "h", load_catalogue(kind), content, publisher)
    assert check.concerns(record.catalogue)
    knowledge = replace(Lists(check), **lists)
    return list(check.find_findings(record, knowledge, DAY))


NOT_LISTED: list[tuple[str, Content]] = [
    ("fees", {"name": "占道停车费"}),
    ("fees", {"name": "价格调节金"}),
    ("fees", {"name": "绿化补偿费"}),
    ("fees", {"name": "暂住人口管理费"}),
    ("fees", {"name": "河道采砂管理费", "parent_name": "水利收费"}),
    ("government-funds", {"name": "副食品价格调节基金"}),
    ("government-funds", {"name": "墙体材料专项基金"}),
    ("intermediary-services", {"name": "雷电灾害风险评估"}),
    ("licence-items", {"name": "户外广告设置审批"}),
    ("licence-items", {"name": "机动车维修经营许可"}),
]
IN_ORDER: list[tuple[str, Content]] = [
    ("fees", {"name": "城镇垃圾处理费"}),
    ("fees", {"name": "垃圾处理费"}),
    ("fees", {"name": "生活垃圾处理费"}),
    ("fees", {"name": "污水处理费（城镇）"}),
    ("fees", {"name": "住宅类", "parent_name": "不动产登记费"}),
    ("fees", {"name": "城市道路占用费"}),
    ("government-funds", {"name": "地方教育费附加"}),
    ("government-funds", {"name": "地方水利建设基金"}),
    ("intermediary-services", {"name": "环境影响评价文件编制"}),
    ("licence-items", {"name": "取水许可审批"}),
    ("licence-items", {"name": "食品经营许可证核发"}),
    ("licence-items", {"name": "建筑工程施工许可"}),
    ("fees", {"name": "考务费"}),
    ("licence-items", {"name": "许可"}),
]


@pytest.mark.parametrize(("kind", "content"), NOT_LISTED)
def test_what_the_complete_list_does_not_have_is_found(kind: str, content: Content) -> None:
    (finding,) = find(kind, content)
    assert (finding.severity, finding.cites[0].text) == ("look", content["name"])
    assert [(cite.dataset, cite.field) for cite in finding.cites[1:]] == [
        ("above-complete-lists", "statement"),
        ("above-complete-lists", "title"),
    ]


@pytest.mark.parametrize(("kind", "content"), IN_ORDER)
def test_the_same_and_similar_names_are_not(kind: str, content: Content) -> None:
    assert find(kind, content) == []


def test_the_published_numbers_are_those_of_these_rows() -> None:
    own = NotInSuperiorList.labelled_set
    assert own is not None
    assert (own.positives, own.negatives) == (len(NOT_LISTED), len(IN_ORDER))


@pytest.mark.parametrize(
    ("lists", "publisher"),
    [
        ({"stated_by": None}, CITY),
        ({"stated_by": CITY}, CITY),
        ({"rows": False}, CITY),
        ({}, OTHER_CITY),
        ({}, UNKNOWN),
        ({}, PROVINCE),
        ({"owner": COUNTY, "stated_by": COUNTY}, CITY),
        ({"owner": UNKNOWN, "stated_by": UNKNOWN}, CITY),
    ],
    ids=[
        *(
            "no list says so",
            "somebody else says so",
            "without rows",
            "another province",
            "of no known place",
        ),
        *("of the same place", "of a place below", "list of no known place"),
    ],
)
def test_nothing_follows_from_other_lists(lists: Mapping[str, Any], publisher: Publisher) -> None:
    assert find("fees", {"name": "占道停车费"}, publisher, lists=lists) == []


def test_a_list_of_the_nation_is_above_every_place() -> None:
    assert find(
        "government-funds", {"name": "墙体材料专项基金"}, COUNTY, lists={"owner": NATION, "stated_by": NATION}
    )


WITHOUT_APPROVAL = (
    "蓄滞洪区避洪设施建设审批",
    "煤炭经营许可",
    "暂住证核发",
    "矿山救护队资质认定",
    "防雷装置检测资质审批",
    "机动车维修经营许可",
)
WITH_APPROVAL = (
    "取水许可",
    "取水许可证核发",
    "河道管理范围内建设项目审批",
    "农村用水登记，取水许可",
    "食品经营许可",
    "建筑工程施工许可",
)


def find_service(approval: str, publisher: Publisher = CITY, **lists: Any) -> list[Finding]:
    content: Content = {"name": "水资源论证报告编制", "approval": approval}
    return find("intermediary-services", content, publisher, check=ServiceWithoutApproval(), lists=lists)


@pytest.mark.parametrize("approval", WITHOUT_APPROVAL)
def test_a_service_whose_approval_no_complete_list_has_is_found(approval: str) -> None:
    (finding,) = find_service(approval)
    assert (finding.rule, finding.severity) == ("approval-not-listed", "look")
    assert finding.message_zh == (
        f"中介服务“水资源论证报告编制”仍列于“{approval}”，而“示例省清单”写明“清单之外的一律不得执行”，"
        "其中没有这一审批或名称相近的审批"
    )


@pytest.mark.parametrize("approval", WITH_APPROVAL)
def test_a_service_whose_approval_is_listed_is_not(approval: str) -> None:
    assert find_service(approval) == []


def test_nothing_follows_for_a_service_without_a_complete_list_of_its_area() -> None:
    assert find_service(WITHOUT_APPROVAL[0], PROVINCE), "its own list counts as well"
    assert find_service(WITHOUT_APPROVAL[0], stated_by=None) == []
    assert find_service(WITHOUT_APPROVAL[0], OTHER_CITY) == []
    assert find_service("") == []
