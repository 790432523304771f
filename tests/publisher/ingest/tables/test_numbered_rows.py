"""Numbered fee catalogues: groups, items and parts, as state, province and city print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.tables.numbered_rows import split_numbering
from tests.publisher.ingest.workbooks import (
    Rows,
    codes,
    column,
    csv_bytes,
    read_workbook,
    rows_left_out,
    xlsx,
)

_NATIONAL_2009 = [
    ["序号", "部门", "收费项目", "管理方式", "收费及资金管理文件依据"],
    ["一", "外交", "1.护照费", "", ""],
    ["", "", "(1)护照", "缴入中央国库", "[1992]价费字198号,财预[2000]127号"],
    ["", "", "(2)护照加急", "缴入中央国库", "[1992]价费字198号"],
    ["", "", "2.签证费", "", ""],
    ["", "", "(1)代办外国签证", "缴入中央和地方国库", "财综[2003]45号"],
    ["", "", "(2)代办外国签证加急", "同上", "同上"],
    ["二", "教育", "7.普通高中学费", "缴入中央和地方财政专户", "教财[1996]101号"],
    ["", "", "(1)学费", "同上", "同上"],
    ["", "", "(2)择校费", "同上", "同上"],
    ["", "", "8.普通高中住宿费", "同上", "同上"],
]


def test_parts_name_their_item_and_their_department() -> None:
    reading = read_workbook(csv_bytes(*_NATIONAL_2009), "fees")
    assert [
        (r.content["name"], r.content.get("parent_name"), r.content["department"]) for r in reading.records
    ] == [
        ("护照", "护照费", "外交"),
        ("护照加急", "护照费", "外交"),
        ("代办外国签证", "签证费", "外交"),
        ("代办外国签证加急", "签证费", "外交"),
        ("普通高中学费", None, "教育"),
        ("学费", "普通高中学费", "教育"),
        ("择校费", "普通高中学费", "教育"),
        ("普通高中住宿费", None, "教育"),
    ]


def test_items_that_hold_no_value_and_have_parts_are_groups() -> None:
    reading = read_workbook(csv_bytes(*_NATIONAL_2009), "fees")
    assert rows_left_out(reading) == [(1, "header"), (2, "group"), (5, "group")]
    assert reading.left_out[1].text == "一 | 外交 | 1.护照费"


def test_an_item_with_values_and_parts_is_a_record_and_its_parts_too() -> None:
    reading = read_workbook(csv_bytes(*_NATIONAL_2009), "fees")
    assert [r.rows for r in reading.records][4:7] == [(8,), (9,), (10,)]


def test_the_same_as_above_runs_down_through_parts_to_the_next_item() -> None:
    reading = read_workbook(csv_bytes(*_NATIONAL_2009), "fees")
    assert column(reading, "management")[4:] == ["缴入中央和地方财政专户"] * 4
    assert column(reading, "basis")[4:] == [["教财〔1996〕101号"]] * 4
    assert reading.records[-1].originals["basis"] == "同上"


def test_numbers_leave_the_name_and_stay_beside_it() -> None:
    record = read_workbook(csv_bytes(*_NATIONAL_2009), "fees").records[0]
    assert (record.content["item_number"], record.content["name"]) == ("(1)", "护照")
    assert record.originals["name"] == "(1)护照"
    assert record.cells["name"] == "C3"
    assert record.cells["parent_name"] == "C2"


def test_department_rows_of_their_own_are_groups() -> None:
    rows: Rows = [
        ["序号", "部门", "项目名称", "管理方式", "政策依据", "立项级次", "涉企"],
        ["一", "公安", "", "", "", "", ""],
        ["", "", "1.外国人证件费", "缴入同级国库", "公通字[2000]99号", "中央", ""],
        ["", "", "(1)居留许可", "", "财综[2004]60号", "", ""],
        ["", "", "2.出入境证件费", "缴入国库", "", "省", ""],
        ["", "", "(1)护照", "", "", "", ""],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert rows_left_out(reading) == [(1, "header"), (2, "group")]
    assert column(reading, "department") == ["公安"] * 4
    assert column(reading, "management") == ["缴入同级国库", "缴入同级国库", "缴入国库", "缴入国库"]
    assert column(reading, "level") == ["中央", "中央", "省", "省"]


def test_a_blank_takes_its_items_value_and_never_its_sibling_items() -> None:
    rows: Rows = [
        ["部门", "项目名称", "管理方式", "政策依据"],
        ["公安", "1.甲费", "缴入地方国库", "财综[2004]60号"],
        ["", "2.乙费", "", "财综[2005]1号"],
        ["", "(1)丙费", "", "财综[2005]2号"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "management") == ["缴入地方国库", None, None]
    assert reading.records[0].originals.get("management") is None


def test_numbers_in_a_column_of_their_own_and_departments_with_numbers() -> None:
    rows: Rows = [
        ["部门", "项目序号", "项目名称", "资金管理方式", "政策依据"],
        ["一、外交部门", "", "", "", ""],
        ["", 1, "认证费（含加急）", "缴入中央和地方国库", "计价格〔1999〕466号"],
        ["", 2, "签证费", "", ""],
        ["", "", "（1）代办外国签证", "缴入中央和地方国库", "财综〔2003〕45号"],
        ["", 3, "驻外使领馆收费", "缴入中央国库", "计价格〔1999〕466号"],
        ["二、教育部门", "", "", "", ""],
        ["", 4, "保教费", "缴入地方国库", "《幼儿园管理条例》"],
    ]
    for data in (csv_bytes(*rows), xlsx(("目录", rows), merged=["A2:E2", "A7:E7"])):
        reading = read_workbook(data, "fees")
        assert column(reading, "department") == ["外交部门"] * 3 + ["教育部门"]
        assert column(reading, "parent_name") == [None, "签证费", None, None]
        assert column(reading, "item_number") == ["1", "(1)", "3", "4"]
        assert [row for row, reason in rows_left_out(reading) if reason == "group"] == [2, 4, 7]


def test_groups_may_stand_in_the_column_of_names() -> None:
    rows: Rows = [
        ["项目名称", "资金管理方式"],
        ["一、公安部门", ""],
        ["1．证照费", "缴入地方国库"],
        ["　（1）居民身份证工本费", "缴入中央国库"],
        ["（二）司法部门", ""],
        ["１、公证费", "缴入地方国库"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "department") == ["公安部门", "公安部门", "司法部门"]
    assert column(reading, "name") == ["证照费", "居民身份证工本费", "公证费"]
    assert column(reading, "item_number") == ["1", "(1)", "1"]


def test_an_indented_name_without_a_number_is_a_part() -> None:
    rows: Rows = [
        ["项目名称", "资金管理方式"],
        ["1.证照费", "缴入地方国库"],
        ["　　工本费", ""],
        ["2.考试费", "缴入地方国库"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "parent_name") == [None, "证照费", None]


def test_parts_of_parts_nest_by_ringed_numbers() -> None:
    rows: Rows = [["项目名称", "资金管理方式"], ["1.甲费", ""], ["(1)乙费", ""], ["①丙费", "缴入地方国库"]]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "parent_name") == ["乙费"]
    assert rows_left_out(reading)[1:] == [(2, "group"), (3, "group")]


def test_an_item_without_values_or_parts_is_a_record() -> None:
    reading = read_workbook(
        csv_bytes(["项目名称", "资金管理方式"], ["1.甲费", ""], ["2.乙费", "缴入地方国库"]), "fees"
    )
    assert column(reading, "name") == ["甲费", "乙费"]


@pytest.mark.parametrize("name", ["▲1.认证费", "1.▲认证费", "1.认证费▲"])
def test_a_triangle_marks_a_charge_on_enterprises(name: str) -> None:
    reading = read_workbook(csv_bytes(["项目名称", "资金管理方式"], [name, "缴入地方国库"]), "fees")
    content = reading.records[0].content
    assert (content["name"], content["enterprise_related"], content["item_number"]) == ("认证费", True, "1")


def test_a_row_without_a_name_continues_the_charge_above() -> None:
    rows: Rows = [
        ["项目名称", "资金管理方式", "政策依据"],
        ["1.甲费", "缴入地方国库", "财综〔2004〕60号，"],
        ["", "", "财综〔2005〕1号"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert [r.rows for r in reading.records] == [(2, 3)]
    assert column(reading, "basis") == [["财综〔2004〕60号", "财综〔2005〕1号"]]


def test_a_price_in_front_of_a_name_is_no_number() -> None:
    assert split_numbering("3.5吨以下车辆通行费").kind == ""
    assert split_numbering("(2)").kind == ""


@given(st.integers(1, 99), st.sampled_from([".", "．", "、"]), st.text("甲乙丙费", min_size=1, max_size=4))
def test_any_numbers_writing_gives_the_bare_name(number: int, dot: str, name: str) -> None:
    wide = str(number).translate({ord(str(d)): chr(ord("０") + d) for d in range(10)})
    for cell in (f"{number}{dot}{name}", f"{wide}{dot} {name}", f"（{wide}）{name}", f"({number}) {name}"):
        mark = split_numbering(cell)
        assert mark.rest == name
        assert mark.number.strip("()") == str(number)


def test_one_name_under_two_items_is_two_charges() -> None:
    rows: Rows = [
        ["项目名称", "资金管理方式"],
        ["1.护照费", ""],
        ["(1)工本费", "缴入中央国库"],
        ["2.签证费", ""],
        ["(1)工本费", "缴入地方国库"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert codes(reading) == []
    assert len(reading.records) == 2


def test_a_heading_row_without_a_number_starts_a_group_too() -> None:
    rows: Rows = [
        ["收费项目", "收费标准", "政策依据", "资金管理方式"],
        ["一、外交部门（1项）", None, None, None],
        ["1.护照费", "200元", "财综〔2004〕60号", "缴入国库"],
        ["教育部门", None, None, None],
        ["2.学费", "100元", "财综〔2004〕61号", "缴入国库"],
        ["（续表）", None, None, None],
        ["3.住宿费", "50元", "财综〔2004〕61号", "缴入国库"],
    ]
    reading = read_workbook(xlsx(("收费", rows), merged=("A2:D2", "A4:D4", "A6:D6")), "fees")
    assert column(reading, "department") == ["外交部门", "教育部门", "教育部门"]
    assert rows_left_out(reading) == [(1, "header"), (2, "group"), (4, "group"), (6, "note")]


_TWO_NAME_COLUMNS: Rows = [
    ["序号", "部门", "项目名称", None, "管理方式", "政策依据"],
    [1, "公安", "1.证照费", "护照", "缴入中央国库", "财综〔2003〕1号"],
    [None, None, None, "通行证", "缴入中央国库", "财综〔2003〕2号"],
    [2, "公安", "户籍证件费", None, "缴入地方国库", "财综〔2003〕3号"],
    [3, "教育", "学费", None, None, None],
    [None, None, None, "1.高校学费", "缴入地方国库", "财综〔2003〕4号"],
    [None, None, None, "(1)专科", "缴入地方国库", "财综〔2003〕5号"],
    [4, "教育", "考试费", "自学考试", "缴入地方国库", "财综〔2003〕6号"],
    [None, None, "考试费", "成人考试", "缴入地方国库", "财综〔2003〕7号"],
]


@pytest.mark.parametrize("merged", [["C1:D1"], ["C1:D1", "C2:C3", "A2:A3", "C4:D4", "C5:D5"]])
def test_an_item_to_the_right_under_one_heading_is_part_of_the_item_to_the_left(merged: list[str]) -> None:
    reading = read_workbook(xlsx(("收费", _TWO_NAME_COLUMNS), merged=merged), "fees")
    assert [
        (r.rows[0], r.content["name"], r.content.get("parent_name"), r.content["department"])
        for r in reading.records
    ] == [
        (2, "护照", "证照费", "公安"),
        (3, "通行证", "证照费", "公安"),
        (4, "户籍证件费", None, "公安"),
        (6, "高校学费", "学费", "教育"),
        (7, "专科", "高校学费", "教育"),
        (8, "自学考试", "考试费", "教育"),
        (9, "成人考试", "考试费", "教育"),
    ]
    assert rows_left_out(reading) == [(1, "header"), (5, "group")]
    assert not {"columns-differ", "required-missing"} & {f.code for f in reading.findings}


def test_names_under_one_heading_of_three_columns_nest_twice() -> None:
    rows: Rows = [
        ["部门", "收费项目", None, None, "管理方式", "政策依据"],
        ["公安", "证照费", "出入境证件费", "护照", "缴入中央国库", "财综〔2003〕1号"],
        [None, None, None, "通行证", "缴入中央国库", "财综〔2003〕2号"],
        [None, None, "机动车证件费", None, "缴入中央国库", "财综〔2003〕3号"],
    ]
    reading = read_workbook(xlsx(("收费", rows), merged=["B1:D1"]), "fees")
    assert [(r.content["name"], r.content["parent_name"]) for r in reading.records] == [
        ("护照", "出入境证件费"),
        ("通行证", "出入境证件费"),
        ("机动车证件费", "证照费"),
    ]


def test_two_headings_under_one_nest_as_the_one_heading_does() -> None:
    rows: Rows = [
        ["部门", "项目名称", None, "管理方式", "政策依据"],
        [None, "一级项目", "二级项目", None, None],
        ["公安", "证照费", "护照", "缴入中央国库", "财综〔2003〕1号"],
        [None, None, "通行证", "缴入中央国库", "财综〔2003〕2号"],
        [None, "户籍证件费", None, "缴入中央国库", "财综〔2003〕3号"],
    ]
    merged = ["B1:C1", "A1:A2", "D1:D2", "E1:E2"]
    reading = read_workbook(xlsx(("收费", rows), merged=merged), "fees")
    assert [(r.content["name"], r.content.get("parent_name")) for r in reading.records] == [
        ("护照", "证照费"),
        ("通行证", "证照费"),
        ("户籍证件费", None),
    ]


def test_chinese_numbers_in_the_column_of_numbers_are_above_the_items() -> None:
    reading = read_workbook(
        csv_bytes(
            ["序号", "收费项目", "收费标准", "政策依据"],
            ["一", "公安", "", ""],
            ["（一）", "证照费", "", ""],
            ["1", "护照", "160元/本", "财综〔2003〕1号"],
            ["2", "通行证", "60元/本", "财综〔2003〕2号"],
            ["（二）", "考试费", "", ""],
            ["1", "驾驶考试", "50元", "财综〔2003〕3号"],
            ["二", "教育", "", ""],
            ["1", "学费", "500元", "财综〔2003〕4号"],
        ),
        "fees",
    )
    assert [
        (r.content["name"], r.content.get("parent_name"), r.content["department"]) for r in reading.records
    ] == [
        ("护照", "证照费", "公安"),
        ("通行证", "证照费", "公安"),
        ("驾驶考试", "考试费", "公安"),
        ("学费", None, "教育"),
    ]
    assert [row for row, _ in rows_left_out(reading)] == [1, 2, 3, 6, 8]
