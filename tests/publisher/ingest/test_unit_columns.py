"""Units that stand beside a quantity, below its heading or above its table."""

from __future__ import annotations

import json
from io import BytesIO

import openpyxl
import pytest

from tests.publisher.ingest.workbooks import codes, column, csv_bytes, read_workbook, xlsx

_HEADS = ("事项名称", "权力类型", "设定依据")
_ROW = ("甲", "行政确认", "《甲法》")


def _limit(value: int, unit: str) -> dict[str, object]:
    return {"value": value, "unit": unit}


@pytest.mark.slow
@pytest.mark.parametrize(
    "heads",
    [
        ("法定时限", "单位", "承诺时限", "单位"),
        ("法定时限", "法定时限类型", "承诺时限", "时限单位"),
        ("法定时限（数值）", "法定时限（单位）", "承诺时限（数值）", "承诺时限（单位）"),
        ("法定时限", "计时方式", "承诺时限", ""),
    ],
)
def test_a_column_of_units_qualifies_the_limit_beside_it(heads: tuple[str, ...]) -> None:
    for data in (
        xlsx(("S", [(*_HEADS, *heads), (*_ROW, 15, "自然日", 5, "工作日")])),
        csv_bytes((*_HEADS, *heads), (*_ROW, 15, "自然日", 5, "工作日")),
    ):
        reading = read_workbook(data)
        assert column(reading, "statutory_limit") == [_limit(15, "自然日")]
        assert column(reading, "promised_limit") == [_limit(5, "工作日")]
        assert reading.unmapped_columns == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heads", "row"),
    [
        (("法定时限", "承诺时限", "单位"), (15, 5, "自然日")),
        (("法定时限", "承诺时限", "备注", "时限单位"), (15, 5, "无", "自然日")),
    ],
)
def test_one_column_of_units_qualifies_every_limit(heads: tuple[str, ...], row: tuple[object, ...]) -> None:
    reading = read_workbook(xlsx(("S", [(*_HEADS, *heads), (*_ROW, *row)])))
    assert column(reading, "statutory_limit") == [_limit(15, "自然日")]
    assert column(reading, "promised_limit") == [_limit(5, "自然日")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "below", [("（工作日）", "（自然日）"), ("工作日", "自然日"), ("单位：工作日", "单位：自然日")]
)
def test_a_row_of_units_below_the_headings_belongs_to_the_header(below: tuple[str, str]) -> None:
    rows = [(*_HEADS, "法定时限", "承诺时限"), (None, None, None, *below), (*_ROW, 20, 10)]
    reading = read_workbook(xlsx(("S", rows)))
    assert [(x.row, x.reason) for x in reading.left_out] == [(1, "header"), (2, "header")]
    assert column(reading, "statutory_limit") == [_limit(20, "工作日")]
    assert column(reading, "promised_limit") == [_limit(10, "自然日")]


@pytest.mark.parametrize("merged", [(), ("D1:E1", "F1:G1")])
def test_a_number_and_its_unit_below_one_heading(merged: tuple[str, ...]) -> None:
    rows = [
        (*_HEADS, "法定时限", None, "承诺时限", None),
        (None, None, None, "时限", "单位", "时限", "单位"),
        (*_ROW, 15, "自然日", 5, "工作日"),
    ]
    reading = read_workbook(xlsx(("S", rows), merged=merged))
    assert column(reading, "statutory_limit") == [_limit(15, "自然日")]
    assert column(reading, "promised_limit") == [_limit(5, "工作日")]


def test_a_unit_above_the_table_is_that_of_its_bare_numbers() -> None:
    rows = [
        ("填报单位：甲局", None, None, None, "单位：万元"),
        ("序号", "执收部门", "项目名称", "收费标准", "收费金额"),
        (1, "公安", "甲费", 80, 80),
        (2, "公安", "乙费", "90元/件", None),
    ]
    reading = read_workbook(xlsx(("S", rows)), "fees")
    assert column(reading, "standard") == ["80万元", "90元/件"]
    assert column(reading, "amount") == [
        {"amount": "800000", "unit": "元"},
        {"amount": "90", "unit": "元/件"},
    ]


def test_a_note_that_says_which_days_count_is_a_unit() -> None:
    rows = [
        (*_HEADS, "法定时限", "法定时限说明"),
        (*_ROW, 15, "自然日"),
        ("乙", *_ROW[1:], 15, "按自然日计算"),
        ("丙", *_ROW[1:], 15, "不含自然日"),
        ("丁", *_ROW[1:], "15个工作日", "自然日"),
    ]
    reading = read_workbook(xlsx(("S", rows)))
    units = ["自然日", "自然日", "工作日", "工作日"]
    assert column(reading, "statutory_limit") == [_limit(15, unit) for unit in units]
    assert [f.row for f in reading.findings if f.code == "unit-differs"] == [5]


def test_a_column_says_which_days_its_cells_count() -> None:
    heads = ("事项名称", "权力类型", "法定时限（工作日）", "承诺时限（自然日）")
    rows = [
        ("甲", "行政处罚", "30日", "40天内"),
        ("乙", "行政许可", "20日", "二十日"),
        ("丙", "行政许可", "2周", "1周"),
    ]
    reading = read_workbook(xlsx(("S", [heads, *rows])))
    assert column(reading, "statutory_limit") == [_limit(30, "工作日"), _limit(20, "工作日"), _limit(2, "周")]
    assert column(reading, "promised_limit") == [_limit(40, "自然日"), _limit(20, "自然日"), _limit(1, "周")]
    assert codes(reading) == []


def test_a_column_of_units_says_which_days_a_licence_counts() -> None:
    heads = ("事项名称", "权力类型", "法定时限", "法定时限单位")
    reading = read_workbook(xlsx(("S", [heads, ("甲", "行政许可", "15日", "自然日")])))
    assert column(reading, "statutory_limit") == [_limit(15, "自然日")]
    assert codes(reading) == []


def test_a_form_has_a_label_for_the_unit() -> None:
    labels = [("事项名称", "甲"), ("权力类型", "行政确认"), ("设定依据", "《甲法》"), ("法定时限", 15)]
    reading = read_workbook(xlsx(("S", [*labels, ("法定时限单位", "自然日"), ("承诺时限", "5个工作日")])))
    assert column(reading, "statutory_limit") == [_limit(15, "自然日")]
    assert column(reading, "promised_limit") == [_limit(5, "工作日")]
    assert codes(reading) == []


def test_a_thing_that_is_charged_for_is_no_currency() -> None:
    heads = ("序号", "执收部门", "项目名称", "收费标准（元）", "计费单位")
    reading = read_workbook(xlsx(("S", [heads, (1, "公安", "甲费", 80, "件")])), "fees")
    assert column(reading, "standard") == ["80元/件"]
    heads = ("序号", "执收部门", "项目名称", "收费标准", "计费单位")
    reading = read_workbook(xlsx(("S", [heads, (1, "公安", "甲费", 80, "件")])), "fees")
    assert column(reading, "standard") == ["80"]
    assert codes(reading) == ["unit-unknown"]


def test_an_amount_that_a_format_rounds_is_told() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["序号", "执收部门", "项目名称", "收费标准"])
    sheet.append([1, "公安", "甲费", 0.85])
    sheet["D2"].number_format = '0.0"元/证"'
    out = BytesIO()
    book.save(out)
    reading = read_workbook(out.getvalue(), "fees")
    assert column(reading, "standard") == ["0.9元/证"]
    assert column(reading, "amount") == [{"amount": "0.85", "unit": "元/证"}]
    assert [(f.code, f.row) for f in reading.findings] == [("rounded-by-format", 2)]


def test_a_unit_is_the_same_by_another_word_and_remarks_may_stand_beside_it() -> None:
    reading = read_workbook(csv_bytes((*_HEADS, "法定时限", "法定时限单位"), (*_ROW, "15天", "天")))
    assert "unit-differs" not in codes(reading)
    heads = ("部门", "收费项目", "收费标准（元/年, 不含税）", "设定依据")
    reading = read_workbook(csv_bytes(heads, ("某局", "工本费", 80, "《甲法》")), "fees")
    assert column(reading, "amount") == [{"amount": "80", "unit": "元/年"}]


def test_a_json_key_with_a_currency_and_one_with_a_thing_are_one_unit() -> None:
    row = {
        "部门": "某局",
        "收费项目": "工本费",
        "收费标准（元）": 80,
        "收费标准单位": "件",
        "设定依据": "《甲法》",
    }
    reading = read_workbook(json.dumps([row]).encode(), "fees")
    assert column(reading, "standard") == ["80元/件"]
    assert "unit-unknown" not in codes(reading)


def test_a_column_of_sums_beside_a_deadline_is_no_unit_of_it() -> None:
    heads = ("任务", "牵头单位", "完成时限", "计量")
    reading = read_workbook(csv_bytes(heads, ("修路", "市交通局", "2024年底前", "万元")), "commitments")
    assert column(reading, "deadline") == ["2024-01-01/2024-12-31"]
    assert codes(reading) == ["unmapped-column"]


@pytest.mark.parametrize("line", ["单位：人民币万元", "单位 万元", "收费目录（万元）", "金额单位为万元"])
def test_a_unit_above_the_table_has_many_forms(line: str) -> None:
    rows: list[list[object]] = [[line], ["部门", "项目名称", "收费金额"], ["甲局", "甲费", 1]]
    reading = read_workbook(xlsx(("一", rows)), "fees")
    assert [record.content["amount"] for record in reading.records] == [{"amount": "10000", "unit": "元"}]


def test_a_unit_of_money_below_the_header_is_told_unless_it_is_that_of_the_sums() -> None:
    rows: list[list[object]] = [["部门", "项目名称", "收费金额"], ["甲局", "甲费", 1], ["注：单位为万元"]]
    reading = read_workbook(xlsx(("一", [*rows, ["甲局", "乙费", 2]])), "fees")
    assert [(f.code, f.row) for f in reading.findings] == [("unit-below-header", 3)]
    rows[2] = ["注：单位为元"]
    assert read_workbook(xlsx(("一", rows)), "fees").findings == ()
    heads: list[list[object]] = [
        ["部门", "项目名称", "收费金额（万元）"],
        ["甲局", "甲费", 1],
        ["注：单位为万元"],
    ]
    assert read_workbook(xlsx(("一", heads)), "fees").findings == ()


def test_a_sum_with_a_multiple_but_no_currency_is_read() -> None:
    rows: list[list[object]] = [
        ["部门", "项目名称", "收费金额"],
        ["甲局", "甲费", "1.5万"],
        ["甲局", "乙费", "2-3万"],
    ]
    reading = read_workbook(xlsx(("一", rows)), "fees")
    assert [a and a["amount"] for a in column(reading, "amount") if isinstance(a, dict)] == ["15000", "20000"]
    assert codes(reading) == []


@pytest.mark.parametrize(
    ("note", "reported"),
    [
        ("注：时限单位为自然日", True),
        ("注：以上时限均为自然日", True),
        ("注：以上均以小时计", True),
        ("注：以上时限均为工作日", False),
        ("注：时限自受理之日起计算", False),
    ],
)
def test_a_unit_of_time_below_the_table_is_reported(note: str, *, reported: bool) -> None:
    rows = [["事项名称", "权力类型", "法定办结时限"], ["甲检查", "行政检查", "20"], [note, "", ""]]
    assert ("unit-below-header" in codes(read_workbook(csv_bytes(*rows), "power-list"))) is reported


@pytest.mark.parametrize("title", ["收费一览（金额均以万元计）", "注：收费标准一律以万元计", "单位：万元"])
def test_a_sentence_above_the_table_states_the_unit(title: str) -> None:
    rows = [[title, "", ""], ["部门", "项目名称", "收费金额"], ["甲局", "甲费", "5"]]
    assert column(read_workbook(csv_bytes(*rows), "fees"), "amount") == [{"amount": "50000", "unit": "元"}]
