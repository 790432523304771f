"""Texts in the column of names that name no item, and rows of a header below a heading of names."""

import io

import openpyxl
import pytest

from tests.publisher.ingest.workbooks import (
    Rows,
    codes,
    column,
    csv_bytes,
    read_workbook,
    rows_left_out,
    xlsx,
)

_HEAD: list[object] = ["序号", "事项名称", "权力类型", "实施依据", "行使主体"]
_ITEM: list[object] = [1, "甲许可", "行政许可", "《甲法》第一条规定", "甲局"]


@pytest.mark.parametrize("name", ["（续）", "甲许可（续）", "续上页", "（接上表）"])
def test_a_name_that_goes_on_joins_the_row_above(name: str) -> None:
    reading = read_workbook(csv_bytes(_HEAD, _ITEM, ["", name, "", "的条件", ""]), "power-list")
    assert [(r.rows, r.content["basis"]) for r in reading.records] == [((2, 3), "《甲法》第一条规定的条件")]
    assert codes(reading) == ["text-joined"]


@pytest.mark.parametrize("name", ["无", "暂无", "/", "——"])
def test_a_name_that_says_none_is_no_item(name: str) -> None:
    reading = read_workbook(csv_bytes(_HEAD, _ITEM, [2, name, "行政强制", "", ""]), "power-list")
    assert column(reading, "name") == ["甲许可"]
    assert codes(reading) == ["no-item"]


@pytest.mark.parametrize("row", [["", "总数", 1, "", ""], ["", "其中：行政许可", "1项", "", ""]])
def test_a_number_of_items_is_no_item(row: list[object]) -> None:
    reading = read_workbook(csv_bytes(_HEAD, _ITEM, row), "power-list")
    assert column(reading, "name") == ["甲许可"]
    assert rows_left_out(reading) == [(1, "header"), (3, "total")]


def test_name_and_code_under_one_heading_are_read_as_such() -> None:
    rows: Rows = [
        ["序号", "事项名称", None, "权力类型", "实施依据"],
        [None, "名称", "编码", None, None],
        [1, "甲许可", "0001", "行政许可", "《甲法》第一条"],
    ]
    reading = read_workbook(xlsx(("清单", rows), merged=["B1:C1"]), "power-list")
    assert [(r.content["name"], r.content["code"]) for r in reading.records] == [("甲许可", "0001")]
    assert rows_left_out(reading) == [(1, "header"), (2, "header")]


def test_a_row_beside_headings_of_two_rows_belongs_to_the_header() -> None:
    rows: Rows = [
        ["序号", "事项名称", None, "权力类型", "实施依据"],
        [None, "大项", "小项", None, None],
        [1, "甲许可", "甲一", "行政许可", "《甲法》第一条"],
    ]
    reading = read_workbook(xlsx(("清单", rows), merged=["B1:C1", "A1:A2", "D1:D2"]), "power-list")
    assert [r.rows for r in reading.records] == [(3,)]
    assert "columns-differ" in codes(reading)


@pytest.mark.parametrize("name", ["42313.5", "TRUE", "（1）", "…"])
def test_a_name_without_words_is_reported(name: str) -> None:
    reading = read_workbook(csv_bytes(_HEAD, [1, name, "行政许可", "《甲法》", "甲局"]), "power-list")
    assert codes(reading) == ["name-without-words"]


@pytest.mark.parametrize(
    ("number_format", "reported"),
    [('yyyy"年"m"月"', True), ('m"月"d"日"', True), ("yyyy-mm-dd", False), ("d-mmm-yy", False)],
)
def test_a_date_that_is_shown_in_part_is_reported(number_format: str, *, reported: bool) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["项目名称", "实施机关", "处理决定", "决定日期"])
    sheet.append(["甲", "甲局", "取消", 42313])
    sheet["D2"].number_format = number_format
    out = io.BytesIO()
    book.save(out)
    reading = read_workbook(out.getvalue(), "cancelled-items")
    assert column(reading, "decided_on") == ["2015-11-05"]
    assert ("rounded-by-format" in codes(reading)) is reported
