"""Lines that only turn pages, and lines that look like them for long."""

from __future__ import annotations

import pytest

from publisher.ingest.documents.page_numbers import find_page_turns


@pytest.mark.parametrize(
    "line",
    [
        "首页 上一页 1 2 3 … 12 下一页 尾页",
        "[1] [2] 下一页 > 末页",
        "共 12 页 当前第3页 跳转到第 页 GO",
        "第1页/共3页 下一页 1/3页",
        "页码：1234 下一页",
        "<< 1 2 3 ...... 下页 >>",
    ],
)
def test_a_line_that_only_turns_pages_is_recognised(line: str) -> None:
    assert find_page_turns([(1, "一、总体要求"), (2, line), (3, "二、主要任务")]) == {2}


@pytest.mark.parametrize(
    "text", ["第3页的附表所列事项", "1 2 3 项许可", "下一页说明", "21030020151203123456 号"]
)
def test_a_line_that_says_something_is_not(text: str) -> None:
    assert find_page_turns([(1, text), (2, "下一页")]) == {2}


@pytest.mark.parametrize("piece", ["1", ".", "…", "1 ", "第1", "共 1", "1/"])
def test_a_long_line_that_almost_turns_pages_takes_no_time(piece: str) -> None:
    assert (
        find_page_turns([(1, piece * 20_000 + "元")]) == frozenset()
    )  # once there were too many ways to try
