"""The second stage of ranking: its signals, and the order of candidates."""

from __future__ import annotations

import pytest

from search.chinese import thesaurus
from search.query import parser
from search.query.parser import Query
from search.ranking.reranker import Candidate, Ranking, Statistics, list_frequency_terms

ANALYZER, LEXICON = thesaurus.load_language()


def parse_query(text: str) -> Query:
    return parser.parse_query(text, ANALYZER, LEXICON)


def rank_titles(text: str, *texts: tuple[str, str]) -> list[str]:
    """Rank documents that all contain the same share of the query's words. Return titles, best first."""
    candidates = [
        Candidate(number, number, 0, [(1.0, title), (1.0, body)])
        for number, (title, body) in enumerate(texts)
    ]
    ranking = Ranking(parse_query(text), Statistics(1_000, 60.0, lambda _stream, _token: 10), ANALYZER)
    return [texts[c.number][0] for _, c in ranking.order(candidates)]


@pytest.mark.parametrize("text", ["保理合同与借贷合同的区别？", "认定驰名商标要看哪些", "是不是盗窃"])
def test_a_question_mark_or_a_question_word_makes_a_question(text: str) -> None:
    assert parse_query(text).asks


def test_a_name_is_not_a_question() -> None:
    assert not parse_query("对未取得安全生产许可证擅自生产的处罚").asks


def test_a_question_in_everyday_words_also_searches_legal_terms() -> None:
    assert "出租人" in parse_query("房东不退押金怎么办").legal
    right = ("民法典 第七百一十四条", "出租人应当退还定金，但是当事人另有约定的除外。")
    other = ("民法典 第七百一十五条", "承揽人应当交付成果，但是当事人另有约定的除外。")
    assert rank_titles("房东不退押金怎么办？", other, right)[0] == right[0]


def test_one_character_is_an_everyday_word_only_where_it_is_a_word() -> None:
    assert "起诉" not in parse_query("发布广告要审查吗").legal


def test_the_longer_of_two_everyday_words_counts() -> None:
    assert "中介人" not in parse_query("物业公司不作为怎么办").legal
    assert "用人单位" not in parse_query("物业公司不作为怎么办").legal


def test_the_last_kind_of_power_in_a_name_applies() -> None:
    assert parse_query("对拒绝监督检查行为的处罚").implied == ("罚款", "责令")
    assert parse_query("对违法处罚行为的监督检查").implied == ("监督检查",)


def test_a_law_whose_subject_is_in_the_name_ranks_before_another_with_the_same_text() -> None:
    text = "擅自使用他人标识的，责令改正，处罚款。"
    titles = rank_titles("对擅自使用他人商标标识的处罚", ("烟草法 第三条", text), ("商标法 第五条", text))
    assert titles[0] == "商标法 第五条"


def test_a_law_ranks_before_a_rule_with_the_same_text_for_a_question() -> None:
    text = "当事人可以申请行政复议。"
    assert (
        rank_titles("怎么申请行政复议？", ("复议办法 第二条", text), ("复议法 第九条", text))[0]
        == "复议法 第九条"
    )


def test_every_frequency_that_ranking_reads_is_listed_in_advance() -> None:
    query = parse_query("房东不退押金怎么办？")
    looked_up: set[tuple[str, str]] = set()

    def frequency(stream: str, token: str) -> int:
        looked_up.add((stream, token))
        return 1

    Ranking(query, Statistics(10, 10.0, frequency), ANALYZER)
    assert looked_up == set(list_frequency_terms(query, ANALYZER))


@pytest.mark.parametrize("text", ["饭店开业怎么办理？", "饭店开业"])
def test_what_is_nearer_by_meaning_ranks_before_another_with_the_same_words(text: str) -> None:
    statistics = Statistics(1_000, 60.0, lambda _stream, _token: 10)
    candidates = [
        Candidate(number, number, 0, [(1.0, "饭店开业"), (1.0, "须知")], similarity)
        for number, similarity in enumerate((0.4, None, 0.7))
    ]
    ranking = Ranking(parse_query(text), statistics, ANALYZER, by_meaning=True)
    # One that is not encoded yet is taken for the mean.
    assert [c.number for _, c in ranking.order(candidates)] == [2, 1, 0]
    plain = Ranking(parse_query(text), statistics, ANALYZER)
    assert [c.number for _, c in plain.order(candidates)] == [0, 1, 2]


def test_candidates_that_nobody_encoded_keep_an_order() -> None:
    statistics = Statistics(1_000, 60.0, lambda _stream, _token: 10)
    candidates = [Candidate(number, number, 0, [(1.0, "饭店")]) for number in range(2)]
    ranking = Ranking(parse_query("饭店"), statistics, ANALYZER, by_meaning=True)
    assert [c.number for _, c in ranking.order(candidates)] == [0, 1]
