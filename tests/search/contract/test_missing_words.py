"""What is not held is said: the words that nothing contains, and only hits that contain the others."""

from __future__ import annotations

import pytest

from search.contract import SearchEngine
from search.missing_words import MOST_PARTIAL_HITS, MissingWords
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
    assert missing.partial_hits == ()


def test_near_hits_contain_the_other_words_and_are_few(filled: SearchEngine) -> None:
    missing = find_missing(filled, "月球 饮用水 许可")
    assert missing is not None
    assert missing.words == ("月球",)
    assert len(missing.partial_hits) == MOST_PARTIAL_HITS
    assert all("饮用水" in hit.title.text for hit in missing.partial_hits)


def test_no_hit_is_near_by_one_character_alone(filled: SearchEngine) -> None:
    index(filled, [document("shop", "公共场所卫生许可（理发店）")])
    missing = find_missing(filled, "彩票店申请")
    assert missing is not None
    assert missing.words == ("彩票",)
    assert missing.partial_hits == ()


def test_near_hits_are_all_that_is_offered(filled: SearchEngine) -> None:
    page = find_with_names(filled, TITLES, "月球 饮用水 许可", limit=2, facets=("dataset",)).page
    assert len(page.hits) == page.total == MOST_PARTIAL_HITS
    assert page.cursor is None
    assert page.facets == {"dataset": ()}


@pytest.mark.parametrize(
    ("typed", "searched", "title"),
    [
        ("香烟许可证", "烟草 许可证", "烟草专卖零售许可证核发"),
        ("查档案", "档案", "档案馆未开放档案的审查"),
        ("低保户标准", "低保 标准", "最低生活保障标准"),
        ("民办幼儿园收费", "幼儿园 收费", "普惠性幼儿园收费"),
        ("倾倒垃圾", "倾倒 垃圾", "对向水体倾倒船舶垃圾的处罚"),
        ("怎么注册一家公司", "企业设立登记", "企业设立登记（营业执照）"),
        ("公司注册要多久", "企业设立登记", "企业设立登记（营业执照）"),
        ("养狗要办证吗", "养犬 或 犬 办证", "养犬登记，发给犬证，办证免费"),
    ],
)
def test_an_everyday_word_that_occurs_nowhere_is_searched_as_the_lists_say_it(
    filled: SearchEngine, typed: str, searched: str, title: str
) -> None:
    index(filled, [document("said", title)])
    answer = find_with_names(filled, TITLES, typed)
    assert answer.missing is None
    assert answer.did_you_mean == searched
    assert [hit.title.text for hit in answer.page.hits] == [title]


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("外地人居住证", "居住证"),
        ("工厂居住证", "居住证"),
        ("高中一学期学费", "高中 学费"),
        ("私自雇佣童工", "童工"),
        ("贫困家庭低保补助", "低保 补助"),
    ],
)
def test_words_beside_the_matter_are_left_out_where_a_title_names_the_matter(
    filled: SearchEngine, typed: str, searched: str
) -> None:
    index(
        filled,
        [
            document("permit", "居住证申领"),
            document("fee", "普通高中学费"),
            document("child", "对非法使用童工的处罚"),
            document("aid", "最低生活保障金补助"),
        ],
    )
    answer = find_with_names(filled, TITLES, typed)
    assert answer.missing is None
    assert answer.did_you_mean == searched
    assert answer.page.all_words_total == 1


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ("奥数培训收费", ("奥数",)),  # rarer than what titles name
        ("美国居住证", ("美国",)),  # a place
        ("外地人 居住证", ("外地人",)),  # set apart by its writer
        ("外地人听证", ("外地人",)),  # no title names 听证
        ("会计证考试", ("考试",)),  # 会计 is not 会计证
    ],
)
def test_a_word_is_missing_where_it_is_the_matter_or_nothing_else_is(
    filled: SearchEngine, typed: str, missing: tuple[str, ...]
) -> None:
    index(
        filled,
        [document("permit", "居住证申领"), document("train", "职业培训"), document("b", "会计检查", "听证")],
    )
    answer = find_with_names(filled, TITLES, typed).missing
    assert answer is not None
    assert answer.words == missing


def test_no_hit_of_a_wider_set_matches_by_a_word_of_every_item_alone(filled: SearchEngine) -> None:
    index(filled, [document("a", "最低生活保障金给付"), document("b", "永久居留申请")])
    page = find_with_names(filled, TITLES, "低保怎么申请").page
    assert page.match == "any"
    assert [hit.title.text for hit in page.hits] == ["最低生活保障金给付"]
    assert find_with_names(filled, TITLES, "申请").page.total == 1


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


def test_a_word_of_grammar_with_a_character_beside_it_is_nothing_that_is_not_held(
    filled: SearchEngine,
) -> None:
    assert find_missing(filled, "去饮用水玩要办什么许可") is None
