from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.normalise import chinese_number
from search.chinese.numerals import list_other_writings, spell_number, unify_numbers


@given(st.integers(min_value=1, max_value=9_999))
def test_a_spelled_number_is_read_as_the_same(number: int) -> None:
    assert chinese_number(spell_number(number)) == number


@pytest.mark.parametrize(
    ("written", "unified"),
    [
        ("第12条", "第十二条"),
        ("第110条第2款", "第一百一十条第二款"),
        ("第一百〇五条、第一百○五条", "第一百零五条、第一百零五条"),
        ("二〇一五年三月", "2015年三月"),
        ("一九九八年", "1998年"),
        ("第12次", "第12次"),
        ("十二〇一五年", "十二〇一五年"),
        ("第0条", "第0条"),
        ("一号文件、第四百一十二号令", "1号文件、第412号令"),
        ("国发〔二〇一五〕五号", "国发〔2015〕5号"),
        ("统一号码、同一号牌、几十号人、第○号", "统一号码、同一号牌、几十号人、第○号"),
    ],
)
def test_numbers_are_unified_where_both_writings_are_usual(written: str, unified: str) -> None:
    assert unify_numbers(written) == unified


@given(st.text(alphabet="第12条二〇一五年十○a号[]", max_size=30))
def test_unifying_again_changes_nothing(text: str) -> None:
    assert unify_numbers(unify_numbers(text)) == unify_numbers(text)


def test_other_writings_are_unified_to_the_word() -> None:
    assert list_other_writings("第十二条") == ("第12条",)
    assert {unify_numbers(form) for form in list_other_writings("2015")} == {"2015年"}
    assert list_other_writings("12号") == ("十二号",)
    assert {unify_numbers(form) for form in list_other_writings("105号")} == {"105号"}
    assert list_other_writings("条例") == ()
