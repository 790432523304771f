"""Licences of guides without a limit, limits that were dropped, and rows like them that are in order."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.checks.limits.limit_missing import LimitMissing
from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content
from tests.publisher.checks.knowledge import Known, make_record

LIMIT: Content = {"promised_limit": {"value": 20, "unit": "工作日"}}
DAYS: Content = {"statutory_limit": {"value": 9, "unit": "日"}}
GUIDE: Content = {"name": "取水许可", "item_type": "行政许可"}
POWER: Content = {"name": "取水许可", "power_type": "行政许可"}


def check(content: Content, *before: Content, catalogue: str = "power-list") -> list[Finding]:
    record = make_record(content, catalogue)
    return list(LimitMissing().find_findings(record, Known(before=before), date(2026, 1, 1)))


def test_a_licence_of_a_guide_without_a_limit_is_to_be_looked_at() -> None:
    (finding,) = check(GUIDE, catalogue="service-guides")
    assert finding.message_zh == "“取水许可”列为行政许可，没有列明可识读的办结时限"
    assert (finding.rule, finding.severity) == ("missing", "look")


def test_a_limit_that_is_not_listed_any_more_is_found_in_every_list_with_limits() -> None:
    (finding,) = check(POWER, POWER, {**POWER, **LIMIT})
    assert finding.message_zh == "“取水许可”现未列明可识读的办结时限，此前列有20个工作日"
    assert (finding.rule, finding.severity) == ("dropped", "fact")
    assert finding.cites[1].revision == "before1"


@pytest.mark.parametrize(
    ("content", "before", "catalogue"),
    [
        (POWER, (), "power-list"),
        ({**POWER, **LIMIT}, ({**POWER, **LIMIT},), "power-list"),
        ({**POWER, **DAYS}, ({**POWER, **LIMIT},), "power-list"),
        ({**GUIDE, **LIMIT}, (), "service-guides"),
        ({**GUIDE, "item_type": "行政检查"}, (), "service-guides"),
        ({**GUIDE, "promised_limit_note": "按听证情况确定"}, (), "service-guides"),
        ({"name": "取水许可"}, (), "service-guides"),
    ],
    ids=["power list", "kept", "the other one", "with limit", "no licence", "in words", "no type"],
)
def test_what_has_a_limit_or_needs_none_is_not(
    content: Content, before: tuple[Content, ...], catalogue: str
) -> None:
    assert check(content, *before, catalogue=catalogue) == []
