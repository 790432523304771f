"""Pinyin, first letters and slips lead to the name that was meant, on every engine."""

from __future__ import annotations

import pytest

from search import find
from search.chinese import pinyin, thesaurus
from search.contract import Request, SearchEngine
from search.find import SearchPage
from search.query.name_index import Name, Names
from tests.search.documents import TODAY, call, document, index, search

TITLES = [
    "危险化学品经营许可",
    "危险化学品登记",
    "食品经营许可",
    "道路运输经营许可",
    *(f"第{n}类普通事项" for n in range(40)),
]


def found(engine: SearchEngine, text: str, **options: object) -> SearchPage:
    async def names() -> Names:
        analyzer, words = thesaurus.load()
        return Names((Name(t, "name", 1) for t in TITLES), analyzer, words, pinyin.load(analyzer))

    async def ask() -> SearchPage:
        request = Request(text, as_of=TODAY, **options)  # type: ignore[arg-type]  # options are the test's own
        return await find.find(engine, names, request)

    result: SearchPage = call(ask)
    return result


@pytest.mark.parametrize(
    "typed",
    [
        *("weixian huaxuepin jingying xuke", "whpjyxk", "危险化学品经营许克", "危险化学品精英许可"),
        *("wēixiǎn huàxuépǐn jīngyíng xǔkě", "危险化学品jingyingxuke", "危险化品经许可"),
    ],
)
def test_what_was_meant_is_found_and_offered(engine: SearchEngine, typed: str) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    result = found(engine, typed, facets=("dataset",))
    assert result.did_you_mean == result.text == "危险化学品经营许可"
    assert result.page.hits[0].span == "d0"
    assert result.page == search(engine, "危险化学品经营许可", facets=("dataset",))


@pytest.mark.parametrize("typed", ["危险化学品经营许可", "危险 许可", "“危险化学品经营许克”", "盐城", " "])
def test_what_is_found_or_quoted_or_near_nothing_is_searched_as_typed(
    engine: SearchEngine, typed: str
) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    result = found(engine, typed)
    assert (result.did_you_mean, result.text) == (None, typed)
    assert result.page == search(engine, typed)


def test_what_was_left_out_stays_left_out_where_the_rest_is_mended(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    result = found(engine, "危险化学品登计 -经营")
    assert result.did_you_mean == "危险化学品登记 -经营"
    assert result.page.hits[0].span == "d1"
    assert "d0" not in {hit.span for hit in result.page.hits}


def test_a_compound_word_that_nothing_holds_is_looked_for_in_parts(engine: SearchEngine) -> None:
    titles = ["对拖欠农民工工资的处罚", "对拖欠税款的处罚", "工资集体协商"]
    index(engine, (document(f"d{n}", title) for n, title in enumerate(titles)))
    result = found(engine, "拖欠工资")
    assert (result.did_you_mean, result.page.hits[0].span) == ("拖欠 工资", "d0")
    assert result.page.whole == 1


def test_nothing_is_mended_into_what_the_filters_leave_out(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title, type="许可") for n, title in enumerate(TITLES)))
    assert found(engine, "whpjyxk", filters={"type": ("处罚",)}).did_you_mean is None
    assert found(engine, "whpjyxk", filters={"type": ("许可",)}).did_you_mean is not None


def test_a_page_says_how_many_hold_all_the_words(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    wholes = {text: search(engine, text).whole for text in ("危险 许可", "许可", "危险 运输", "无此词语", "")}
    assert wholes == {"危险 许可": 1, "许可": 3, "危险 运输": 0, "无此词语": 0, "": len(TITLES)}
