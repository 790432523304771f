"""Meaning of the signs of the query language, on every engine."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import find
from search.chinese import pinyin, thesaurus
from search.contract import FacetValue, Page, Request, SearchEngine
from search.query.field_filters import NUMBER, FilterFields
from search.query.name_index import Names
from tests.search.documents import TODAY, call, document, index, search, spans

FIELDS = FilterFields(
    names={
        "部门": "body",
        "body": "body",
        "类型": "type",
        "地区": "division",
        "文号": NUMBER,
        "清单": "dataset",
    },
    titles={"dataset": {"fees": "收费目录", "powers": "权力清单"}},
)
DOCUMENTS = [
    document("f1", "教育收费", dataset="fees", body="鞍山市财政局", type="行政征收", division=("21", "2103")),
    document(
        "f2", "道路收费", dataset="fees", body="马鞍山市财政局", type="行政征收", division=("34", "3405")
    ),
    document("p1", "教育许可", dataset="powers", body="市教育局", type="行政许可", division=("21", "2103")),
    document(
        "p2", "道路运输许可", dataset="powers", body="市人民政府", type="行政许可", division=("21", "2103")
    ),
    document(
        "p3", "运输道路检查", dataset="powers", body="市民政局", type="行政检查", division=("21", "2103")
    ),
    document(
        "p4", "节能审查", dataset="powers", body="市发展和改革委员会", type="行政许可", division=("21",)
    ),
    *(document(f"x{n}", f"第{n}类普通事项", dataset="powers") for n in range(30)),
]


def find_page(engine: SearchEngine, text: str, **options: object) -> Page:
    async def names() -> Names:
        analyzer, words = thesaurus.load_language()
        return Names((), analyzer, words, pinyin.load_pinyin(analyzer))

    async def search_names() -> Page:
        request = Request(text, as_of=TODAY, **options)  # type: ignore[arg-type]  # options are the test's own
        return (await find.find(engine, names, request, FIELDS)).page

    page: Page = call(search_names)
    return page


def matching_spans(engine: SearchEngine, text: str) -> set[str]:
    return {hit.span for hit in find_page(engine, text).hits}


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("“道路运输”", {"p2"}),
        ("教育 -收费", {"p1"}),
        ("-教育 收费", {"f2"}),
        ("道路 -“道路运输”", {"f2", "p3"}),
        ("收费 或 审查", {"f1", "f2", "p4"}),
        ("收费 OR 节能审查 OR 检查", {"f1", "f2", "p3", "p4"}),
        ("道路 收费 或 检查", {"f2", "p3"}),
        ("“道路 运输许可”", {"p2"}),
        ("節能 | 收費", {"f1", "f2", "p4"}),
    ],
)
def test_signs_mean_what_people_expect(engine: SearchEngine, typed: str, hits: set[str]) -> None:
    index(engine, DOCUMENTS)
    page = search(engine, typed)
    assert {hit.span for hit in page.hits[: page.all_words_total]} == hits
    assert page.all_words_total == len(hits)


def test_exclusions_alone_return_the_rest(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    page = search(engine, "-普通", limit=100)
    assert {hit.span for hit in page.hits} == {"f1", "f2", "p1", "p2", "p3", "p4"}


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("部门:财政局", {"f1", "f2"}),
        ("部门:鞍山市财政局", {"f1"}),
        ("部门:民政", {"p3"}),
        ("部门：发改委", {"p4"}),
        ("BODY:教育局 许可", {"p1"}),
        ("类型:行政许可 -部门:教育局", {"p2", "p4"}),
        ("类型:行政许可 类型:行政检查 道路", {"p2", "p3"}),
        ("地区:马鞍山", {"f2"}),
        ("地区:210300 收费", {"f1"}),
        ("部門:財政局 地區:馬鞍山", {"f2"}),
        ("地区:２１０３００ 收费", {"f1"}),
        ("清单:收费目录 教育", {"f1"}),
        ("类型:没有这种类型", set()),
    ],
)
def test_fields_narrow_by_what_their_values_are_called(
    engine: SearchEngine, typed: str, hits: set[str]
) -> None:
    index(engine, DOCUMENTS)
    assert matching_spans(engine, typed) == hits


def test_a_field_finds_a_rare_value_among_very_many(engine: SearchEngine) -> None:
    bodies = [f"第{n}区教育局" for n in range(1_100) for _ in range(2)] + ["丙县财政局"]
    index(engine, [document(f"b{n}", "教育", body=body) for n, body in enumerate(bodies)])
    assert matching_spans(engine, "部门:财政局") == {"b2200"}


def test_a_field_and_a_filter_must_both_match(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    assert find_page(engine, "部门:财政局 收费", filters={"body": ("鞍山市财政局", "市教育局")}).total == 1
    assert find_page(engine, "部门:财政局", filters={"body": ("市教育局",)}).total == 0
    assert find_page(engine, "收费", excluded={"body": ("鞍山市财政局",)}).total == 1


def test_a_name_that_is_not_a_field_is_text(engine: SearchEngine) -> None:
    index(engine, [*DOCUMENTS, document("t", "时间:教育")])
    assert matching_spans(engine, "时间:教育") >= {"t"}


def test_a_facet_keeps_its_own_dimension_open(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    page = search(engine, "许可 或 收费", facets=("type", "body", "dataset"), filters={"type": ("行政许可",)})
    assert page.total == 2
    assert page.facets["type"] == (FacetValue("行政征收", 2), FacetValue("行政许可", 2))
    assert page.facets["body"] == (FacetValue("市人民政府", 1), FacetValue("市教育局", 1))
    assert page.facets["dataset"] == (FacetValue("powers", 2),)


def test_two_open_facets_each_leave_out_only_their_own_filter(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    chosen = {"type": ("行政许可",), "dataset": ("powers",)}
    page = search(engine, "教育", facets=("type", "dataset"), filters=chosen)
    assert page.total == 1
    assert page.facets["type"] == (FacetValue("行政许可", 1),)
    assert page.facets["dataset"] == (FacetValue("powers", 1),)
    del chosen["type"]
    assert search(engine, "教育", facets=("dataset",), filters=chosen).facets["dataset"] == (
        FacetValue("fees", 1),
        FacetValue("powers", 1),
    )


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        *(("34号", ["own", "cites"]), ("第34号", ["own", "cites"]), ("（2015）34号", ["own", "cites"])),
        *(("2015", ["own"]), ("2015年34号", ["own"]), ("２０１５ ３４", ["own"])),
        *(("鞍政发34号", ["own"]), ("文号:34", ["own"]), ("鞍政發（２０１５）３４號", ["own", "cites"])),
        *(("鞍政发 34", ["own"]), ("鞍政发〔2015〕", ["own"])),
    ],
)
def test_a_part_of_a_number_finds_its_document_first(
    engine: SearchEngine, typed: str, first: list[str]
) -> None:
    number = "鞍政发〔2015〕34号"
    index(
        engine,
        [
            *(document(f"y{n}", f"2015年第{n}号事项", "鞍政发 2015 年度") for n in range(15)),
            document("cites", "实施细则", "根据鞍政发〔2015〕34号", numbers=("鞍政办发〔2016〕3号", number)),
            document("own", "工作方案的通知", numbers=(number, "辽政发〔2014〕19号")),
        ],
    )
    assert [hit.span for hit in find_page(engine, typed).hits][: len(first)] == first


def test_hits_state_their_reasons(engine: SearchEngine) -> None:
    index(
        engine,
        [
            document("a", "一照一码登记", "由发展和改革委员会办理", numbers=("国发〔2015〕50号",)),
            *(document(f"x{n}", f"第{n}类") for n in range(5)),
        ],
    )
    (hit,) = search(engine, "三证合一 发改委 登记 国发[2015]50号", explain=True).hits
    reasons = {(r.word, r.form, r.how, r.fields) for r in hit.reasons}
    assert reasons == {
        ("国发〔2015〕50号", "国发〔2015〕50号", "own-number", ()),
        ("三证合一", "一照一码", "synonym", ("name",)),
        ("发改委", "发展和改革委员会", "alias", ("basis",)),
        ("登记", "登记", "word", ("name",)),
    }
    assert search(engine, "登记").hits[0].reasons == ()


def test_a_match_by_the_stem_of_a_body_or_by_a_cited_number_is_a_reason_of_its_own(
    engine: SearchEngine,
) -> None:
    index(
        engine,
        [
            document("stem", "价格鉴定费", "发展改革", body="发展改革"),
            document("text", "设立审批", "《行政许可的决定》（国务院令第412号）"),
            document("term", "工作方案", "推进简政放权、放管结合、优化服务"),
        ],
    )

    def reasons(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
        (hit,) = search(engine, text, explain=True).hits
        return [(reason.form, reason.how, reason.fields) for reason in hit.reasons]

    assert reasons("发改委") == [("发展改革", "alias", ("basis",))]
    assert reasons("国务院令412") == [("国务院令第412号", "cited-number", ("basis",))]
    assert reasons("412号") == [("412号", "word", ("basis",))]
    assert reasons("放管服") == [("简政放权、放管结合、优化服务", "synonym", ("basis",))]


TYPED = st.text(alphabet='道路收费"“”-－|: 或OR()[]{}*?~^\\/+&!类型:部门文号〔〕2015号', max_size=50)
SIGNS = (
    *("道路", "收费", "教育许可", "或", "OR", "|", "-", "－", "--", '-"', " ", "\u3000", "\t", "\u00a0"),
    *(
        '"',
        "“",
        "”",
        "「",
        "」",
        "『",
        "〟",
        "部门:",
        "部门：",
        "-类型:",
        "文号:",
        "地区:鞍山",
        "时间:",
        ":",
        "：",
    ),
    *('部门:"市财政局"', "类型:“行政许可”", "鞍政发〔2015〕34号", "（2015）34号", "34号", "〔", "号", "令"),
    *("😀", "\U00020bb7", "\u202e", "\u200f", "\u200d", "\x00", "\x1b", "\ud800", "\ufffe", "e\u0301"),
    *('{"match_all":{}}', "*:*", "_exists_:body", "' OR 1=1 --", "${1}", "%00", "<b>", "\\", "许" * 99),
)
COMPOSED = st.lists(st.sampled_from(SIGNS), max_size=14).map("".join)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TYPED | COMPOSED | st.text(max_size=60))
def test_nothing_typed_is_an_error_or_reaches_the_engines_own_language(
    engine: SearchEngine, text: str
) -> None:
    if not call(engine.count):
        index(engine, DOCUMENTS)
    page = find_page(engine, text, facets=("type",))
    assert 0 <= page.all_words_total <= page.total <= len(DOCUMENTS)
    assert len(page.hits) == min(page.total, 20)


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "*:*",
        "facets.type:行政许可",
        "title:教育",
        "_exists_:body",
        "教育~2",
        "/.*/",
        "教*",
        "{!parent}",
        "span:f1",
    ],
)
def test_the_engines_own_operators_are_only_text(engine: SearchEngine, typed: str) -> None:
    index(engine, DOCUMENTS)
    words = [c for c in typed if c >= "\u4e00" or c.isdigit()]
    page = find_page(engine, typed)
    assert page.total < len(DOCUMENTS)
    for hit in page.hits:
        assert any(c in next(d.title for d in DOCUMENTS if d.span == hit.span) for c in words)


def test_hits_come_from_this_index_only(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    assert set(spans(engine, "教育 或 道路", limit=50)) == {"f1", "f2", "p1", "p2", "p3"}
