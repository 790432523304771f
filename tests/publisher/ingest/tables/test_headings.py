"""Headings as templates write them: units, remarks, numbers, names of a program, two of one heading."""

import json

import pytest

from publisher.ingest.tables.heading_text import parse_unit
from publisher.ingest.tables.headings import Headings
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import (
    Rows,
    codes,
    column,
    csv_bytes,
    read_workbook,
    rows_left_out,
    xlsx,
)

_HEADINGS = Headings.from_catalogue(load_catalogue("power-list"))
_FEES = Headings.from_catalogue(load_catalogue("fees"))


@pytest.mark.parametrize(
    ("text", "field", "unit"),
    [
        ("*事项名称", "name", ""),
        ("★事项名称（必填）", "name", ""),
        ("事项名称【必填项】", "name", ""),
        ("事项名称(与国家基本目录一致，不得修改)", "name", ""),
        ("事项名称 ITEM_NAME", "name", ""),
        ("ITEM_NAME(事项名称)", "name", ""),
        ("ITEM_NAME:事项名称", "name", ""),
        ("事项名称/itemName", "name", ""),
        ("事项名称item_name", "name", ""),
        ("1.事项名称", "name", ""),
        ("（1）事项名称", "name", ""),
        ("①事项名称", "name", ""),
        ("权力类型（下拉选择）", "power_type", ""),
        ("设定依据\n（填写法律法规的名称、条款及内容，多个以分号隔开）", "basis", ""),
        ("收费（征收）依据和标准", "fee_basis", ""),
        ("行使主体（牵头单位）", "actor", ""),
        ("法定期限（天/日）", "statutory_limit", "日"),
        ("法定办结时限（单位：工作日）", "statutory_limit", "工作日"),
        ("法定办结时限\n（个工作日）", "statutory_limit", "个工作日"),
        ("承诺时限/小时", "promised_limit", "小时"),
        ("承诺时限：工作日", "promised_limit", "工作日"),
        ("实施主体（编码）", None, ""),
        ("实施主体编码", None, ""),
        ("项目（负责人）", None, ""),
        ("项目 负责人", None, ""),
        ("事项名称（权力类型）", None, ""),
        ("主项/子项", None, ""),
        ("是否存在子项", None, ""),
    ],
)
def test_what_stands_beside_a_heading_does_not_hide_or_change_it(
    text: str, field: str | None, unit: str
) -> None:
    meaning = _HEADINGS.meaning_of(text)
    assert (meaning.field, meaning.unit) == (field, unit) if meaning else field is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *(
            ("元", "元"),
            ("万元", "万元"),
            ("单位：元/证", "元/证"),
            ("元／吨·天", "元/吨·天"),
            ("%", "%"),
            ("百分比", "%"),
        ),
        *(("工作日", "工作日"), ("天", "日"), ("必填", ""), ("1", ""), ("编码", "")),
    ],
)
def test_units_are_told_from_remarks(text: str, unit: str) -> None:
    assert parse_unit(text) == unit


def test_the_unit_of_a_heading_is_that_of_bare_numbers_only() -> None:
    rows: Rows = [
        ["项目名称", "资金管理方式", "收费金额（万元）", "收费标准（元/证）"],
        ["甲费", "缴入国库", "1.2", "10"],
        ["乙费", "缴入国库", "300元", "免费"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "amount") == [{"amount": "12000", "unit": "元"}, {"amount": "300", "unit": "元"}]
    assert column(reading, "standard") == ["10元/证", "免费"]
    assert reading.records[0].originals["standard"] == "10"


def test_a_column_of_units_and_a_column_of_notes_qualify_their_field() -> None:
    rows: Rows = [
        [
            "事项名称",
            "权力类型",
            "承诺办结时限",
            "承诺办结时限单位",
            "承诺办结时限说明",
            "申请条件",
            "申请条件说明",
        ],
        ["甲", "行政确认", 5, "自然日", "不含公示", "符合规划", "附图"],
        ["乙", "行政确认", 24, "小时", "", "", "见附件"],
        ["丙", "行政确认", "3个工作日", "自然日", "", "", ""],
        ["丁", "行政确认", 7, "同上", "", "", ""],
        ["戊", "行政确认", 8, "1", "", "", ""],
    ]
    reading = read_workbook(xlsx(("S", rows)))
    limits = [r.content["promised_limit"] for r in reading.records]
    assert limits == [
        {"value": 5, "unit": "自然日"},
        {"value": 24, "unit": "小时"},
        {"value": 3, "unit": "工作日"},
        {"value": 7, "unit": "自然日"},
        {"value": 8, "unit": "工作日"},
    ]
    assert column(reading, "conditions")[:2] == ["符合规划（附图）", "见附件"]
    assert reading.records[0].originals["promised_limit"] == "5自然日（不含公示）"
    findings = [(f.code, f.row, f.column) for f in reading.findings if f.code != "basis-missing"]
    assert findings == [
        ("note-beside", 2, "E 承诺办结时限说明"),
        ("unit-differs", 4, "D 承诺办结时限单位"),
        ("unit-unknown", 6, "D 承诺办结时限单位"),
    ]


def test_merged_units_count_for_every_row() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "承诺办结时限", "承诺办结时限单位"],
        ["甲", "行政确认", 5, "小时"],
        ["乙", "行政确认", 6],
    ]
    reading = read_workbook(xlsx(("S", rows), merged=["D2:D3"]))
    assert column(reading, "promised_limit")[1] == {"value": 6, "unit": "小时"}


def test_each_of_two_columns_gives_its_own_unit() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "承诺时限（小时）", "承诺时限（工作日）"],
        ["甲", "行政确认", 24, None],
        ["乙", "行政确认", None, 3],
        ["丙", "行政确认", 8, 1],
    ]
    reading = read_workbook(xlsx(("S", rows)))
    units = [r.content["promised_limit"] for r in reading.records]
    assert units == [
        {"value": 24, "unit": "小时"},
        {"value": 3, "unit": "工作日"},
        {"value": 8, "unit": "小时"},
    ]
    assert [f.row for f in reading.findings if f.code == "columns-differ"] == [4]


def test_of_two_columns_the_filled_one_is_read_in_html_too() -> None:
    cells = "".join(f"<td>{t}" for t in ("甲", "行政许可", "", "二"))
    page = f"<table><tr><th>事项名称<th>权力类型<th>备注<th>备注</tr><tr>{cells}</tr></table>"
    assert column(read_workbook(page.encode(), name="a.html"), "remark") == ["二"]


_CODES = ["item_code", "item_name", "item_type", "org_name"]
_NAMES = ["职权编码", "事项名称", "权力类型", "行使主体"]


@pytest.mark.parametrize(
    "second",
    [_CODES, ["必填", "必填", "选填", "选填"], ["1", "2", "3", "4"], ["（1）", "（2）", "（3）", "（4）"]],
)
def test_a_row_that_explains_the_headings_is_no_record(second: list[str]) -> None:
    reading = read_workbook(csv_bytes(_NAMES, second, ["A1", "甲", "行政许可", "某局"]))
    assert column(reading, "name") == ["甲"]
    assert rows_left_out(reading) == [(1, "header"), (2, "header")]


def test_groups_over_headings_make_one_header_of_two_or_three_rows() -> None:
    two: Rows = [
        ["序号", "基本信息", None, None, "办理时限（工作日）", None],
        [None, "事项名称", "权力类型", "行使主体", "法定", "承诺"],
        [1, "甲", "行政确认", "某局", 20, 10],
    ]
    three: Rows = [
        ["序号", "基本信息", None, None, "时限", None],
        [None, "事项名称", "权力类型", "行使主体", "办结时限", None],
        [None, None, None, None, "法定", "承诺"],
        [1, "甲", "行政确认", "某局", 20, 10],
    ]
    merged = ["A1:A3", "B1:D1", "E1:F1", "B2:B3", "C2:C3", "D2:D3", "E2:F2"]
    files = [
        xlsx(("S", two), merged=["A1:A2", "B1:D1", "E1:F1"]),
        csv_bytes(*(["" if c is None else c for c in r] for r in two)),
    ]
    for data in (*files, xlsx(("S", three), merged=merged)):
        reading = read_workbook(data)
        assert column(reading, "statutory_limit") == [{"value": 20, "unit": "工作日"}]
        assert column(reading, "promised_limit") == [{"value": 10, "unit": "工作日"}]
        assert reading.unmapped_columns == ()


def test_a_name_over_main_items_and_parts() -> None:
    rows: Rows = [
        ["序号", "事项名称", None, "权力类型"],
        [None, "主项", "子项", None],
        [1, "甲", "1.设立", "行政许可"],
    ]
    reading = read_workbook(xlsx(("S", rows), merged=["A1:A2", "B1:C1", "D1:D2"]))
    assert (column(reading, "name"), column(reading, "sub_name")) == (["甲"], ["1.设立"])


def test_the_name_and_two_more_known_headings_make_a_header_of_many() -> None:
    header = [*(f"列{n}" for n in range(14)), "事项名称", "权力类型", "实施依据"]
    reading = read_workbook(csv_bytes(header, [*("x" for _ in range(14)), "甲", "行政许可", "《某法》"]))
    assert column(reading, "name") == ["甲"]
    unread = [(c.heading, c.filled) for c in reading.columns if not c.read]
    assert unread == [(f"列{n}", 1) for n in range(14)]
    assert codes(reading).count("unmapped-column") == 14
    assert "其中1格有内容" in reading.findings[0].message_zh


def test_rows_that_differ_only_where_nothing_is_read_are_no_copies() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "领导批示"],
        ["甲", "行政许可", "同意"],
        ["甲", "行政许可", "不同意"],
    ]
    reading = read_workbook(csv_bytes(*rows))
    assert len(reading.records) == 2
    (clash,) = (f for f in reading.findings if f.code == "identity-clash")
    assert "领导批示（未读入的列）" in clash.message_zh


def test_json_objects_have_units_notes_and_second_keys_too() -> None:
    objects = [
        {"事项名称": "甲", "主项名称": "母项", "承诺办结时限": 20, "承诺办结时限单位": "自然日", "x": "q"},
        {"事项名称": "乙", "职权名称": "丙", "承诺办结时限（小时）": 5, "承诺办结时限说明": "n"},
    ]
    reading = read_workbook(json.dumps(objects).encode(), name="a.json")
    assert column(reading, "promised_limit") == [
        {"value": 20, "unit": "自然日"},
        {"value": 5, "unit": "小时"},
    ]
    assert column(reading, "name") == ["甲", "乙"]
    assert column(reading, "parent_name") == ["母项", None]
    assert codes(reading) == ["columns-differ", "note-beside", "unmapped-column"]


def test_a_main_item_alone_is_the_name() -> None:
    assert column(read_workbook(csv_bytes(["主项名称", "子项名称"], ["甲", "a"])), "name") == ["甲"]
    assert column(read_workbook(json.dumps([{"主项名称": "甲", "子项名称": "a"}]).encode()), "name") == ["甲"]
    sparse = [
        {"主项名称": "甲", "权力类型": "行政许可"},
        {"主项名称": "乙", "事项名称": "乙一", "权力类型": "行政许可"},
    ]
    reading = read_workbook(json.dumps(sparse).encode())
    assert column(reading, "name") == ["甲", "乙一"]
    assert column(reading, "parent_name") == [None, "乙"]
