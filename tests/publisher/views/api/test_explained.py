"""Explanations of hits in Chinese and English sentences."""

from __future__ import annotations

from typing import get_args

import pytest

from publisher.views.api.hit_explanation import explain_reason
from schemas.definition.file_loader import load_catalogue
from search.contract import MatchKind, Reason

FEES = load_catalogue("fees")


@pytest.mark.parametrize("how", get_args(MatchKind.__value__))
def test_every_way_of_matching_names_the_matched_text_and_the_titles_of_the_fields(how: MatchKind) -> None:
    sentences = explain_reason(Reason("甲甲", "乙乙", how, ("name", "basis")), FEES)
    for text, fields in (
        (sentences.text, ["收费项目", "政策依据"]),
        (sentences.text_en, ["Name of the charge", "Basis"]),
    ):
        assert "乙乙" in text or "甲甲" in text
        assert "{" not in text
        assert how.endswith("-number") or all(f"“{field}”" in text for field in fields)
    assert sentences.text.endswith("。")
    assert sentences.text_en.endswith(".")


def test_a_match_in_the_title_only_says_so() -> None:
    sentences = explain_reason(Reason("甲", "甲", "word", ("title",)), FEES)
    assert (sentences.text, sentences.text_en) == ("“甲”出现在标题中。", "“甲” occurs in the title.")
