"""Promised limits that are longer than the statutory ones: 40 seeded rows, 20 clean ones, other units."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from publisher.checks.limits.promised_exceeds_statutory import PromisedExceedsStatutory
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content
from tests.publisher.checks.knowledge import Known, make_record

UNITS = ("工作日", "自然日", "日", "小时", "月")


def row(promised: int, statutory: int, *units: str) -> Content:
    own, other = units or ("工作日", "工作日")
    return {
        "name": "取水许可",
        "promised_limit": {"value": promised, "unit": own},
        "statutory_limit": {"value": statutory, "unit": other},
    }


def check(content: Content) -> list[Finding]:
    return list(PromisedExceedsStatutory().find_findings(make_record(content), Known(), date(2026, 1, 1)))


def test_seeded_rows_are_all_found_and_no_clean_one() -> None:
    random = Random(17)
    for _ in range(40):
        statutory, unit = random.randint(1, 60), random.choice(UNITS)
        (finding,) = check(row(statutory + random.randint(1, 30), statutory, unit, unit))
        assert [cite.text for cite in finding.cites][2] == "取水许可"
    for _ in range(20):
        statutory, unit = random.randint(1, 60), random.choice(UNITS)
        assert check(row(random.randint(0, statutory), statutory, unit, unit)) == []


def test_both_limits_are_cited() -> None:
    (finding,) = check(row(25, 20))
    assert finding.message_zh == "“取水许可”承诺办结时限列为25个工作日，法定办结时限列为20个工作日"
    assert [(cite.field, cite.text) for cite in finding.cites[:2]] == [
        ("promised_limit", "25个工作日"),
        ("statutory_limit", "20个工作日"),
    ]
    assert (finding.severity, finding.rule) == ("fact", "same-unit")


def test_days_against_at_once_are_found_by_the_named_rule() -> None:
    (finding,) = check(row(5, 0, "工作日", "即时"))
    assert finding.rule == "at-once"
    assert check(row(0, 5, "即时", "工作日")) == []


@pytest.mark.parametrize("units", [("工作日", "日"), ("日", "工作日"), ("自然日", "工作日"), ("月", "日")])
def test_units_are_not_compared_without_a_rule(units: tuple[str, str]) -> None:
    assert check(row(30, 20, *units)) == []


def test_a_row_with_one_limit_is_not_found() -> None:
    assert check({"name": "取水许可", "promised_limit": {"value": 30, "unit": "工作日"}}) == []
    assert check({"name": "取水许可", "statutory_limit": {"value": 30, "unit": "工作日"}}) == []
