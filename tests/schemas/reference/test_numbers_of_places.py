"""发文字号 and orders of places whose names have words of sentences, and lists of joint orders."""

from __future__ import annotations

from importlib.resources import files

import pytest

from schemas.reference import administrative_divisions
from schemas.reference.damaged_numbers import find_repair
from schemas.reference.document_numbers import find_citations, parse_number


def _find(text: str) -> list[str]:
    return [citation.standard for citation in find_citations(text)]


@pytest.mark.parametrize("before", ["", "（", "《甲办法》（", "按照", "根据", "。", "、", "以下为"])
def test_a_place_before_the_code_of_a_ministry_is_of_the_code(before: str) -> None:
    rows = (files("schemas") / "data" / "issuing_codes.tsv").read_text(encoding="utf-8").splitlines()[1:]
    issuers = [row.split("\t") for row in rows]
    ministries = [code for code, level, _, maker, _ in issuers if level == "国家级" and maker != "国务院"]
    places = [
        *"内遵自上如含后故若项并从将随原鞍辽日",
        *("黔南", "湘西", "延边", "无为", "阿克苏", "项城", "日照"),
    ]
    numbers = [
        f"{place}{code}〔2015〕1号" for place in places for code in ministries if len(place + code) <= 8
    ]
    assert len(numbers) > 1_000
    assert [n for n in numbers if _find(before + n)[-1:] != [n]] == []


@pytest.mark.parametrize(
    "number",
    [
        *(
            "内国税发〔2010〕1号",
            "项政办〔2020〕3号",
            "黔南国土资发〔2015〕1号",
            "阿克苏政发〔2014〕5号",
            "内蒙古政发〔2014〕5号",
        ),
        *(
            "辽发改项目〔2014〕5号",
            "鞍重点项目办发〔2014〕5号",
            "无为政发〔2014〕5号",
            "乐至国土资发〔2014〕5号",
        ),
        *("项城市人民政府令第5号", "无为市人民政府令第3号", "日照市人民政府令第5号", "月湖区人民政府令第5号"),
        *("故城县人民政府令第5号", "万年县人民政府令第5号", "犍为县人民政府令第5号", "荥经县人民政府令第5号"),
        *("自流井区人民政府令第5号", "定日县人民政府令第5号", "永年区人民政府令第5号"),
    ],
)
def test_a_number_of_a_place_whose_name_has_a_word_of_sentences_is_whole(number: str) -> None:
    assert parse_number(number) is not None
    for before in ("", "（", "根据", "按照"):
        assert _find(before + number) == [number]


@pytest.mark.parametrize("words", ["（三）项", "第3项", "该项", "3月5日", "第三款", "事项"])
@pytest.mark.parametrize("number", ["财综〔2014〕5号", "内财综〔2014〕5号"])
def test_the_place_in_a_document_or_a_day_before_a_number_is_not_of_its_code(words: str, number: str) -> None:
    assert _find(words + number) == [number]


@pytest.mark.parametrize("day", ["2014年", "2014年11月", "2014年11月24日", "（三）项"])
def test_a_day_before_a_number_without_brackets_is_not_of_its_code(day: str) -> None:
    assert _find(f"{day}国发2014年5号") == ["国发〔2014〕5号"]
    repair = find_repair(f"{day}国发〔20145号")
    assert repair is not None
    assert repair.value == "国发〔2014〕5号"


@pytest.mark.parametrize("issuer", ["公安部、交通部令", "中国人民银行、财政部令"])
@pytest.mark.parametrize("numbers", ["〔2006〕1、2号", "〔2006〕第1、2号", "〔2006〕1号、2号"])
def test_a_list_of_a_joint_order_is_of_that_order_alone(issuer: str, numbers: str) -> None:
    expected = [f"{issuer}2006年第{n}号" for n in (1, 2)]
    assert _find(issuer + numbers) == expected
    assert _find(f"{issuer}{numbers}、财综〔2006〕3号") == [
        *expected,
        "财综〔2006〕3号",
    ]


_WORDS = "和即等至为项年月日经从将于原自含故依内"


def _list_places() -> list[str]:
    names = {administrative_divisions.short_name_of(c) or "" for c in administrative_divisions.list_codes()}
    return sorted(n for n in names if len(n) < 6 and any(word in n for word in _WORDS))


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        *("", "（", "根据", "国发〔2014〕5号、", "《甲办法》（", "已由", "违反", "以及", "国发〔2014〕5号及"),
        *("3月5日", "2014年11月", "经", "依据为"),
    ],
)
def test_a_code_of_any_place_with_a_word_of_sentences_is_whole(before: str) -> None:
    agencies = ["政发", "府办", "财综", "国税发", "国土资发", "教发", "委办发", "食药监发"]
    numbers = [f"{p}{agency}〔2016〕3号" for p in _list_places() for agency in agencies]
    assert len(numbers) > 500
    assert [n for n in numbers if _find(before + n)[-1:] != [n]] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    ["", "《甲办法》和", "原", "经", "自", "从", "含", "2014年11月", "2014年11月24日", "国务院令第3号及"],
)
def test_an_order_of_any_place_keeps_its_issuer(before: str) -> None:
    names = {administrative_divisions.name_of(code) for code in administrative_divisions.list_codes()}
    numbers = [f"{name}人民政府令第5号" for name in sorted(name for name in names if name)]
    assert len(numbers) > 3_000
    assert [n for n in numbers if _find(before + n)[-1:] != [n]] == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((f"{before}即国税发〔2010〕1号", "即国税发〔2010〕1号") for before in ("", "根据", "《甲》、")),
        *((f"{before}即国税发〔2010〕1号", "国税发〔2010〕1号") for before in ("该文（", "该文，", "《甲》")),
        *((f"{before}内国发〔2010〕1号", "内国发〔2010〕1号") for before in ("", "根据", "（")),
        ("范围内国发〔2010〕1号", "国发〔2010〕1号"),
        *(
            (f"{before}和财综〔2010〕1号", "财综〔2010〕1号")
            for before in ("国发〔2014〕5号", "《甲》", "省文件")
        ),
        *(
            (f"{before}和财综〔2010〕1号", "和财综〔2010〕1号")
            for before in ("", "根据", "国发〔2014〕5号和")
        ),
        *(
            (f"{before}和财综〔2010〕1号", "财综〔2010〕1号")
            for before in ("创新", "广西", "国发〔2014〕5号、")
        ),
        ("国发〔2014〕5号和平政发〔2015〕3号", "平政发〔2015〕3号"),
        ("国发〔2014〕5号和平顶山财发〔2015〕3号", "平顶山财发〔2015〕3号"),
        ("从江苏省人民政府令第3号", "江苏省人民政府令第3号"),
        ("国务院令第3号和平顶山市人民政府令第5号", "平顶山市人民政府令第5号"),
    ],
)
def test_a_word_of_the_sentence_beside_a_place_is_told_by_what_it_joins(text: str, number: str) -> None:
    assert _find(text)[-1:] == [number]
