"""Limits that grew, and rows like them that did not or that do not compare."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.checks.limits.limit_lengthened import LimitLengthened
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.checks.knowledge import Known, make_record

STATUTORY_20: Content = {"statutory_limit": {"value": 20, "unit": "工作日"}}
STATUTORY_30: Content = {"statutory_limit": {"value": 30, "unit": "工作日"}}


def limit(value: int, unit: str = "工作日") -> Content:
    return {"name": "养老服务备案", "promised_limit": {"value": value, "unit": unit}}


def check(now: Content, *before: Content, catalogue: str = "power-list") -> list[Finding]:
    record = make_record(now, catalogue)
    return list(LimitLengthened().find_findings(record, Known(before=before), date(2026, 1, 1)))


def test_a_longer_limit_is_found_with_both_states_cited() -> None:
    (finding,) = check(limit(20), limit(10))
    assert finding.message_zh == "“养老服务备案”现列20个工作日，此前列10个工作日"
    assert (finding.rule, finding.severity) == ("same-unit", "fact")
    now, before, name = finding.cites
    assert (now.revision, now.field, now.text) == ("hash-own", "promised_limit", "20个工作日")
    assert (before.revision, before.record, before.text) == ("before0", now.record, "10个工作日")
    assert name.text == "养老服务备案"
    assert "违法" not in finding.message_zh + finding.because_zh


def test_it_stays_until_the_limit_changes_again() -> None:
    renamed: Content = {**limit(20), "remark": "说明"}
    (finding,) = check(renamed, limit(20), limit(10))
    assert finding.cites[1].revision == "before1"
    assert check(limit(15), limit(20), limit(10)) == []
    assert check(limit(10), limit(20), limit(10)) == []


def test_a_gap_without_a_limit_hides_no_earlier_one() -> None:
    (finding,) = check(limit(20), {"name": "养老服务备案"}, limit(10))
    assert finding.cites[1].text == "10个工作日"


def test_an_item_that_was_done_at_once_and_now_takes_days_is_found_by_the_named_rule() -> None:
    (finding,) = check(limit(1), limit(0, "即时"))
    assert (finding.rule, finding.message_zh) == (
        "at-once",
        "“养老服务备案”现列1个工作日，此前列即时办结",
    )
    assert check(limit(0, "即时"), limit(1)) == []
    assert check(limit(0), limit(0, "即时")) == []  # 0个工作日 is at once too


def test_the_limit_of_a_service_is_compared_too() -> None:
    now: Content = {"name": "检测", "service_limit": {"value": 9, "unit": "工作日"}}
    before: Content = {"name": "检测", "service_limit": {"value": 5, "unit": "工作日"}}
    (finding,) = check(now, before, catalogue="intermediary-services")
    assert finding.cites[0].field == "service_limit"


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (limit(10), ()),
        (limit(10), (limit(10),)),
        (limit(10), (limit(20),)),
        (limit(20, "日"), (limit(10),)),
        (limit(20, "自然日"), (limit(10),)),
        (limit(1, "月"), (limit(10),)),
        (limit(20), ({"name": "养老服务备案"},)),
        ({"name": "养老服务备案"}, (limit(10),)),
        (
            {**limit(10), **STATUTORY_30},
            ({**limit(10), **STATUTORY_20},),
        ),
    ],
    ids=["new", "same", "shorter", "day", "natural day", "month", "none before", "none now", "statutory"],
)
def test_what_did_not_grow_or_does_not_compare_is_not(now: Content, before: tuple[Content, ...]) -> None:
    assert check(now, *before) == []


def test_lists_without_own_limits_are_not_concerned() -> None:
    assert not LimitLengthened().concerns(load_catalogue("fees"))
    assert LimitLengthened().concerns(load_catalogue("service-guides"))
