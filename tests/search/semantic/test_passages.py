"""Passages of long and short documents."""

from __future__ import annotations

from msgspec import structs

from search.chinese import thesaurus
from search.semantic.passages import LONGEST_PASSAGE, LONGEST_TITLE, MOST_PASSAGES, list_passages
from tests.search.documents import document

ANALYZER, _ = thesaurus.load_language()


def test_a_short_document_is_one_passage_in_simplified_small_letters() -> None:
    article = document("x", "食品安全法 第四十條", "本法　規定ＡＢ")
    assert list_passages(article, ANALYZER) == ["食品安全法 第四十条\n本法 规定ab"]
    assert list_passages(document("x", "食品经营许可"), ANALYZER) == ["食品经营许可"]


def test_the_title_of_an_item_also_stands_alone() -> None:
    passages = list_passages(document("x", "開辦ＡＢ飯店", "第二條　規定"), ANALYZER)
    assert passages == ["开办ab饭店", "开办ab饭店\n第二条 规定"]


def test_the_name_of_a_law_is_not_a_passage_of_each_of_its_articles() -> None:
    texts = {"law": "食品安全法", "article": "第四十條", "text": "本法　規定"}
    article = structs.replace(document("x", "食品安全法"), texts=texts)
    assert list_passages(article, ANALYZER) == ["食品安全法\n第四十条\n本法 规定"]


def test_a_long_document_is_cut_at_the_ends_of_sentences_with_its_title_in_front() -> None:
    sentences = [f"第{n}条规定了办理这一事项的条件和时限。" for n in range(100)]
    passages = list_passages(document("x", "办法", "".join(sentences)), ANALYZER)
    assert len(passages) > 4
    assert passages.pop(0) == "办法"
    for passage in passages:
        title, _, text = passage.partition("\n")
        assert title == "办法"
        assert LONGEST_PASSAGE // 2 <= len(text) <= LONGEST_PASSAGE or passage == passages[-1]
        assert text.startswith("第")
        assert text.endswith("。")


def test_nothing_is_longer_than_the_model_reads() -> None:
    passages = list_passages(document("x", "长" * 500, "字" * 10_000), ANALYZER)
    assert len(passages) == MOST_PASSAGES + 1
    assert max(map(len, passages)) <= LONGEST_PASSAGE + LONGEST_TITLE + 1
