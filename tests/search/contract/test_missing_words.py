"""What is not held is said: the words that nothing contains, and only hits that contain the others."""

from __future__ import annotations

import pytest

from search.contract import SearchEngine
from search.missing_words import NEAR, MissingWords
from tests.search.documents import document, find_with_names, index

TITLES = [
    "危险化学品经营许可",
    "道路运输经营许可",
    "旅馆业特种行业许可",
    "房屋租赁登记备案",
    *(f"饮用水供水单位卫生许可第{n}类" for n in range(9)),
]


def find_missing(engine: SearchEngine, text: str, **options: object) -> MissingWords | None:
    return find_with_names(engine, TITLES, text, facets=("dataset",), **options).missing


@pytest.fixture
def filled(engine: SearchEngine) -> SearchEngine:
    index(engine, (document(f"d{n}", title) for n, title in enumerate(TITLES)))
    return engine


@pytest.mark.parametrize("typed", ["烟草专卖许可", "烟草专卖许可证怎么办理", "烟草专卖 申请", "“烟草专卖”"])
def test_a_word_that_occurs_nowhere_is_named_and_no_hit_by_permit_alone_is_near(
    filled: SearchEngine, typed: str
) -> None:
    missing = find_missing(filled, typed)
    assert missing is not None
    assert "".join(missing.words) == "烟草专卖"
    assert missing.near == ()


def test_near_hits_contain_the_other_words_and_are_few(filled: SearchEngine) -> None:
    missing = find_missing(filled, "月球 饮用水 许可")
    assert missing is not None
    assert missing.words == ("月球",)
    assert len(missing.near) == NEAR
    assert all("饮用水" in hit.title.text for hit in missing.near)


@pytest.mark.parametrize(
    "typed",
    ["旅馆许可", "旅馆业 饮用水", "许可", "收费", "饮用水多少钱一吨", "房东", "危险化学品经营许克", " "],
)
def test_words_that_occur_or_say_nothing_or_have_a_legal_term_that_occurs_are_not_missing(
    filled: SearchEngine, typed: str
) -> None:
    index(filled, [document("law", "出租人应当登记")])
    assert find_missing(filled, typed) is None


def test_a_word_is_missing_where_the_filters_exclude_what_contains_it(filled: SearchEngine) -> None:
    index(filled, [document("other", "烟草专卖许可", dataset="other")])
    assert find_missing(filled, "烟草专卖许可") is None
    missing = find_missing(filled, "烟草专卖许可", excluded={"dataset": ("other",)})
    assert missing is not None
