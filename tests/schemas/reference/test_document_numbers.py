"""发文字号 and statutes: found without separators, printed in one form, parsed as people type them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reference.document_numbers import Citation, find_citations, parse_number, split_citations

BRACKETS = ["〔〕", "[]", "［］", "()", "（）", "【】", "﹝﹞"]
CODES = [
    "鞍政发",
    "国办发",
    "财综",
    "发改价格规",
    "陕价行函",
    "国发明电",
    "计价格",
    "公境外",
    "广发外字",
    "晋财综函",
]
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

numbers = st.builds(
    Citation,
    kind=st.just("document"),
    issuer=st.sampled_from(CODES),
    year=st.integers(1949, 2035),
    number=st.integers(1, 9999),
    year_first=st.booleans(),
)


def standard_forms(texts: list[Citation]) -> list[str]:
    return [c.standard for c in texts]


@given(
    numbers,
    st.sampled_from(BRACKETS),
    st.booleans(),
    st.sampled_from(["", " ", "\u3000", "\n"]),
    st.booleans(),
)
def test_a_number_in_any_writing_is_read_back_as_itself(
    number: Citation, brackets: str, wide: bool, gap: str, ordinal: bool
) -> None:
    text = number.standard.replace("〔", gap + brackets[0]).replace("〕", brackets[1] + gap)
    if ordinal:
        text = text.replace(f"{number.number}号", f"第{number.number}号")
    text = text.translate(FULL_WIDTH) if wide else text
    citation = parse_number(text)
    assert citation is not None
    assert citation.standard == number.standard
    assert standard_forms(find_citations(text)) == [number.standard]


@given(st.lists(numbers, min_size=1, max_size=8), st.sampled_from(["", "、", ",", "，", "; ", "."]))
def test_numbers_that_run_together_are_all_found_with_their_own_text(
    row: list[Citation], between: str
) -> None:
    text = between.join(n.standard for n in row)
    citations = find_citations(text)
    assert standard_forms(citations) == [n.standard for n in row]
    assert [text[c.start : c.end] for c in citations] == [c.text for c in citations] == standard_forms(row)
    assert split_citations(text) == (standard_forms(row), [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("国发明电[1994]2号、23号", ["国发明电〔1994〕2号", "国发明电〔1994〕23号"]),
        ("[1992]价费字240号", ["〔1992〕价费字240号"]),
        ("[1992]财预字第111号", ["〔1992〕财预字111号"]),
        ("计价格[1999]466号,[1992]价费字198号", ["计价格〔1999〕466号", "〔1992〕价费字198号"]),
        ("财税﹝2017﹞18号.晋财综[2017]20号", ["财税〔2017〕18号", "晋财综〔2017〕20号"]),
        (
            "根据鞍政发〔2015〕34号和辽政发（２０１５）１９ 号文件",
            ["鞍政发〔2015〕34号", "辽政发〔2015〕19号"],
        ),
        ("国务院令第60号、国发[1986]50号", ["国务院令第60号", "国发〔1986〕50号"]),
        ("（2004年6月29日国务院令第412号发布）", ["国务院令第412号"]),
        ("国务院第412号令", ["国务院令第412号"]),
        ("中华人民共和国主席令第七十四号", ["主席令第74号"]),
        ("国家发展改革委令2016年第36号", ["国家发展改革委令2016年第36号"]),
        ("（2019年主席令第29号修正）", ["主席令第29号"]),
        ("鞍政发〔2015〕034号", ["鞍政发〔2015〕34号"]),
        ("国发〔2014〕5、27号", ["国发〔2014〕5号", "国发〔2014〕27号"]),
        ("国发〔2014〕5号、〔2015〕27号", ["国发〔2014〕5号", "国发〔2015〕27号"]),
        ("国务院令第588号、第591号", ["国务院令第588号", "国务院令第591号"]),
        ("国务院第588、591号令", ["国务院令第588号", "国务院令第591号"]),
        ("国务院令（第588号）", ["国务院令第588号"]),
        ("主席令（十届）第七号", ["主席令第7号"]),
        ("海关总署2019年第39号公告", ["海关总署公告2019年第39号"]),
        ("交通部2005年第6号令", ["交通部令2005年第6号"]),
        *((f"国发{year}5号", ["国发〔2014〕5号"]) for year in ("〈2014〉", "《2014》", "「2014」", "<2014>")),
        *((f"国发〔{year}〕{n}号", ["国发〔2014〕5号"]) for year, n in (("二〇一四", 5), (2014, "五"))),
        ("国发2014年5号文", ["国发〔2014〕5号"]),
        ("国发〔2014〕字第5号", ["国发〔2014〕5号"]),
        ("（2016）三号线", []),
        ("國發〔2014〕5號", ["国发〔2014〕5号"]),
        ("2015年第34次会议，本令第3号牌", []),
        ("关于延期申报的通告2020年第2号，出台了公告2020年第4号", []),
        ("辽政发〔201519号", []),
    ],
)
def test_forms_seen_in_real_documents_are_found(text: str, expected: list[str]) -> None:
    assert standard_forms(find_citations(text)) == expected


@pytest.mark.parametrize(
    "words",
    [
        *(
            "经",
            "已由",
            "被",
            "以",
            "将",
            "对",
            "自",
            "在",
            "从",
            "据",
            "除",
            "列入",
            "不适用",
            "依据为",
            "文号为",
        ),
        *("2014年", "2014年11月", "《水法》第七条", "《水法》第七条第二款", "附件2第12项", "确保", "附件一"),
        *("但", "并", "而", "凡", "含", "用", "继续执行", "包括", "国资委", "以鞍政发〔2010〕1号、"),
        *(
            "国务院",
            "国务院办公厅",
            "财政部",
            "省物价局",
            "原国家计委",
            "市政府办公室",
            "财政部 国家发展改革委",
        ),
    ],
)
@pytest.mark.parametrize("number", ["国发〔2014〕5号", "国办发〔2014〕5号", "辽政发〔2014〕5号"])
def test_words_and_bodies_before_a_number_are_not_of_its_code(words: str, number: str) -> None:
    assert standard_forms(find_citations(words + number))[-1] == number


@pytest.mark.parametrize(
    "number",
    [
        *(
            "自然资发〔2020〕3号",
            "鞍经信发〔2012〕3号",
            "和政发〔2015〕3号",
            "即政发〔2012〕5号",
            "日政发〔2015〕3号",
        ),
        *(
            "从府〔2012〕3号",
            "将政〔2012〕3号",
            "人社部发〔2012〕3号",
            "人社厅函〔2012〕3号",
            "工信部民爆函〔2012〕3号",
            "本政发〔2012〕3号",
            "原政发〔2012〕3号",
            "数据发〔2024〕3号",
            "信用发〔2012〕3号",
        ),
        *(
            "粤府办〔2012〕3号",
            "沪教委财〔2012〕3号",
            "鞍政办发〔2012〕3号",
            "财会〔2016〕22号",
            "国经贸〔2002〕3号",
        ),
        *("并财综〔2012〕3号", "含政发〔2012〕3号", "随州政发〔2012〕3号", "原州政发〔2012〕3号"),
        *("示政公告〔2026〕2号", "陕价行函〔2012〕3号", "国土资厅发〔2012〕3号", "鞍委办发〔2012〕3号"),
    ],
)
def test_a_code_keeps_characters_that_are_also_words(number: str) -> None:
    assert standard_forms(find_citations(number)) == [number]
    assert standard_forms(find_citations(f"根据{number}")) == [number]


@pytest.mark.parametrize(
    "words",
    ["经", "以", "被", "违反", "但", "二、", "行政法规", "《水法》第七条", "《水法》第七条第二款", "原"],
)
@pytest.mark.parametrize(
    "issuer", ["国务院", "国家经贸委", "对外贸易经济合作部", "自然资源部", "国务院、中央军委"]
)
def test_words_before_an_order_are_not_of_its_issuer(words: str, issuer: str) -> None:
    assert standard_forms(find_citations(f"{words}{issuer}令第30号"))[-1] == f"{issuer}令第30号"


def test_a_statute_keeps_its_articles() -> None:
    (water,) = find_citations("依据《中华人民共和国水土保持法》第二十五条、第二十六条")
    assert (water.kind, water.title) == ("statute", "中华人民共和国水土保持法")
    assert water.article == "第二十五条、第二十六条"
    assert water.standard == "《中华人民共和国水土保持法》第二十五条、第二十六条"


def test_an_article_is_found_behind_the_brackets_of_the_version() -> None:
    text = "《行政许可法》（2003年8月27日通过，2019年修正）\n    第三十条、第三十四条"
    (law,) = find_citations(text)
    assert law.article == "第三十条、第三十四条"
    assert split_citations(text) == (
        ["《行政许可法》（2003年8月27日通过，2019年修正）第三十条、第三十四条"],
        [],
    )


def test_an_item_in_brackets_is_part_of_the_article() -> None:
    text = "《价格法》第四条第（一）项财综〔2003〕45号"
    assert split_citations(text) == (["《价格法》第四条第（一）项", "财综〔2003〕45号"], [])


def test_a_title_inside_a_title_is_part_of_it() -> None:
    assert standard_forms(find_citations("《关于修改〈中华人民共和国专利法〉的决定》")) == [
        "《关于修改〈中华人民共和国专利法〉的决定》"
    ]
    assert standard_forms(find_citations("《关于转发国发〔2013〕27号文件的通知》")) == [
        "《关于转发国发〔2013〕27号文件的通知》"
    ]


def test_less_than_and_greater_than_signs_are_not_title_marks() -> None:
    assert find_citations("水温<60度、压力>2兆帕") == []
    assert standard_forms(find_citations("《浙江省实施<中华人民共和国慈善法>办法》第三条")) == [
        "《浙江省实施<中华人民共和国慈善法>办法》第三条"
    ]
    assert standard_forms(find_citations("依据＜中华人民共和国水法＞第七条")) == [
        "《中华人民共和国水法》第七条"
    ]


def test_a_number_in_brackets_stays_with_its_title_and_a_missing_bracket_stays_missing() -> None:
    two = "《出版管理条例》（国务院令第594号）《关于加强弩管理的通知》（公治〔1999〕1646号）"
    assert split_citations(two)[0] == [
        "《出版管理条例》（国务院令第594号）",
        "《关于加强弩管理的通知》（公治〔1999〕1646号）",
    ]
    assert split_citations("《危险化学品安全管理条例》（国务院令第591号")[0] == [
        "《危险化学品安全管理条例》（国务院令第591号"
    ]


def test_text_that_is_not_a_reference_keeps_its_place_and_is_reported() -> None:
    assert split_citations("财综[2003]45号、省政府批准、《教育法》") == (
        ["财综〔2003〕45号", "省政府批准", "《教育法》"],
        ["省政府批准"],
    )


@pytest.mark.parametrize(
    ("typed", "standard"),
    [
        ("鞍政发 2015 34", "鞍政发〔2015〕34号"),
        ("鞍政发[2015]34号", "鞍政发〔2015〕34号"),
        ("鞍政发2015-34", "鞍政发〔2015〕34号"),
        ("鞍政发201534号", "鞍政发〔2015〕34号"),
        ("鞍政发2015年第34号文件", "鞍政发〔2015〕34号"),
        ("（2015）34号", "〔2015〕34号"),
        ("国务院令412", "国务院令第412号"),
        ("国务院412号令", "国务院令第412号"),
        ("[1992]价费字第240号", "〔1992〕价费字240号"),
    ],
)
def test_a_typed_number_is_parsed(typed: str, standard: str) -> None:
    citation = parse_number(typed)
    assert citation is not None
    assert citation.standard == standard
    assert (citation.text, citation.start, citation.end) == (typed, 0, len(typed))


@pytest.mark.parametrize(
    "typed",
    [
        "财政部国发〔2014〕5号",
        "关于鞍政发〔2015〕34号",
        "公告2019年第39号",
        "国发〔2014〕5、27号",
        "国发〔2014〕5号、27号",
    ],
)
def test_a_typed_number_with_more_than_one_number_gives_none(typed: str) -> None:
    assert parse_number(typed) is None


@pytest.mark.parametrize(
    "typed", ["", "食品经营许可", "2015", "2015年34号", "关于2015年34号", "开饭店要办什么证", "34号"]
)
def test_text_that_is_not_a_number_gives_none(typed: str) -> None:
    assert parse_number(typed) is None


@given(st.text("国发令第号《》[]〔2015〕34条一二、， \n", max_size=60))
def test_any_text_is_searched_without_error_and_spans_never_overlap_but_in_a_version(text: str) -> None:
    citations = find_citations(text)
    assert [c.start for c in citations] == sorted(c.start for c in citations)
    for citation in citations:
        assert text[citation.start : citation.end] == citation.text
    numbers = [c for c in citations if c.kind != "statute"]
    assert all(a.end <= b.start for a, b in pairwise(numbers))


@given(st.text("国发令第号《》（）〔2015〕34条一二、， ", max_size=40))
def test_a_list_printed_and_read_again_stays_the_same(text: str) -> None:
    once = "；".join(split_citations(text)[0])
    assert "；".join(split_citations(once)[0]) == once


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "国",
        "《",
        "[2015]",
        "令第",
        "《a》[",
        "一",
        "财综[2003]45号",
        "《a》鞍政发[2015]2号",
        "《a《b》",
        "(",
        "〔1992",
    ],
)
def test_hostile_repetition_is_parsed_in_linear_time(unit: str) -> None:
    # An algorithm of quadratic time would take minutes here.
    text = unit * (100_000 // len(unit)) + "号"
    assert all(0 <= citation.start < citation.end <= len(text) for citation in find_citations(text))
    parse_number(text)
