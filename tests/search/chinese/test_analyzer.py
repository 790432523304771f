"""Folding of texts, segmentation, and the words inside a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer, is_han
from tests.support import shared_data

ANALYZER, LEXICON = thesaurus.load_language()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("危險化學品經營許可", "危险化学品经营许可"),
        ("ＡＢｃ１２３", "abc123"),
        ("鞍政发﹝2015﹞34号", "鞍政发〔2015〕34号"),
        ("㈠总则", "(一)总则"),
        ("面积100㎡", "面积100m2"),
        ("等…", "等 "),
        ("a\u200bb\x00", "a b "),
        ("著作权与乾隆", "著作权与乾隆"),
    ],
)
def test_a_text_is_folded_to_its_comparable_form(text: str, folded: str) -> None:
    assert ANALYZER.fold(text).text == folded


@given(st.text(max_size=80))
def test_every_folded_character_has_its_original_position(text: str) -> None:
    folded = ANALYZER.fold(text)
    if folded.origin is None:
        assert len(folded.text) == len(text)
        return
    assert len(folded.origin) == len(folded.text) + 1
    for place in range(len(folded.text)):
        start, end = folded.original_range(place, place + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[place] in ANALYZER.fold(text[start:end]).text or is_han(folded.text[place])


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = ANALYZER.fold_text(text)
    assert ANALYZER.fold_text(once) == once


@given(st.text(max_size=60))
def test_streams_of_tokens_are_those_of_the_single_functions(text: str) -> None:
    folded = ANALYZER.fold_text(text)
    tokens = ANALYZER.tokens(folded)
    assert tokens.grams.split() == ANALYZER.grams(folded)
    assert tokens.words.split() == ANALYZER.words(folded)
    assert tokens.chars.split() == [c for c in folded if is_han(c)]


def test_grams_keep_latin_words_and_numbers_whole_and_neighbours_together() -> None:
    assert ANALYZER.grams("互联网+政务2015年a类") == ["互联", "联网", "政务", "2015", "年", "a", "类"]


@pytest.mark.parametrize(
    ("word", "holds", "never"),
    [
        ("人民政府", {"人民", "政府"}, {"民政"}),
        ("马鞍山市", {"马鞍山"}, {"鞍山", "马鞍"}),
        ("鞍山市", {"鞍山"}, set()),
        ("铁东区", {"铁东"}, set()),
        ("许可证", {"许可"}, {"可证"}),
        ("市政府", {"政府"}, {"市政"}),
        ("不动产", {"不动产"}, {"动产"}),
        ("中华人民共和国", {"人民", "共和国"}, {"华人", "民共"}),
    ],
)
def test_a_word_includes_the_words_it_consists_of(word: str, holds: set[str], never: set[str]) -> None:
    tokens = set(ANALYZER.words(word))
    assert holds <= tokens
    assert not never & tokens


def test_ordinary_words_that_are_also_towns_stay_words() -> None:
    assert "鞍山" in ANALYZER.places
    assert not {"资源", "合作", "和平"} & ANALYZER.places


def test_words_given_by_the_caller_are_kept_whole() -> None:
    own = Analyzer(dictionary=["湉湉办"])
    assert "湉湉办" in own.words("向湉湉办提出")


@pytest.mark.shared
def test_real_traditional_texts_keep_their_length() -> None:
    path = shared_data.require("power-list-liaoning", "government_data.json")
    text = path.read_text(encoding="utf-8")
    assert len(ANALYZER.fold(text).text) >= len(text)
    assert ANALYZER.is_traditional("經營")
    assert not ANALYZER.is_traditional("经营ＡＢ")
