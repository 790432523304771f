"""Hits of a query and their order."""

from __future__ import annotations

import pytest

from search.contract import Document, SearchEngine
from tests.search.documents import document, index, search, spans

FILLER = [document(f"f{i}", f"第{i}类普通事项", "依照有关规定办理") for i in range(5)]


def with_filler(*documents: Document) -> list[Document]:
    return [*FILLER, *documents]


def test_hits_contain_all_words_in_any_field(engine: SearchEngine) -> None:
    both = [document(f"b{i}", "食品经营许可", f"第{i}号窗口办理") for i in range(20)]
    index(engine, with_filler(*both, document("one", "食品生产监督")))
    page = search(engine, "食品 许可", limit=100)
    assert (page.match, page.total) == ("all", 20)
    assert {hit.span for hit in page.hits} == {d.span for d in both}


def test_the_set_widens_when_few_documents_contain_all_words_and_strict_hits_stay_first(
    engine: SearchEngine,
) -> None:
    index(
        engine,
        with_filler(
            document("none", "道路运输证配发"),
            document("two", "危险化学品经营备案"),
            document("all", "危险化学品经营许可审批"),
        ),
    )
    page = search(engine, "危险化学品经营许可")
    assert page.match != "all"
    assert [hit.span for hit in page.hits] == ["all", "two"]
    assert page.total == 2


def test_a_wider_set_without_more_hits_is_not_reported(engine: SearchEngine) -> None:
    index(engine, with_filler(document("x", "食品经营许可")))
    page = search(engine, "食品经营")
    assert (page.match, page.total) == ("all", 1)


def test_most_words_come_before_any_word(engine: SearchEngine) -> None:
    two = [document(f"t{i}", f"食品许可{i}") for i in range(25)]
    index(engine, with_filler(*two, document("one", "卫生检查")))
    page = search(engine, "食品许可卫生", limit=50)
    assert (page.match, page.total) == ("most", 25)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("危險化學品經營許可", "危险化学品经营许可"),
        ("行政複議", "行政复议"),
        ("食品經營許可證核發", "食品经营许可证核发"),
        ("ＡＢＣ类许可", "abc类许可"),
        ("软件企业", "軟件企業認定"),
    ],
)
def test_traditional_and_wide_writings_find_the_same_as_the_plain_one(
    engine: SearchEngine, typed: str, title: str
) -> None:
    index(engine, with_filler(document("x", title)))
    assert spans(engine, typed)[0] == "x"


def test_a_query_in_traditional_characters_gives_what_the_simplified_one_gives(engine: SearchEngine) -> None:
    titles = [
        "危险化学品经营许可",
        "食品经营许可",
        "企业档案管理",
        "资料报送",
        "道路运输经营许可",
        "建立承印登记",
    ]
    index(engine, with_filler(*(document(f"x{i}", t) for i, t in enumerate(titles))))
    for plain, typed in (("经营许可", "經營許可"), ("企业档案", "企業檔案"), ("资料报送", "資料報送")):
        simple, traditional = (
            search(engine, plain, facets=("dataset",)),
            search(engine, typed, facets=("dataset",)),
        )
        assert simple == traditional
        assert simple.hits


def test_taiwans_wording_finds_the_mainlands(engine: SearchEngine) -> None:
    index(engine, with_filler(document("x", "软件产品登记"), document("y", "信息网络安全检查")))
    assert spans(engine, "軟體登記")[0] == "x"
    assert spans(engine, "網路安全")[0] == "y"


def test_anshan_is_not_found_in_maanshan(engine: SearchEngine) -> None:
    index(
        engine,
        [
            *(document(f"m{i}", f"马鞍山市第{i}项收费") for i in range(30)),
            document("a", "鞍山市污水处理费"),
            document("b", "城市道路占用费", "鞍山依据省规定征收"),
        ],
    )
    assert set(spans(engine, "鞍山")) == {"a", "b"}
    assert set(spans(engine, "鞍山市")) == {"a", "b"}
    assert search(engine, "马鞍山", limit=50).total == 30


def test_a_word_does_not_match_across_the_boundary_of_two_others(engine: SearchEngine) -> None:
    index(
        engine,
        [
            *(document(f"g{i}", "年度计划", f"由市人民政府第{i}次会议批准") for i in range(30)),
            document("m", "社会团体登记", "由民政部门负责"),
        ],
    )
    assert spans(engine, "民政") == ["m"]
    assert search(engine, "人民政府").total == 30


def test_characters_in_no_dictionary_are_matched_literally(engine: SearchEngine) -> None:
    index(engine, with_filler(document("x", "湉湉水务特许"), document("y", "品经甲乙")))
    assert spans(engine, "湉湉") == ["x"]
    assert spans(engine, "品经")[0] == "y"


@pytest.mark.parametrize("typed", ["市发改委", "发展和改革委员会", "发展改革委"])
def test_a_body_is_found_by_its_alias(engine: SearchEngine, typed: str) -> None:
    index(
        engine,
        with_filler(document("x", "节能审查", "由发展和改革委员会办理"), document("y", "价格监测", "发改委")),
    )
    assert set(spans(engine, typed)[:2]) == {"x", "y"}


def test_a_policy_term_is_found_by_its_other_wording(engine: SearchEngine) -> None:
    index(engine, with_filler(document("x", "关于推行一照一码登记制度的意见")))
    page = search(engine, "三证合一")
    assert [hit.span for hit in page.hits] == ["x"]
    assert page.match == "all"


@pytest.mark.parametrize(
    "typed",
    [
        "鞍政发〔2015〕34号",
        "鞍政发[2015]34号",
        "鞍政发（2015）34号",
        "鞍政发【２０１５】３４号",
        "鞍政发 2015 34",
        "〔2015〕34号",
    ],
)
def test_a_document_number_in_any_writing_finds_its_document_first(engine: SearchEngine, typed: str) -> None:
    number = "鞍政发〔2015〕34号"
    index(
        engine,
        with_filler(
            document(
                "cites", "简政放权实施细则", "根据鞍政发〔2015〕34号", numbers=("鞍政办发〔2016〕3号", number)
            ),
            document("own", "关于简政放权工作方案的通知", numbers=(number, "辽政发〔2015〕19号")),
            document("other", "鞍政发〔2014〕34号", numbers=("鞍政发〔2014〕34号",)),
        ),
    )
    assert spans(engine, typed)[:2] == ["own", "cites"]
    assert "other" not in spans(engine, typed)


def test_text_that_does_not_match_is_not_marked(engine: SearchEngine) -> None:
    index(engine, [document("a", "市人民政府关于民政工作的通知", "由县级人民政府负责")])
    (hit,) = search(engine, "民政").hits
    assert (hit.title.marks, hit.excerpts) == (((7, 9),), ())


def test_a_year_or_a_sign_alone_is_not_marked_for_a_number(engine: SearchEngine) -> None:
    number = "鞍政发〔2015〕34号"
    index(engine, [document("own", "关于印发2015年工作方案的通知", f"（{number}）第9号", numbers=(number,))])
    hit = search(engine, "鞍政发[2015]34号").hits[0]
    assert hit.title.marks == ()
    (excerpt,) = hit.excerpts
    assert [excerpt.text[s:e] for s, e in excerpt.marks] == [number]
    assert search(engine, "2015").hits[0].title.marks == ((4, 8),)


def test_a_number_and_words_must_both_match(engine: SearchEngine) -> None:
    number = "国发〔2013〕44号"
    index(
        engine,
        with_filler(
            document("x", "取消煤炭生产许可", numbers=(number,)),
            document("y", "取消导游资格", numbers=(number,)),
        ),
    )
    assert spans(engine, "国发[2013]44号 煤炭")[0] == "x"


def test_quoted_words_must_be_adjacent(engine: SearchEngine) -> None:
    index(engine, with_filler(document("x", "道路运输经营许可"), document("y", "运输道路")))
    assert spans(engine, "“道路运输”") == ["x"]
    assert spans(engine, '"道路运输"') == ["x"]


def test_the_title_that_was_typed_comes_before_texts_that_mention_it(engine: SearchEngine) -> None:
    index(
        engine,
        with_filler(
            *(
                document(
                    f"m{i}",
                    f"对食品经营者第{i}项违法行为的处罚",
                    "取得食品经营许可后，食品经营许可载明事项变化",
                )
                for i in range(8)
            ),
            document("x", "食品经营许可", "《食品安全法》第三十五条"),
        ),
    )
    assert spans(engine, "食品经营许可")[0] == "x"


def test_question_words_are_optional(engine: SearchEngine) -> None:
    index(
        engine,
        with_filler(document("x", "餐饮服务许可", "应当取得"), document("y", "什么是开办证", "怎么要办")),
    )
    page = search(engine, "开饭店要办什么证？")
    assert ([hit.span for hit in page.hits], page.match) == (["x"], "all")


def test_scores_never_rise_down_the_page_of_one_set(engine: SearchEngine) -> None:
    index(engine, [document(f"x{i}", "经营许可" * (i % 5 + 1), "许可" * i) for i in range(60)])
    scores = [hit.score for hit in search(engine, "经营许可", limit=60).hits]
    assert scores == sorted(scores, reverse=True)
