"""Completion of names while typing, and correction of pinyin and typing errors."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.chinese import pinyin, thesaurus
from search.query.did_you_mean import find_nearest_name, split_compounds
from search.query.name_index import Name, Names
from tests.search import readings

ANALYZER, LEXICON = thesaurus.load_language()
PINYIN = pinyin.load_pinyin(ANALYZER)


def name_index(*entries: Name | str) -> Names:
    site_names = (n if isinstance(n, Name) else Name(n, "name", 1) for n in entries)
    return Names(site_names, ANALYZER, LEXICON, PINYIN)


SITE = name_index(
    "危险化学品经营许可",
    "危险化学品经营许可证变更",
    Name("食品经营许可", "name", 3),
    "不动产登记费",
    "银行卡清算机构准入",
    "海城市规划许可",
    Name("鞍政发〔2015〕34号", "number", 1),
    Name("鞍山市发展和改革委员会", "body", 7),
    "社會團體登記",
)


def complete_names(typed: str, limit: int = 10) -> list[str]:
    return [name.text for name in SITE.complete(typed, limit)]


@pytest.mark.slow
def test_the_readings_are_those_of_pypinyin() -> None:
    assert json.loads(readings.FILE.read_text(encoding="utf-8")) == readings.build_readings()


def test_u_with_diaeresis_is_typed_as_v() -> None:
    assert pinyin.strip_tones("lǚ lü nǚ café") == "lv lv nv cafe"
    assert pinyin.strip_tones("a4 纸") == "a4 纸"


def test_a_character_reads_as_in_its_word() -> None:
    assert PINYIN.syllables("银行行政会计重庆市abc许可12") == [
        *("yin", "hang", "xing", "zheng", "kuai", "ji", "chong", "qing", "shi"),
        *("abc", "xu", "ke", "12"),
    ]


def test_letters_divide_into_syllables_in_every_way() -> None:
    assert PINYIN.divide("xian") == [["xian"], ["xi", "an"]]
    assert PINYIN.divide("weix") == []
    assert ["wei", "x"] in PINYIN.divide("weix", open_end=True)
    assert PINYIN.divide("") == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("危险化学品", "危险化学品经营许可"),
        ("經營許可證", "危险化学品经营许可证变更"),
        ("weixianhuaxuep", "危险化学品经营许可"),
        ("wei xian hua", "危险化学品经营许可"),
        ("wēixiǎn huà", "危险化学品经营许可"),
        ("wei1 xian3", "危险化学品经营许可"),
        ("危险huax", "危险化学品经营许可"),
        ("wxhxp", "危险化学品经营许可"),
        ("whpjy", "危险化学品经营许可"),
        ("spjyxk", "食品经营许可"),
        ("yinhang", "银行卡清算机构准入"),
        ("鞍政发[2015", "鞍政发〔2015〕34号"),
        ("鞍政发 2015 34", "鞍政发〔2015〕34号"),
        ("２０１５", "鞍政发〔2015〕34号"),
        ("发改委", "鞍山市发展和改革委员会"),
        ("危化品经营", "危险化学品经营许可"),
        ("jingying", "食品经营许可"),
        ("社会团体", "社會團體登記"),
    ],
)
def test_a_name_is_completed_from_its_beginning_its_middle_its_alias_or_its_pinyin(
    typed: str, first: str
) -> None:
    assert complete_names(typed)[0] == first


def test_prefix_matches_come_before_other_matches_and_frequent_names_first() -> None:
    assert complete_names("食品") == ["食品经营许可"]
    assert complete_names("许可")[0] == "食品经营许可"
    assert complete_names("危")[0] == "危险化学品经营许可"
    assert len(complete_names("许可", limit=2)) == 2
    assert complete_names("，") == complete_names("") == []


def test_words_separated_by_spaces_complete_to_names_that_contain_all_of_them() -> None:
    assert complete_names("许可 化学") == ["危险化学品经营许可", "危险化学品经营许可证变更"]
    assert complete_names("许可 银行") == []


def test_a_word_is_not_completed_across_the_boundary_of_two_others() -> None:
    site = name_index("鞍山市人民政府办公室", "鞍山市民政局", "马鞍山市财政局")
    assert [n.text for n in site.complete("民政", 10)] == ["鞍山市民政局"]
    assert {n.text for n in site.complete("鞍山", 10)} == {"鞍山市民政局", "鞍山市人民政府办公室"}
    assert len(site.complete("民", 10)) == 2
    assert len(site.complete("马鞍", 10)) == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("weixian huaxuepin jingying xuke", "危险化学品经营许可"),
        ("WeixianHuaxuepinJingyingXuke", "危险化学品经营许可"),
        ("whpjyxk", "危险化学品经营许可"),
        ("wxhxpjyxk", "危险化学品经营许可"),
        ("危险化学品经营许克", "危险化学品经营许可"),
        ("危险化学品经银许可", "危险化学品经营许可"),
        ("危险化品经营许可", "危险化学品经营许可"),
        ("危险化化学品经营许可", "危险化学品经营许可"),
        ("危險化學品經營許剋", "危险化学品经营许可"),
        ("不动产等级费", "不动产登记费"),
        ("海城市规化许可", "海城市规划许可"),
        ("yinhangka", "银行卡"),
        ("wēixiǎn huàxué pǐn", "危险化学品"),
        ("wei1 xian3 hua4 xue2 pin3", "危险化学品"),
        ("危险huaxuepin", "危险化学品"),
        ("危险化学品xuke", "危险化学品许可"),
        ("危险化学品 xuke", "危险化学品许可"),
        ("weixian xuke", "危险 许可"),
        ("危险化学品经营许克 -变更", "危险化学品经营许可 -变更"),
        ("不动产登计 或 食品经营许克", "不动产登记 或 食品经营许可"),
        ("银卡机构准入", "银行卡清算机构准入"),
    ],
)
def test_pinyin_first_letters_and_typing_errors_are_corrected(typed: str, meant: str) -> None:
    assert find_nearest_name(typed, SITE) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "危险化学品经营许可",
        "经营许可证",
        "盐城市规划许可",
        "鞍政发〔2015〕35号",
        "完全不同的一件事情",
        "银卡",
        "食品 准入",
        "a类许可证",
        "abc",
        "q",
        "",
        "😀",
        "\ud800",
    ],
)
def test_text_that_is_in_a_name_or_near_none_is_not_corrected(typed: str) -> None:
    """A typed place, number or other whole word is intended, however near a name is."""
    assert find_nearest_name(typed, SITE) is None


def test_a_short_word_is_never_corrected_to_pieces_of_two_others() -> None:
    site = name_index("以公布的票价销售客票", "人力资源服务业务备案", "因私护照")
    assert (
        find_nearest_name("驾校", site)
        is find_nearest_name("物业", site)
        is find_nearest_name("jiaxiao", site)
        is None
    )
    assert find_nearest_name("护罩费", site) is None
    assert find_nearest_name("单位参保", name_index("文物保护单位保护范围")) is None
    assert find_nearest_name("护兆", site) == find_nearest_name("huzhao", site) == "护照"


def test_compound_words_are_split_and_signs_stay() -> None:
    assert split_compounds("拖欠工资", ANALYZER) == "拖欠 工资"
    assert split_compounds("体育彩票 -处罚", ANALYZER) == "体育 彩票 -处罚"
    assert split_compounds("民办幼儿园", ANALYZER) == "民办 幼儿园"
    assert (
        split_compounds("许可", ANALYZER)
        is split_compounds("", ANALYZER)
        is split_compounds("馬鞍山 ABC", ANALYZER)
        is None
    )


@given(st.text(max_size=300))
def test_no_text_is_an_error(typed: str) -> None:
    assert len(SITE.complete(typed, 5)) <= 5
    find_nearest_name(typed, SITE)
    split_compounds(typed, ANALYZER)


def test_a_site_without_names_completes_and_corrects_nothing() -> None:
    assert name_index().complete("许可", 10) == []
    assert find_nearest_name("许可证书", name_index()) is None
