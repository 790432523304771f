"""Signs of the query language: quotes, OR, exclusion, fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.chinese import thesaurus
from search.query.field_filters import FieldFilter, find_matching_values, split_filters
from search.query.syntax import Piece, parse_signs

NAMES = {"部门": "body", "body": "body", "类型": "type", "文号": "number"}


def text(*pieces: str) -> tuple[Piece, ...]:
    return tuple(Piece(p) for p in pieces)


@pytest.mark.parametrize(
    ("typed", "required", "excluded"),
    [
        ("食品 许可", (text("食品 许可"),), ()),
        ("收费 -教育", (text("收费"),), text("教育")),
        ("收费 －教育 基金", (text("收费"), text("基金")), text("教育")),
        ("收费 或 基金", (text("收费", "基金"),), ()),
        ("教育 收费 OR 基金 | 罚款 目录", (text("教育"), text("收费", "基金", "罚款"), text("目录")), ()),
        ("“道路运输” 许可", ((Piece("道路运输", quoted=True),), text("许可")), ()),
        ('关于"道路 运输"的通知', (text("关于"), (Piece("道路 运输", quoted=True),), text("的通知")), ()),
        ('收费 -"道路运输"', (text("收费"),), (Piece("道路运输", quoted=True),)),
        ("“甲乙” 或 “丙丁”", ((Piece("甲乙", quoted=True), Piece("丙丁", quoted=True)),), ()),
    ],
)
def test_signs_are_parsed(
    typed: str, required: tuple[tuple[Piece, ...], ...], excluded: tuple[Piece, ...]
) -> None:
    parsed = parse_signs(typed)
    assert (parsed.required, parsed.excluded) == (required, excluded)


@pytest.mark.parametrize(
    "typed", ["个人或企业", "或", "或 许可", "许可 或", "- 许可", "鞍政发-2015-34", "甲 或 OR 乙", "ORDER 1"]
)
def test_a_misplaced_sign_is_text(typed: str) -> None:
    parsed = parse_signs(typed)
    assert (parsed.required, parsed.excluded, parsed.plain) == ((text(typed),), (), typed)


def test_exclusions_are_not_used_for_ranking() -> None:
    assert parse_signs("收费 -教育 或 基金").plain == "收费 或 基金"
    assert parse_signs("收费 或 基金").plain == "收费 基金"
    assert parse_signs("“道路运输").plain == "“道路运输"


@given(st.text(max_size=200))
def test_no_text_is_an_error_and_plain_text_comes_back_as_it_is(typed: str) -> None:
    parsed = parse_signs(typed)
    for choice in parsed.required:
        assert all(piece.text.strip() and piece.text in typed for piece in choice)
    for piece in parsed.excluded:
        assert f"{piece.text}" in typed


@pytest.mark.parametrize(
    ("typed", "filters", "rest"),
    [
        ("部门:财政局 收费", [("body", "财政局", False)], "收费"),
        ("收费 部门：财政局", [("body", "财政局", False)], "收费"),
        ("BODY:财政局 -类型:行政许可", [("body", "财政局", False), ("type", "行政许可", True)], ""),
        ('部门:"市 财政局" 收费', [("body", "市 财政局", False)], "收费"),
        ("部門:财政局 ＢＯＤＹ:财政局", [("body", "财政局", False)] * 2, ""),
        ("部门: 财政局 收费", [("body", "财政局", False)], "收费"),
        ("标题:收费", [], "标题:收费"),
        ("http://x.cn 部门:", [], "http://x.cn 部门:"),
        ("时间12:30", [], "时间12:30"),
        ("文号:34 收费", [], "“34号” 收费"),
        ("文号:鞍政发〔2015〕34号", [], "“鞍政发〔2015〕34号”"),
    ],
)
def test_fields_are_distinguished_from_text(
    typed: str, filters: list[tuple[str, str, bool]], rest: str
) -> None:
    chosen, rest_of_text = split_filters(typed, NAMES, thesaurus.load_language()[0])
    assert [(c.facet, c.value, c.excluded) for c in chosen] == filters
    assert rest_of_text == rest


@pytest.mark.parametrize(
    ("typed", "code"), [("乾县", "610424"), ("遼寧", "21"), ("辽宁省", "21"), ("２１０３００", "2103")]
)
def test_a_place_is_named_in_any_characters(typed: str, code: str) -> None:
    place = FieldFilter("division", typed, excluded=False, typed=typed)
    codes = [("21", "21"), ("2103", "2103"), ("610424", "610424")]
    assert find_matching_values(place, codes, *thesaurus.load_language()) == [code]


@given(st.text(alphabet='部门:：类型-"“” 财政局a', max_size=60))
def test_no_field_is_an_error(typed: str) -> None:
    chosen, rest = split_filters(typed, NAMES, thesaurus.load_language()[0])
    assert chosen or rest.replace("“", "") or not typed.strip() or "“" in typed or rest == typed
