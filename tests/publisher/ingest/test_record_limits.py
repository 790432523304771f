"""Promised limits against statutory ones, and names in the report."""

import pytest

from publisher.ingest.record_builder import exceeds
from publisher.ingest.tables.segmentation import redact_names
from schemas.definition.catalogue import Json


@pytest.mark.parametrize(
    ("promised", "statutory", "longer"),
    [
        ((4, "周"), (20, "自然日"), True),
        ((200, "分钟"), (1, "小时"), True),
        ((3, "周"), (1, "月"), False),
        ((60, "分钟"), (1, "小时"), False),
    ],
)
def test_weeks_and_minutes_compare(
    promised: tuple[int, str], statutory: tuple[int, str], *, longer: bool
) -> None:
    first: dict[str, Json] = {"value": promised[0], "unit": promised[1]}
    second: dict[str, Json] = {"value": statutory[0], "unit": statutory[1]}
    assert exceeds(first, second) is longer


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("填表人：张　三", "填表人：…"),
        ("填报人（签字）：王五", "填报人（签字）：…"),
        ("填表人员签字：赵六", "填表人员签字：…"),
        ("填表人：张三 日期：5月", "填表人：… 日期：5月"),
    ],
)
def test_the_name_of_who_signed_is_not_in_the_report(text: str, redacted: str) -> None:
    assert redact_names(text) == redacted
