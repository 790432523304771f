"""Places in decisions, in the forms that lists use."""

from __future__ import annotations

import pytest

from schemas.reference.decision_places import DecisionPlace, find_decision_places, number_in_digits

CREATED = "《国务院对确需保留的行政审批项目设定行政许可的决定》"
NOTE = "（2004年6月29日国务院令第412号发布，根据2016年8月25日国务院令第671号第二次修订）"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("国发〔2013〕44号附件1第12项", [("国发〔2013〕44号", "1", "12", "附件1第12项")]),
        ("国发[2013]44号 附件一第十二项", [("国发〔2013〕44号", "1", "12", "附件一第十二项")]),
        (
            "《国务院关于取消一批事项的决定》（国发〔2019〕6号）附件1《国务院决定取消的行政许可事项目录》第18项：甲",
            [("国发〔2019〕6号", "1", "18", "附件1《国务院决定取消的行政许可事项目录》第18项")],
        ),
        (f"{CREATED}{NOTE}\n附件第102项：甲", [("国务院令第412号", "", "102", "第102项")]),
        (f"{CREATED}第86项", [("国务院令第412号", "", "86", "第86项")]),
        (f"国务院令第412号{CREATED}第86项", [("国务院令第412号", "", "86", "第86项")]),
        ("412号令第87项", [("国务院令第412号", "", "87", "第87项")]),
        (
            f"{CREATED}（国务院令第412号）\n第86项：甲。\n第88项：乙。",
            [("国务院令第412号", "", "86", "第86项"), ("国务院令第412号", "", "88", "第88项")],
        ),
        (
            "国发〔2012〕52号附件2第28项、国发〔2013〕19号第3项",
            [("国发〔2012〕52号", "2", "28", "附件2第28项"), ("国发〔2013〕19号", "", "3", "第3项")],
        ),
        ("（2014年11月24日国发〔2014〕50号）目录第26项", [("国发〔2014〕50号", "", "26", "第26项")]),
    ],
)
def test_an_item_belongs_to_its_decision(text: str, places: list[tuple[str, ...]]) -> None:
    assert [
        (p.decision, p.annex, p.item, text[p.start : p.end]) for p in find_decision_places(text)
    ] == places


@pytest.mark.parametrize(
    "text",
    [
        "《水法》第五条第三项",
        "《水法》（国令第1号）第七条第二款第（三）项、第四项",
        "农业部令第8号 第九条：有前款第五项规定的行为",
        "第12项",
        "《水法》第12项",
        "国发〔2013〕44号",
    ],
)
def test_items_of_articles_and_items_of_nothing_are_none(text: str) -> None:
    assert find_decision_places(text) == []


def test_an_annex_that_is_not_stated_may_be_any() -> None:
    first, second, unstated = (
        DecisionPlace("国发〔2013〕44号", annex, "3", 0, 0) for annex in ("1", "2", "")
    )
    assert unstated.is_at(first)
    assert second.is_at(unstated)
    assert not first.is_at(second)


@pytest.mark.parametrize(
    ("text", "number"),
    [("58", "58"), ("第58项", "58"), ("附件二", "2"), ("十二", "12"), ("一-3", "一-3"), ("", ""), (None, "")],
)
def test_plain_numbers(text: str | None, number: str) -> None:
    assert number_in_digits(text) == number


@pytest.mark.parametrize(
    ("items", "numbers"),
    [
        ("第12、13项", ["12", "13"]),
        ("第12项、第13项", ["12", "13"]),
        ("第12项、13项", ["12", "13"]),
        ("第12至14项", ["12", "13", "14"]),
        ("第12-14项", ["12", "13", "14"]),
        ("第十二项至第十四项", ["12", "13", "14"]),
    ],
)
def test_each_item_of_a_list_is_a_place_of_its_annex(items: str, numbers: list[str]) -> None:
    places = find_decision_places(f"国发〔2013〕44号附件1{items}")
    assert [(p.decision, p.annex, p.item) for p in places] == [("国发〔2013〕44号", "1", n) for n in numbers]


def test_a_long_range_is_whole_or_its_ends_alone() -> None:
    assert [p.item for p in find_decision_places("国发〔2014〕50号第1-200项")] == [
        str(n) for n in range(1, 201)
    ]
    assert [p.item for p in find_decision_places("国发〔2014〕50号第1-900项")] == ["1", "900"]
