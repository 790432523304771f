"""Marks and excerpts of hits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from search.chinese import thesaurus
from search.hits.highlighter import CLOSE, LENGTH, Marker

ANALYZER, _ = thesaurus.load_language()


def marked_texts(marker: Marker, text: str) -> list[str]:
    passage = marker.whole("t", text, ANALYZER.fold(text))
    return [text[start:end] for start, end in passage.marks]


def test_whole_words_are_marked_and_neighbours_run_together() -> None:
    assert marked_texts(Marker(["食品", "经营", "许可"]), "食品经营和药品许可") == ["食品经营", "许可"]


def test_traditional_and_wide_texts_are_marked_at_their_original_positions() -> None:
    assert marked_texts(Marker(["许可证", "abc"]), "㈠ＡＢＣ類許可證") == ["ＡＢＣ", "許可證"]


def test_a_run_of_characters_is_marked_whole_with_the_signs_within() -> None:
    marker = Marker(["简政放权放管结合"])
    assert marked_texts(marker, "推进简政放权、放管结合，转变职能") == ["简政放权、放管结合"]
    assert marked_texts(Marker(["经营许可"]), "經營\u3000許可證") == ["經營\u3000許可"]


def test_a_number_is_not_marked_inside_another() -> None:
    assert marked_texts(Marker(["34"]), "第134条、第34条、3434") == ["34"]


def test_a_word_is_not_marked_across_the_boundary_of_two_others() -> None:
    marker = Marker(["民政", "政府"], words={"民政", "政府"}, is_word=ANALYZER.is_word_at)
    assert marked_texts(marker, "人民政府民政部门、市民政局") == ["政府民政", "民政"]
    place = Marker(["鞍山"], words={"鞍山"}, is_word=ANALYZER.is_word_at)
    assert marked_texts(place, "马鞍山市、鞍山市") == ["鞍山"]


def test_weak_texts_are_marked_only_when_nothing_else_is() -> None:
    marker = Marker(["食品经营"], ["食品", "品经"])
    assert marked_texts(marker, "食品") == ["食品"]
    assert marked_texts(marker, "食品与食品经营") == ["食品经营"]


def test_the_excerpt_is_the_passage_with_most_of_the_query() -> None:
    text = "食品总则。" + "无关内容，" * 60 + "完。食品经营者应当取得许可。" + "其他内容，" * 60
    passage = Marker(["食品", "经营", "许可"]).excerpt("t", text, ANALYZER.fold(text))
    assert passage is not None
    assert passage.text.startswith("食品经营者应当取得许可")
    assert len(passage.text) <= LENGTH + CLOSE


def excerpt(marker: Marker, text: str) -> str:
    passage = marker.excerpt("t", text, ANALYZER.fold(text))
    assert passage is not None
    return passage.text


def test_an_excerpt_begins_and_ends_where_a_sentence_or_a_part_of_one_does() -> None:
    part = "各有关部门按照职责分工负责，"
    text = f"{part * 9}依法发放食品许可，{part * 20}"
    text_of_excerpt = excerpt(Marker(["许可"]), text)
    assert text_of_excerpt.startswith("各有关部门")
    assert text_of_excerpt.endswith("负责，")
    assert LENGTH <= len(text_of_excerpt) <= LENGTH + CLOSE


def test_no_number_bracket_or_mark_is_cut_at_the_end_of_an_excerpt() -> None:
    for gap in range(80, 120):
        text = f"发放许可证{'其' * gap}（鞍政发〔2015〕34号）规定的金额1234567元许可证{'他' * 200}"
        text_of_excerpt = excerpt(Marker(["许可证"]), text)
        assert not re.search(r"[0-9〔]$|许可$|许$", text_of_excerpt), text_of_excerpt
        assert text_of_excerpt.count("〔") == text_of_excerpt.count("〕")


def test_an_excerpt_at_the_end_of_a_text_begins_at_a_sentence_boundary() -> None:
    text = "按照规定办理的事项，" * 30 + "应当取得许可"
    text_of_excerpt = excerpt(Marker(["许可"]), text)
    assert text_of_excerpt.startswith("按照规定")
    assert text_of_excerpt.endswith("应当取得许可")


def test_a_text_without_a_mark_has_no_excerpt() -> None:
    assert Marker(["食品"]).excerpt("t", "药品", ANALYZER.fold("药品")) is None


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=3), max_size=4))
def test_marks_lie_in_the_excerpt_in_order_and_apart(text: str, queried: list[str]) -> None:
    marker = Marker([ANALYZER.fold_text(w) for w in queried])
    passage = marker.excerpt("t", text, ANALYZER.fold(text))
    if passage is None:
        return
    assert passage.text in text
    assert passage.marks
    end = -1
    for start, stop in passage.marks:
        assert end < start < stop <= len(passage.text)
        end = stop
