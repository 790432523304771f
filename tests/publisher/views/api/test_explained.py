"""Why a hit was found is told in words that a person reads, Chinese and English."""

from __future__ import annotations

from typing import get_args

import pytest

from publisher.views.api.hit_explanation import explain_reason
from schemas.definition.file_loader import load
from search.contract import MatchKind, Reason

FEES = load("fees")


@pytest.mark.parametrize("how", get_args(MatchKind.__value__))
def test_every_way_of_matching_names_what_was_met_and_the_fields_as_they_are_titled(how: MatchKind) -> None:
    told = explain_reason(Reason("甲甲", "乙乙", how, ("name", "basis")), FEES)
    for text, fields in (
        (told.text, ["收费项目", "政策依据"]),
        (told.text_en, ["Name of the charge", "Basis"]),
    ):
        assert "乙乙" in text or "甲甲" in text
        assert "{" not in text
        assert how.endswith("-number") or all(f"“{field}”" in text for field in fields)
    assert told.text.endswith("。")
    assert told.text_en.endswith(".")


def test_what_stands_in_a_title_alone_says_so() -> None:
    told = explain_reason(Reason("甲", "甲", "word", ("title",)), FEES)
    assert (told.text, told.text_en) == ("“甲”见于标题。", "“甲” stands in the title.")
