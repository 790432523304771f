"""Each rule that changes a text is named, by applying the parsers again."""

from __future__ import annotations

import pytest

from publisher.ingest.reading_rules import find_rules
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Field, Json, Term
from schemas.definition.file_loader import load_catalogue

POWERS = load_catalogue("power-list").by_name
DATE = next(f for f in load_catalogue("policies").fields if f.type == "date")


def codes(field: Field, original: str, value: Json) -> list[str]:
    return [rule.code for rule in find_rules(field, original, value, derived=False)]


@pytest.mark.parametrize(
    ("field", "original", "expected"),
    [
        (POWERS["name"], "收养　登记", ["width"]),
        (POWERS["name"], "收养\n登记", ["lines"]),
        (DATE, "二〇二四年三月一日", ["typed"]),
        (DATE, "２０２４年３月１日", ["width", "typed"]),
    ],
)
def test_a_value_read_from_its_own_text(field: Field, original: str, expected: list[str]) -> None:
    value = parse_value(field, original).value
    assert value is not None
    assert codes(field, original, value) == expected


def test_a_word_of_the_vocabulary() -> None:
    field = Field("kind", "类型", "Kind", vocabulary=(Term("行政许可", aliases=("许可类",)),))
    assert codes(field, "许可类", "行政许可") == ["word"]


def test_a_value_that_another_place_gives() -> None:
    name = POWERS["name"]
    assert codes(name, "同上", "收养登记") == ["ditto"]
    assert codes(name, " ", "收养登记") == ["blank"]
    limit = next(f for f in POWERS.values() if f.type == "limit")
    read = parse_value(limit, "20日").value
    assert isinstance(read, dict)
    assert codes(limit, "20日", {**read, "unit": "工作日"}) == ["typed", "working-days"]
    assert codes(DATE, "2024.3.1", "2024-03-02") == ["typed", "cell"]
    assert codes(limit, "20", {"value": 20, "unit": "自然日"}) == ["typed", "unit"]
    assert codes(name, "1. 收养登记", "收养登记") == ["part"]
    assert codes(name, "（1）工本费", "(1)") == ["part"]
    assert codes(name, "80", "80元/件") == ["unit"]
    kind = POWERS["power_type"]
    assert codes(kind, "一、行政许可（11项）", "行政许可") == ["part"]
    (rule,) = find_rules(name, "0.85元", "0.85", derived=True)
    assert rule.code == "derived"
