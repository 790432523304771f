"""Differences of numbers, and what a fact was before."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.log.model import FieldChange
from publisher.views.pages.printing import charts, marked_text, value_difference
from schemas.definition.catalogue import Json
from schemas.definition.file_loader import load_catalogue

FEES, POWERS = load_catalogue("fees"), load_catalogue("power-list")


def amount(number: str, unit: str = "元/立方米", **own: str) -> Json:
    return {"amount": number, "unit": unit, **own}


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (amount("0.85"), amount("0.95"), "+0.10，+11.8 %"),
        (amount("1200"), amount("900"), "−300，−25.0 %"),
        (amount("0"), amount("5"), "+5"),
        (amount("5"), amount("5"), ""),
        (amount("5"), amount("5", "元/户"), ""),
        (None, amount("5"), ""),
        (amount("0.5", most="1", kind="range"), amount("2"), ""),
        (amount("100", kind="ceiling"), amount("80"), ""),
        (amount("100", kind="ceiling"), amount("80", kind="ceiling"), "−20，−20.0 %"),
        (amount("1", "‰", of="合同额"), amount("2", "‰", of="施工费"), ""),
    ],
)
def test_an_amount_says_by_how_much_it_changed(old: Json, new: Json, difference: str) -> None:
    assert value_difference.format_difference(FEES.by_name["amount"], old, new) == difference


def test_a_limit_has_a_difference_and_a_text_has_none() -> None:
    limit = POWERS.by_name["promised_limit"]
    old: Json = {"value": 20, "unit": "工作日"}
    new: Json = {"value": 10, "unit": "工作日"}
    assert value_difference.format_difference(limit, old, new) == "−10，−50.0 %"
    assert value_difference.format_difference(limit, old, new, "en") == "−10, −50.0 %"
    assert value_difference.format_difference(POWERS.by_name["office"], "1科", "2科") == ""


def test_numbers_are_shown_whole_and_long_texts_by_character() -> None:
    before, after = value_difference.mark_sides(
        FEES.by_name["amount"],
        (amount("0.85"), amount("0.95")),
        ("0.85元/立方米", "0.95元/立方米"),
        address,
    )
    assert before == "<del>0.85元/立方米</del>"
    assert after == '<ins>0.95元/立方米</ins> <span class="by">+0.10，+11.8 %</span>'
    long = "《中华人民共和国安全生产法》第{}条及其实施办法的有关规定"
    before, _ = value_difference.mark_sides(None, ("", ""), (long.format("三"), long.format("四")), address)
    assert "<del>三</del>" in before


def address(key: str) -> str:
    return f"/{key}"


BASES = "《档案法实施办法》第八条，示政发〔2024〕5号；一二三四五六七八"
LATER = "《档案法实施条例》第七条，示政发〔2024〕6号；一二三四五六七八"


def link(key: str, html: str) -> str:
    return f'<a class="cite" href="/{key}">{html}</a>'


def test_bases_are_links_where_they_changed_too() -> None:
    pieces = value_difference.compare_texts(BASES, LATER)
    rule = "《档案法实施<del>办法》第八</del><ins>条例》第七</ins>条"
    number = "示政发〔2024〕<del>5</del><ins>6</ins>号"
    assert marked_text.mark_differences(pieces, address) == (
        f"{link('档案法实施条例', rule)}，{link('示政发〔2024〕6号', number)}；一二三四五六七八"
    )
    before, after = marked_text.mark_sides(pieces, address)
    assert before == (
        f"{link('档案法实施办法', '《档案法实施<del>办法》第八</del>条')}，"
        f"{link('示政发〔2024〕5号', '示政发〔2024〕<del>5</del>号')}；一二三四五六七八"
    )
    assert "/示政发〔2024〕5号" not in after
    removal = marked_text.mark_differences(value_difference.compare_texts(BASES, ""), address)
    assert link("示政发〔2024〕5号", "<del>示政发〔2024〕5号</del>") in removal


def test_half_a_number_that_was_cut_is_no_link() -> None:
    long = f"{'甲' * 200}示政发〔2024〕5号{'，乙' * 25}"
    assert "<a" not in marked_text.mark_differences(
        value_difference.compare_texts(long, long + "丙"), address
    )
    whole = marked_text.mark_matches("…政发〔2024〕5号、示政发〔2024〕6号", [(3, 5)], address)
    assert whole == f"…政发<mark>〔2</mark>024〕5号、{link('示政发〔2024〕6号', '示政发〔2024〕6号')}"


def test_foreign_text_is_escaped_within_marks_and_links() -> None:
    text = '《<b>法》"&示政发〔2024〕5号'
    html = str(marked_text.mark_matches(text, [(0, 3), (7, 12)], address))
    assert "<b>" not in html
    assert unescape(re.sub(r"<[^>]+>", "", html)) == text


def test_a_text_that_says_the_same_as_its_amount_is_left_out_and_another_is_not() -> None:
    numbers = FieldChange("amount", amount("0.85"), amount("0.95"))
    same = FieldChange("standard", "0.85元/立方米", "0.95元/立方米")
    more = FieldChange("standard", "0.85元/立方米", "0.95元/立方米，低保家庭免交")
    assert value_difference.without_repeated_texts(FEES, [same, numbers]) == [numbers]
    assert value_difference.without_repeated_texts(FEES, [more, numbers]) == [more, numbers]
    assert value_difference.without_repeated_texts(FEES, [same]) == [same]


@pytest.mark.parametrize(
    ("most", "axis"), [(9, "0 5 10"), (162, "0 100 200"), (398, "0 200 400"), (1, "0 1")]
)
def test_the_axis_of_a_chart_is_round(most: int, axis: str) -> None:
    chart = str(charts.draw_bars((("甲局", most), ("乙局", 1)), label="数量"))
    for number in axis.split():
        assert f">{number}</text>" in chart


def test_labels_of_a_chart_differ_where_the_names_do() -> None:
    names = ("示例市人力资源和社会保障局", "示例市人力资源和社会保险局", "示例市财政局")
    assert charts.shorten_names(names) == ("人力资源…会保障局", "人力资源…会保险局", "财政局")
    assert charts.shorten_names(("甲局", "乙局")) == ("甲局", "乙局")
    in_the_middle = ("人力资源和社会保障局", "人力资源与社会保障局", "财政局")
    assert charts.shorten_names(in_the_middle) == ("人力…和社会保障局", "人力…与社会保障局", "财政局")
    places = ("示例市", "示例市示例市", "示例市经济技术开发区管委会")
    assert charts.shorten_names(places)[:2] == ("示例市", "示例市示例市")


@given(st.lists(st.text("甲乙\x00", max_size=16), unique=True, max_size=8))
def test_different_names_have_different_labels_of_limited_length(names: list[str]) -> None:
    labels = charts.shorten_names(names)
    assert len(set(labels)) == len(labels) == len(names)
    assert all(len(label) <= 9 for label in labels)


def test_a_price_over_time_is_a_line_of_steps_with_round_labels() -> None:
    steps = ((date(2024, 1, 1), Decimal("0.85")), (date(2024, 7, 1), Decimal("0.95")))
    chart = str(charts.draw_steps(steps, date(2026, 1, 1), label="价格"))
    for label in ("0.85", "0.90", "0.95", "2024-01", "2024-07"):
        assert f">{label}</text>" in chart


def test_a_character_that_xml_cannot_have_breaks_no_chart() -> None:
    chart = str(charts.draw_bars((("甲\x0b局\ufffe", 2), ("乙局", 1)), label="数\x01量"))
    assert "甲局" in chart
    assert 'aria-label="数量"' in chart
