"""Parsing of typed text to a query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.chinese import thesaurus
from search.chinese.analyzer import strip_invisible
from search.query import parser
from search.query.parser import LONGEST, Query

ANALYZER, LEXICON = thesaurus.load_language()


def parse_query(text: str) -> Query:
    return parser.parse_query(text, ANALYZER, LEXICON)


def words_of_query(text: str) -> list[tuple[str, str]]:
    return [(w.text, w.kind) for w in parse_query(text).words]


def test_a_text_is_cut_into_words_and_two_character_words_must_match_whole() -> None:
    assert words_of_query("食品经营许可证") == [("食品", "word"), ("经营", "word"), ("许可证", "characters")]


def test_question_words_and_single_characters_of_a_question_are_left_out() -> None:
    query = parse_query("开饭店要办什么证？")
    assert query.asks
    assert [w.text for w in query.words] == ["饭店"]
    assert "餐饮服务" in query.words[0].forms


def test_a_query_of_question_words_alone_searches_for_them() -> None:
    assert [w.text for w in parse_query("什么").words] == ["什么"]


def test_a_place_is_looked_for_by_its_short_name() -> None:
    assert words_of_query("鞍山市收费") == [("鞍山", "word"), ("收费", "word")]
    assert parse_query("马鞍山收费").places == ("马鞍山",)


@pytest.mark.parametrize(
    "typed",
    [
        *("鞍政发〔2015〕34号", "鞍政发[2015]34号", "鞍政发（２０１５）34 号", "鞍政发 2015 34"),
        *("鞍政發〔2015〕34號", "鞍政發（２０１５）３４號", "鞍政发【2015】第34号"),
    ],
)
def test_a_number_is_one_word_in_standard_form(typed: str) -> None:
    assert words_of_query(typed) == [("鞍政发〔2015〕34号", "number")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("国务院令412", [("国务院令第412号", "number")]),
        ("國務院令第412號", [("国务院令第412号", "number")]),
        ("412号令", [("令", "characters"), ("412号", "number")]),
        ("令第412号", [("令", "characters"), ("412号", "number")]),
        ("国发57号", [("国发", "characters"), ("57号", "number")]),
        ("鞍政发 34", [("鞍政发", "characters"), ("34号", "number")]),
        ("财综〔2004〕", [("财综", "characters"), ("〔2004〕", "number")]),
        ("开发 30", [("开发", "word"), ("30", "characters")]),
    ],
)
def test_parts_of_a_number_are_distinguished_from_other_words(
    typed: str, expected: list[tuple[str, str]]
) -> None:
    assert words_of_query(typed) == expected


def test_the_year_in_a_text_is_its_number_alone() -> None:
    """Document numbers of 2013 contain 〔2013〕 without 年."""
    assert words_of_query("2013年取消") == [("2013", "characters"), ("取消", "word")]
    assert words_of_query("年") == [("年", "characters")]


def test_a_number_occurs_where_all_its_parts_do() -> None:
    (number,) = parse_query("〔2015〕34号").words
    (choice,) = parse_query("法院 或 〔2015〕34号").words
    for text in ("关于第9号通告", "2015年", "〔2015〕134号", "〔2015〕3号"):
        assert not number.occurs_in(text), text
        assert not choice.occurs_in(text), text
    for text in ("根据鞍政发〔2015〕34号", "2015-34号"):
        assert number.occurs_in(text), text
        assert choice.occurs_in(text), text
    (year,) = parse_query("2015").words
    assert year.occurs_in("二〇一五年")
    assert not year.occurs_in("第20155号")


def test_a_number_leaves_the_words_around_it() -> None:
    number, *others = words_of_query("依据国发〔2013〕44号取消许可")
    assert number == ("国发〔2013〕44号", "number")
    assert others == [("依据", "word"), ("取消", "word"), ("许可", "word")]


def test_quotes_make_a_phrase_and_a_single_quote_has_no_effect() -> None:
    assert ("道路运输", "phrase") in words_of_query("“道路运输” 许可")
    assert all(kind != "phrase" for _, kind in words_of_query("“道路运输"))


def test_a_taiwanese_term_also_searches_the_mainland_term() -> None:
    assert [(w.text, w.mainland) for w in parse_query("軟體").words] == [("软体", "软件")]
    assert all(not w.mainland for w in parse_query("软件").words)
    assert all(not w.mainland for w in parse_query("經營許可").words)


def test_a_body_also_searches_its_other_names_except_longer_ones() -> None:
    word = next(w for w in parse_query("发改委").words)
    assert "发展和改革委" in word.forms
    assert (
        "发展和改革委员会" not in word.forms
    )  # a text that contains the longer name contains the shorter one


@given(st.text(max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    query = parse_query(text)
    assert query.blank == (not strip_invisible(text).strip())


def test_only_the_beginning_of_a_very_long_query_is_parsed() -> None:
    assert parse_query("经营许可" * 3000).grams == parse_query(("经营许可" * 3000)[:LONGEST]).grams
