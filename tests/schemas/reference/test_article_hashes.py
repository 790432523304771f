"""Hashes of articles: what is found by them, and what they do not contain."""

from __future__ import annotations

import pytest

from schemas.reference.article_hashes import (
    clauses_of,
    encode_articles,
    fold_text,
    hash_quotation,
    index_articles,
)

FIRST = "禁止任何单位和个人在种子生产基地从事检疫性有害生物接种试验。"
SECOND = (
    "销售的种子应当加工、分级、包装。但是不能加工、包装的除外。\n"
    "大包装或者进口种子可以分装；实行分装的，应当标注分装单位。"
)
ENCODED = encode_articles([("第一条", FIRST), ("第二条之一", SECOND)])


def test_an_entry_is_the_article_the_hash_of_its_text_and_those_of_its_clauses() -> None:
    first, second = ENCODED.split(";")
    assert (first[:4], len(first)) == ("第一条=", len("第一条=....") + 1 + 3)
    assert len(second) == len("第二条之一=....") + 1 + 3 * len(clauses_of(SECOND))
    assert "种子" not in ENCODED
    assert encode_articles([("第一条", FIRST)], by_clause=False) == first.partition(".")[0]


def test_width_punctuation_and_spaces_do_not_matter() -> None:
    assert (
        fold_text("处１万元 以上（含）的罚款。")
        == fold_text("处1万元以上(含)的罚款")
        == "处1万元以上含的罚款"
    )


def test_short_clauses_are_left_out() -> None:
    assert clauses_of("有下列行为之一的，责令改正；实行分装的，应当标注分装单位。") == [
        "有下列行为之一的",
        "应当标注分装单位",
    ]


@pytest.mark.parametrize(
    ("text", "article"),
    [
        (FIRST, "第一条"),
        (f"  {FIRST[:-1]}", "第一条"),
        ("大包装或者进口种子可以分装；实行分装的", "第二条之一"),
        ("应当标注分装单位，并……", "第二条之一"),
    ],
)
def test_a_text_and_a_part_of_it_are_found_with_the_place_of_the_number(text: str, article: str) -> None:
    index = index_articles(ENCODED)
    (match,) = index.find(hash_quotation(text))
    assert match.article == article
    entry = index.articles[article]
    assert ENCODED[entry.start : entry.end] == article


def test_a_whole_article_is_found_by_the_hash_of_its_text() -> None:
    index = index_articles(ENCODED)
    assert index.by_text[hash_quotation(SECOND).whole] == {"第二条之一"}
    assert hash_quotation(SECOND[:-8]).whole not in index.by_text


def test_what_is_not_an_entry_is_skipped() -> None:
    assert index_articles("").articles == {}
    assert list(index_articles("第一条=ab;第二条;第三条=AbCd").articles) == ["第三条"]
