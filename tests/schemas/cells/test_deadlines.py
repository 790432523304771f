"""Deadlines as plans write them."""

from __future__ import annotations

import pytest

from schemas.cells.deadlines import format_deadline, read_deadline

CASES = [
    ("2024年6月30日前", "2024-06-30", "2024-06-30"),
    ("2024-06-30", "2024-06-30", "2024-06-30"),
    ("2024年6月底前完成", "2024-06-01/2024-06-30", "2024年6月底前"),
    ("2024年2月", "2024-02-01/2024-02-29", "2024年2月底前"),
    ("2024年第二季度", "2024-04-01/2024-06-30", "2024年第二季度末前"),
    ("2024Q3", "2024-07-01/2024-09-30", "2024年第三季度末前"),
    ("2024年上半年", "2024-01-01/2024-06-30", "2024年上半年底前"),
    ("2024年底前", "2024-01-01/2024-12-31", "2024年底前"),
    ("2024-01-01/2024-12-31", "2024-01-01/2024-12-31", "2024年底前"),
]


@pytest.mark.parametrize(("text", "value", "words"), CASES)
def test_a_deadline_is_read_and_written(text: str, value: str, words: str) -> None:
    deadline = read_deadline(text)
    assert deadline is not None
    assert deadline.value == value
    assert format_deadline(value) == words
    assert read_deadline(words) == deadline


_NEVER = ("9999-12-31", "9999年12月31日前", "0001-01-01", "2024-06-30/2024-01-01")


@pytest.mark.parametrize(
    "text",
    [
        "年底前",
        "12月底前",
        "2024年6月前",
        "2024年前",
        "2024年一季度之前",
        "尽快",
        "2024年13月",
        "2024年2月30日前",
        "近期",
        *_NEVER,
    ],
)
def test_a_text_that_does_not_determine_a_day_is_not_a_deadline(text: str) -> None:
    assert read_deadline(text) is None


def test_english_words() -> None:
    assert format_deadline("2024-04-01/2024-06-30", "en") == "by the end of Q2 2024"
    assert format_deadline("2024-06-30", "en") == "2024-06-30"
