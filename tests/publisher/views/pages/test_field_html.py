"""Values of a record as its page displays them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from publisher.views.pages.printing.field_html import group_fields
from publisher.views.pages.printing.page_request import Visit
from schemas.definition.file_loader import load_catalogue


def test_a_limit_that_is_no_single_time_is_displayed_as_the_source_states_it() -> None:
    visit = cast("Visit", SimpleNamespace(t=lambda zh, _: zh, lang="zh"))
    groups = group_fields(
        visit,
        load_catalogue("power-list"),
        {"name": "甲许可"},
        {"statutory_limit": "新办20个工作日；<b>延续</b>10个工作日", "code": "1.23457E+17"},
    )
    ((field,),) = (group.fields for group in groups)
    assert field.title == "法定办结时限"
    assert field.html == "新办20个工作日；&lt;b&gt;延续&lt;/b&gt;10个工作日"
