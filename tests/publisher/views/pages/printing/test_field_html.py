"""Values of a record as its page displays them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from publisher.log.model import FieldChange
from publisher.views.pages.dataset import select_columns
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.field_html import (
    format_differences,
    format_text,
    group_fields,
    list_facts,
)
from publisher.views.pages.printing.marked_text import mark_matches
from publisher.views.pages.printing.page_request import Visit
from publisher.web.query_parameters import Parameters
from schemas.definition.catalogue import Content, Json
from schemas.definition.file_loader import load_catalogue

VISIT = cast(
    "Visit",
    SimpleNamespace(t=lambda zh, _: zh, title_of=lambda titled: titled.title, lang="zh", text_lang="zh"),
)


def facts(catalogue: str, content: Content) -> list[tuple[str, str]]:
    return [(one.title, str(one.html)) for one in list_facts(VISIT, load_catalogue(catalogue), content)]


def test_a_record_begins_with_what_people_came_for() -> None:
    limits: Content = {
        "name": "甲许可",
        "statutory_limit": {"value": 30, "unit": "工作日"},
        "promised_limit": {"value": 10, "unit": "工作日"},
        "office": "行政<审批>科",
        "level": "市级",
    }
    assert facts("power-list", limits) == [
        ("承诺办结时限", "10个工作日"),
        ("法定办结时限", "30个工作日"),
        ("承办机构", "行政&lt;审批&gt;科"),
    ]
    assert facts("power-list", {"name": "甲许可", "level": "市级"}) == []


def test_no_fact_says_the_same_twice_and_none_is_a_long_text() -> None:
    price: Content = {"name": "甲费", "amount": {"amount": "0.95", "unit": "元/立方米"}, "payer": "用水户"}
    stated = price | {"standard": "0.95元/立方米"}
    assert [title for title, _ in facts("fees", stated)] == ["收费金额", "收费对象"]
    assert facts("fees", {"name": "甲费", "standard": "按下列规定执行：" + "一、" * 30}) == []


def test_a_limit_that_is_no_single_time_is_displayed_as_the_source_states_it() -> None:
    groups = group_fields(
        VISIT,
        load_catalogue("power-list"),
        {"name": "甲许可"},
        {"statutory_limit": "新办20个工作日；<b>延续</b>10个工作日", "code": "1.23457E+17"},
    )
    (field,) = (field for group in groups for field in group.fields if field.name == "statutory_limit")
    assert field.title == "法定办结时限"
    assert field.html == "新办20个工作日；&lt;b&gt;延续&lt;/b&gt;10个工作日"


def test_an_expected_field_that_is_blank_is_said_to_be_unpublished_by_the_type_of_the_record() -> None:
    def blanks(content: Content) -> dict[str, str]:
        groups = group_fields(VISIT, load_catalogue("power-list"), content, {})
        fields = (field for group in groups for field in group.fields)
        return {field.name: field.html.striptags() for field in fields if "未公布" in field.html}

    licence, penalty = {"name": "甲", "power_type": "行政许可"}, {"name": "乙", "power_type": "行政处罚"}
    assert blanks({**licence}) == {"basis": "未公布", "promised_limit": "未公布"}
    assert blanks({**penalty, "basis": "有关规定"}) == {}


@pytest.mark.parametrize(
    ("catalogue", "content", "columns"),
    [
        (
            "fees",
            {"department": "市水务局", "standard": "0.95元/立方米", "payer": "用水户"},
            ["standard", "payer"],
        ),
        (
            "power-list",
            {"power_type": "行政许可", "promised_limit": {}, "office": "一科"},
            ["promised_limit", "office"],
        ),
        ("fees", {"department": "市水务局"}, ["department"]),
    ],
)
def test_a_list_shows_facts_first(catalogue: str, content: Content, columns: list[str]) -> None:
    chosen = select_columns(load_catalogue(catalogue), Parameters(), [{"name": "甲", **content}])
    assert [field.name for field in chosen][: len(columns)] == columns


def test_a_field_that_the_catalogue_no_longer_has_is_not_called_the_department() -> None:
    changes = [FieldChange("part", "甲局", "乙局"), FieldChange("old_code", "1", "2")]
    differences = format_differences(VISIT, load_catalogue("fees"), changes)
    assert [one.title for one in differences] == ["报送部门", "old_code"]


def test_cited_places_that_overlap_are_printed_once() -> None:
    assert mark_matches("时限20日内", [(0, 4), (2, 5), (2, 3)]) == "<mark>时限20</mark><mark>日</mark>内"


def test_values_of_a_dropped_field_are_words() -> None:
    limit: Content = {"old": {"value": 5, "unit": "工作日"}}
    amount: Content = {"old": {"amount": "1.2", "unit": "元"}}
    values: list[Json] = [limit["old"], amount["old"], ["甲", "乙"], True, None]
    texts = [format_text(VISIT, None, value) for value in values]
    assert texts == ["5个工作日", "1.2元", "甲；乙", "是", ""]


def test_a_slash_before_a_letter_is_not_the_end_of_the_chinese() -> None:
    assert labels.half(VISIT, "分A类 / B类两档。/ Two classes.") == "分A类 / B类两档。"
    assert labels.half(VISIT, "演示数据 / Demo data") == "演示数据"
