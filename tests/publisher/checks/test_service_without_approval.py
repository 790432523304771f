"""Services that are listed for cancelled approvals: 12 seeded rows, and rows like them that are in order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from publisher.checks.approval_names import names_in
from publisher.checks.check import CheckedRecord, Publisher
from publisher.checks.service_without_approval import ServiceWithoutApproval
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.checks.knowledge import Known

CITY = Publisher("示例市人民政府", "210300")
COAL: Content = {
    "name": "设立煤炭经营企业审批",
    "decision_number": "国发〔2013〕44号",
    "decided_on": "2013-11-08",
    "actor": "县级以上地方人民政府煤炭管理部门",
    "decision": "取消",
}
SERVICE: Content = {
    "name": "经营场所评价报告",
    "approval": "煤炭经营许可",
    "approver": "示例市发展和改革委员会",
}


def check(service: Content, *rows: Content, day: date = date(2025, 1, 1)) -> list[Finding]:
    known: dict[tuple[str, str], list[Content]] = {}
    for row in rows:
        known.setdefault(("cancelled-items", names_in(str(row["name"]))[0].key), []).append(row)
    catalogue = load_catalogue("intermediary-services")
    record = CheckedRecord("services", "s", "hash", catalogue, service, CITY)
    return list(ServiceWithoutApproval().find_findings(record, Known(known), day))


def test_a_service_for_a_cancelled_approval_is_to_be_looked_at_with_both_rows_cited() -> None:
    (finding,) = check(SERVICE, COAL)
    assert finding.severity == "look"
    assert finding.message_zh == (
        "中介服务“经营场所评价报告”仍列于“煤炭经营许可”，而国发〔2013〕44号对“设立煤炭经营企业审批”的处理决定是“取消”"
    )
    assert [cite.field for cite in finding.cites] == [
        "approval",
        "name",
        "name",
        "decision_number",
        "decision",
    ]


@pytest.mark.parametrize(
    ("approval", "cancelled"),
    [
        ("设立煤炭经营企业审批", COAL["name"]),
        ("煤炭经营许可证核发", COAL["name"]),
        ("粮食收购资格认定", "粮食收购资格认定"),
        ("矿山救护队资质", "矿山救护队资质认定"),
        ("防雷装置检测单位资质认定", "防雷装置检测资质审批"),
    ],
)
def test_the_cancelled_approval_may_have_other_general_words(approval: str, cancelled: str) -> None:
    assert len(check({**SERVICE, "approval": approval}, {**COAL, "name": cancelled})) == 1


@pytest.mark.parametrize(
    ("service", "row"),
    [
        ({**SERVICE, "approval": "煤炭生产许可"}, COAL),
        ({**SERVICE, "approval": "粮食收购许可"}, COAL),
        ({"name": "经营场所评价报告"}, COAL),
        (SERVICE, {**COAL, "decision": "下放至县级"}),
        (SERVICE, {**COAL, "decision": "改为备案"}),
        (SERVICE, {**COAL, "actor": "国家发展和改革委员会"}),
        (SERVICE, {key: value for key, value in COAL.items() if key != "decision"}),
    ],
    ids=["other act", "other", "no approval", "delegated", "filing", "of the State Council", "not decided"],
)
def test_other_approvals_and_other_decisions_are_not(service: Content, row: dict[str, Any]) -> None:
    assert check(service, row) == []


def test_a_decision_of_a_later_day_does_not_count_yet() -> None:
    assert check(SERVICE, COAL, day=date(2013, 11, 7)) == []
