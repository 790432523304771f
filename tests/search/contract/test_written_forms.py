"""Numbers, codes and short words, however a text writes them, on every engine."""

from __future__ import annotations

import pytest

from search.contract import SearchEngine
from tests.search.documents import document, index, search

TEXTS = {
    "spelled": "依照本法第十二条办理，自二〇一五年起执行",
    "digits": "依照第12条办理，自2015年起执行",
    "decimal": "每吨3.5元",
    "apart": "共3项，另加5元，第12次会议，列十条",
    "zero": "依照第一百○五条办理",
    "code": "编码A059，别名B05",
    "named": "贯彻中央一号文件和第十二号公告",
    "numbered": "贯彻中央1号文件和第12号公告",
    "cited": "按照示政发〔二〇一八〕七号执行",
    "two": "第二号和第十二号，2号和12号",
    "unified": "核发统一号牌",
}


@pytest.fixture
def filled(engine: SearchEngine) -> SearchEngine:
    index(engine, [document(span, f"事项{span}", text) for span, text in TEXTS.items()])
    return engine


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("第12条", {"spelled", "digits"}),
        ("第十二条", {"spelled", "digits"}),
        ("第１２条", {"spelled", "digits"}),
        ("“第12条”", {"spelled", "digits"}),
        ("2015年", {"spelled", "digits"}),
        ("二〇一五年", {"spelled", "digits"}),
        ("二零一五年执行", {"spelled", "digits"}),
        ("3.5", {"decimal"}),
        ("第105条", {"zero"}),
        ("第一百〇五条", {"zero"}),
        ("一号文件", {"named", "numbered"}),
        ("1号文件", {"named", "numbered"}),
        ("中央一号文件", {"named", "numbered"}),
        ("第十二号公告", {"named", "numbered"}),
        ("2号", {"two"}),
        ("第１２号公告", {"named", "numbered"}),
        ("十二号", {"named", "numbered", "two"}),
        ("示政发〔2018〕7号", {"cited"}),
        ("统一号牌", {"unified"}),
        ("A05", {"code"}),
        ("a059", {"code"}),
        ("A0591", set[str]()),
        ("05", set[str]()),
    ],
)
def test_a_number_is_found_however_it_is_written(filled: SearchEngine, typed: str, hits: set[str]) -> None:
    page = search(filled, typed)
    assert {hit.span for hit in page.hits[: page.all_words_total]} == hits


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("第12条", {"第十二条", "第12条"}),
        ("二〇一五年", {"二〇一五年", "2015年"}),
        ("A05", {"A059"}),
        ("12号", {"十二号", "12号"}),
        ("2号", {"二号", "2号"}),
        ("第105条", {"第一百○五条"}),
    ],
)
def test_every_written_form_is_marked(filled: SearchEngine, typed: str, marked: set[str]) -> None:
    excerpts = [excerpt for hit in search(filled, typed).hits for excerpt in hit.excerpts]
    assert {e.text[start:end] for e in excerpts for start, end in e.marks} == marked


def test_a_title_with_the_word_whole_is_before_one_with_its_characters_across_a_joint(
    engine: SearchEngine,
) -> None:
    sentence = "公安机关负责本项工作"
    titles = {"joint": "办公安置用房", "whole": "公安机关管理的房屋使用"}
    index(engine, [document(span, title, sentence) for span, title in titles.items()])
    assert [hit.span for hit in search(engine, "公安").hits] == ["whole", "joint"]
