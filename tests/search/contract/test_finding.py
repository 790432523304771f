"""Pinyin, first letters and typing errors lead to the intended name, on every engine."""

from __future__ import annotations

import pytest

from search.contract import SearchEngine
from search.find import SearchPage
from search.query.parser import LONGEST
from tests.search.documents import document, find_with_names, index, search

TITLES = [
    "危险化学品经营许可",
    "危险化学品登记",
    "食品经营许可",
    "道路运输经营许可",
    *(f"第{n}类普通事项" for n in range(40)),
]


def find_names(engine: SearchEngine, text: str, **options: object) -> SearchPage:
    return find_with_names(engine, TITLES, text, **options)


@pytest.mark.parametrize(
    "typed",
    [
        *("weixian huaxuepin jingying xuke", "whpjyxk", "危险化学品经营许克", "危险化学品精英许可"),
        *("wēixiǎn huàxuépǐn jīngyíng xǔkě", "危险化学品jingyingxuke", "危险化品经许可"),
    ],
)
def test_the_intended_name_is_found_and_suggested(engine: SearchEngine, typed: str) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    finding = find_names(engine, typed, facets=("dataset",))
    assert finding.did_you_mean == finding.text == "危险化学品经营许可"
    assert finding.page.hits[0].span == "d0"
    assert finding.page == search(engine, "危险化学品经营许可", facets=("dataset",))


@pytest.mark.parametrize("typed", ["危险化学品经营许可", "危险 许可", "“危险化学品经营许克”", "盐城", " "])
def test_a_query_that_has_hits_or_quotes_or_no_near_name_is_searched_as_typed(
    engine: SearchEngine, typed: str
) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    finding = find_names(engine, typed)
    assert (finding.did_you_mean, finding.text) == (None, typed)
    assert finding.page == search(engine, typed)


def test_exclusions_stay_when_the_rest_of_a_query_is_corrected(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    finding = find_names(engine, "危险化学品登计 -经营")
    assert finding.did_you_mean == "危险化学品登记 -经营"
    assert finding.page.hits[0].span == "d1"
    assert "d0" not in {hit.span for hit in finding.page.hits}


def test_a_compound_word_without_hits_is_searched_in_parts(engine: SearchEngine) -> None:
    titles = ["对拖欠农民工工资的处罚", "对拖欠税款的处罚", "工资集体协商"]
    index(engine, (document(f"d{n}", title) for n, title in enumerate(titles)))
    finding = find_names(engine, "拖欠工资")
    assert (finding.did_you_mean, finding.page.hits[0].span) == ("拖欠 工资", "d0")
    assert finding.page.all_words_total == 1


def test_a_query_is_not_corrected_to_a_name_that_the_filters_exclude(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title, type="许可") for n, title in enumerate(TITLES)))
    assert find_names(engine, "whpjyxk", filters={"type": ("处罚",)}).did_you_mean is None
    assert find_names(engine, "whpjyxk", filters={"type": ("许可",)}).did_you_mean is not None


def test_a_page_states_how_many_hits_contain_all_words(engine: SearchEngine) -> None:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    wholes = {
        text: search(engine, text).all_words_total
        for text in ("危险 许可", "许可", "危险 运输", "无此词语", "")
    }
    assert wholes == {"危险 许可": 1, "许可": 3, "危险 运输": 0, "无此词语": 0, "": len(TITLES)}


def test_a_corrected_text_is_read_again_for_the_next_page(engine: SearchEngine) -> None:
    title = "危险化学品\n经营 许可"
    index(engine, [document("a", title), document("b", title)])
    first = find_with_names(engine, [title], "危险化学品经营许克", limit=1)
    following = find_with_names(engine, [title], first.text, limit=1, cursor=first.page.cursor)
    assert {hit.span for page in (first.page, following.page) for hit in page.hits} == {"a", "b"}


@pytest.mark.parametrize("typed", ['"passport"', "“注册公司”", "passport -fee"])
def test_what_is_quoted_or_excluded_is_not_turned_into_other_words(engine: SearchEngine, typed: str) -> None:
    index(engine, [document("a", "护照收费"), document("b", "企业设立登记"), document("c", "公司注册")])
    finding = find_names(engine, typed)
    assert (finding.did_you_mean, finding.page.hits) == (None, ())


def test_only_as_much_of_a_text_as_is_searched_is_corrected(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected: list[str] = []
    monkeypatch.setattr("search.find.find_nearest_name", lambda text, _: corrected.append(text))
    index(engine, [document("a", "危险化学品登记")])
    find_names(engine, "危险化学品登计 " * 1_000)
    assert [len(text) for text in corrected] == [LONGEST]
