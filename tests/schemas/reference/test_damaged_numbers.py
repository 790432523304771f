"""Damaged numbers and dates: repaired when the evidence suffices, otherwise reported with both readings."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reference.damaged_numbers import Repair, find_repair

PUBLISHED = {"发布时间": date(2015, 11, 5)}


def repair_text(text: str, evidence: dict[str, date] | None = None) -> Repair:
    repair = find_repair(text, evidence or {})
    assert repair is not None
    return repair


def test_a_lost_bracket_has_one_reading_since_a_year_has_four_digits() -> None:
    repair = repair_text("根据《通知》(辽政发〔201519号)精神")
    assert (repair.kind, repair.value) == ("number", "辽政发〔2015〕19号")
    assert repair.original == "辽政发〔201519号"
    assert "根据《通知》(辽政发〔201519号)精神"[repair.start :].startswith(repair.original)
    assert "辽政发〔2015〕19号" in repair.because_zh
    assert "辽政发〔2015〕19号" in repair.because_en


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("鞍政发2015〕34号", "鞍政发〔2015〕34号"),
        ("〔1992价费字240号", "〔1992〕价费字240号"),
        ("根据辽政发[201519号", "辽政发〔2015〕19号"),
    ],
)
def test_other_lost_brackets_are_repaired_too(text: str, value: str) -> None:
    assert repair_text(text).value == value


def test_a_date_with_two_readings_is_believed_only_where_evidence_equals_one() -> None:
    repair = repair_text("2015115日", PUBLISHED)
    assert (repair.kind, repair.value) == ("date", "2015-11-05")
    assert repair.readings == ("2015-11-05", "2015-01-15")
    assert "发布时间" in repair.because_zh


@pytest.mark.parametrize(
    "evidence", [{}, {"发布时间": date(2015, 11, 6)}, {**PUBLISHED, "生成日期": date(2015, 1, 15)}]
)
def test_a_date_without_evidence_or_with_contradictory_evidence_stays_blank_with_both_readings(
    evidence: dict[str, date],
) -> None:
    repair = repair_text("2015115日", evidence)
    assert repair.value is None
    assert repair.readings == ("2015-11-05", "2015-01-15")


def test_a_date_that_can_be_one_day_only_needs_no_evidence() -> None:
    assert repair_text("20151231日").value == "2015-12-31"
    assert repair_text("201511月5日").value == "2015-11-05"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "鞍政发〔2015〕34号",
        "2015年11月5日",
        "20151301日",
        "第34号",
        "鞍政发〔20150号",
        "鞍政发〔20١534号",
    ],
)
def test_undamaged_or_unrepairable_text_is_not_repaired(text: str) -> None:
    assert find_repair(text, PUBLISHED) is None


@given(st.dates(date(1980, 1, 1), date(2035, 12, 31)))
def test_every_day_that_lost_its_characters_is_among_the_readings_and_found_by_evidence(day: date) -> None:
    repair = repair_text(f"{day.year}{day.month}{day.day}日", {"发布时间": day})
    assert day.isoformat() in repair.readings
    assert repair.value == day.isoformat()
    assert len(repair.readings) <= 2
