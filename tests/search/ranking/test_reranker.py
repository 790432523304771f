"""The second stage: what it looks at, and in which order it puts candidates."""

from __future__ import annotations

import pytest

from search.chinese import thesaurus
from search.query import parser
from search.query.parser import Query
from search.ranking.reranker import Candidate, Ranking, Statistics, frequency_terms

ANALYZER, LEXICON = thesaurus.load()


def parsed(text: str) -> Query:
    return parser.parse(text, ANALYZER, LEXICON)


def ordered(text: str, *texts: tuple[str, str]) -> list[str]:
    """Titles, best first, of documents that all hold the same share of the query's words."""
    candidates = [
        Candidate(number, number, 0, [(1.0, title), (1.0, body)])
        for number, (title, body) in enumerate(texts)
    ]
    ranking = Ranking(parsed(text), Statistics(1_000, 60.0, lambda _stream, _token: 10), ANALYZER)
    return [texts[c.number][0] for _, c in ranking.order(candidates)]


@pytest.mark.parametrize("text", ["保理合同与借贷合同的区别？", "认定驰名商标要看哪些", "是不是盗窃"])
def test_a_question_mark_or_a_word_of_asking_makes_a_question(text: str) -> None:
    assert parsed(text).asks


def test_a_name_is_no_question() -> None:
    assert not parsed("对未取得安全生产许可证擅自生产的处罚").asks


def test_what_is_asked_in_everyday_words_finds_the_words_of_the_law() -> None:
    assert "出租人" in parsed("房东不退押金怎么办").legal
    right = ("民法典 第七百一十四条", "出租人应当退还定金，但是当事人另有约定的除外。")
    other = ("民法典 第七百一十五条", "承揽人应当交付成果，但是当事人另有约定的除外。")
    assert ordered("房东不退押金怎么办？", other, right)[0] == right[0]


def test_one_character_is_an_everyday_word_only_where_it_is_a_word() -> None:
    assert "起诉" not in parsed("发布广告要审查吗").legal


def test_of_two_everyday_words_the_longer_counts() -> None:
    assert "中介人" not in parsed("物业公司不作为怎么办").legal
    assert "用人单位" not in parsed("物业公司不作为怎么办").legal


def test_the_last_kind_of_power_that_a_name_holds_is_its_own() -> None:
    assert parsed("对拒绝监督检查行为的处罚").implied == ("罚款", "责令")
    assert parsed("对违法处罚行为的监督检查").implied == ("监督检查",)


def test_the_law_whose_subject_a_name_holds_goes_before_another_that_says_the_same() -> None:
    text = "擅自使用他人标识的，责令改正，处罚款。"
    found = ordered("对擅自使用他人商标标识的处罚", ("烟草法 第三条", text), ("商标法 第五条", text))
    assert found[0] == "商标法 第五条"


def test_of_a_question_a_law_goes_before_a_rule_that_says_the_same() -> None:
    text = "当事人可以申请行政复议。"
    assert (
        ordered("怎么申请行政复议？", ("复议办法 第二条", text), ("复议法 第九条", text))[0]
        == "复议法 第九条"
    )


def test_every_frequency_that_ranking_looks_up_is_told_beforehand() -> None:
    asked = parsed("房东不退押金怎么办？")
    looked_up: set[tuple[str, str]] = set()

    def frequency(stream: str, token: str) -> int:
        looked_up.add((stream, token))
        return 1

    Ranking(asked, Statistics(10, 10.0, frequency), ANALYZER)
    assert looked_up == set(frequency_terms(asked, ANALYZER))
