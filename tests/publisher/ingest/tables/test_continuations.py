"""Rows without a name: what joins them to the row above, and what does not."""

import pytest

from publisher.ingest.parsed_file import Reading
from tests.publisher.ingest.workbooks import (
    POWER_HEADER,
    Rows,
    codes,
    column,
    csv_bytes,
    power_row,
    read_workbook,
    rows_left_out,
    xlsx,
)

_ITEM = power_row(1, "甲许可", kind="行政许可", basis="《某法》第一条。", actor="市局", level="市级")


def _missing(reading: Reading) -> list[int | None]:
    return [f.row for f in reading.findings if f.code == "required-missing"]


@pytest.mark.parametrize(
    "own",
    [
        {"kind": "行政处罚"},
        {"actor": "区局"},
        {"level": "县级"},
        {"number": 2, "basis": "《另法》"},
        {"basis": "《另法》"},
        {"remark": "见附件"},
        {"scope": "负责县级"},
        {"basis": "续", "actor": "区局"},
    ],
)
def test_a_row_with_anything_of_its_own_is_an_item_whose_name_is_missing(own: dict[str, object]) -> None:
    reading = read_workbook(csv_bytes(POWER_HEADER, _ITEM, power_row(**own)))
    assert _missing(reading) == [3]
    assert column(reading, "name") == ["甲许可", None]
    assert column(reading, "basis")[0] == "《某法》第一条。"
    assert "identity-clash" not in codes(reading)


@pytest.mark.parametrize("end", ["。", "！", "？", "……", "。”", "。）", "。》", "。 "])
def test_a_sentence_that_ends_is_not_continued(end: str) -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲", basis=f"应当经批准{end}"), power_row(basis="另有规定。")]
    assert _missing(read_workbook(csv_bytes(*rows))) == [3]


@pytest.mark.parametrize("end", ["应", "，", "、", "：", "《某", "第1", "“应当", "；"])
def test_a_sentence_that_does_not_end_is_continued_and_the_joint_is_shown(end: str) -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲", basis=f"从事某活动{end}"), power_row(basis="当经许可。")]
    reading = read_workbook(csv_bytes(*rows))
    assert [r.rows for r in reading.records] == [(2, 3)]
    (finding,) = (f for f in reading.findings if f.code == "text-joined")
    assert (finding.row, finding.column) == (3, "E 实施依据")
    assert "从事某活动" in finding.found
    assert "当经许可。" in finding.found


@pytest.mark.parametrize("between", [POWER_HEADER, ["第 1 页 共 2 页"], ["- 1 -"]])
def test_a_row_right_below_a_repeated_header_or_a_page_number_is_continued(between: list[object]) -> None:
    rows: Rows = [POWER_HEADER, _ITEM, between, power_row(basis="第二条。"), power_row(2, "乙")]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "basis")[0] == "《某法》第一条。\n第二条。"
    assert len(reading.records) == 2
    later: Rows = [
        POWER_HEADER,
        _ITEM,
        between,
        power_row(2, "乙", basis="乙。"),
        power_row(basis="第二条。"),
    ]
    assert _missing(read_workbook(csv_bytes(*later))) == [5]


@pytest.mark.parametrize("merged", [["B2:B3"], ["A2:A3"], ["A2:A3", "B2:B3", "D2:D3"]])
def test_a_merge_of_the_name_or_the_number_continues_the_row(merged: list[str]) -> None:
    rows: Rows = [POWER_HEADER, _ITEM, power_row(basis="第二条。")]
    reading = read_workbook(xlsx(("S", rows), merged=merged))
    assert [r.rows for r in reading.records] == [(2, 3)]
    assert codes(reading) == ["text-joined"]


def test_a_merge_of_another_column_joins_nothing() -> None:
    rows: Rows = [POWER_HEADER, _ITEM, power_row(basis="第二条。")]
    assert _missing(read_workbook(xlsx(("S", rows), merged=["D2:D3", "F2:F3"]))) == [3]


def test_a_row_with_a_type_of_its_own_below_a_merged_name_is_a_record_of_that_name() -> None:
    rows: Rows = [POWER_HEADER, _ITEM, power_row(kind="行政处罚", basis="第二条。")]
    reading = read_workbook(xlsx(("S", rows), merged=["B2:B3"]))
    assert column(reading, "name") == ["甲许可", "甲许可"]
    assert column(reading, "power_type") == ["行政许可", "行政处罚"]


def test_limits_amounts_and_words_are_never_joined() -> None:
    header = ["事项名称", "设定依据", "法定办结时限", "权力类型"]
    rows: Rows = [
        header,
        ["甲", "应当", "20", "行政许可"],
        ["", "经批准", "30", ""],
        ["", "经批准", "", "行政处罚"],
    ]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "basis") == ["应当", "经批准", "经批准"]
    assert _missing(reading) == [3, 4]


def test_text_in_a_column_that_is_not_read_makes_a_row_of_its_own() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "设定依据", "领导批示"],
        ["甲", "行政许可", "应当", ""],
        ["", "", "经", "同意"],
    ]
    assert _missing(read_workbook(csv_bytes(*rows))) == [3]


def test_a_part_below_an_item_without_a_name_has_no_neighbours_name() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲", "1.设立"),
        power_row(2, actor="某局"),
        power_row(sub="2.变更"),
    ]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "name") == ["甲", None, None]
    assert _missing(reading) == [3, 4]


@pytest.mark.parametrize(
    ("catalogue", "rows", "column_name"),
    [
        (
            "government-funds",
            [["序号", "项目名称", "征收部门"], [1, "甲基金", "税务"], [2, "", "水务"]],
            "name",
        ),
        (
            "qualifications",
            [["序号", "职业资格名称", "资格类别"], [1, "甲师", "准入类"], [2, "", "准入类"]],
            "name",
        ),
        ("cancelled-items", [["序号", "项目名称", "处理决定"], [1, "甲", "取消"], [2, "", "取消"]], "name"),
        ("pre-approvals", [["序号", "项目名称", "实施机关"], [1, "甲", "某部"], [2, "", "某局"]], "name"),
        (
            "policies",
            [
                ["发文字号", "标题", "发文机关"],
                ["甲〔2015〕1号", "甲通知", "某府"],
                ["甲〔2015〕2号", "", "某府"],
            ],
            "title",
        ),
        (
            "fees",
            [["项目序号", "收费项目", "收费标准"], ["1", "甲费", "10元/证"], ["", "", "20元/证"]],
            "name",
        ),
    ],
)
def test_every_catalogue_tells_a_blank_name(
    catalogue: str, rows: list[list[object]], column_name: str
) -> None:
    reading = read_workbook(csv_bytes(*rows), catalogue)
    assert column(reading, column_name)[1] is None
    assert _missing(reading) == [3]


def test_a_part_of_a_charge_without_a_name_does_not_join_the_charge_above_it() -> None:
    header = ["部门", "项目序号", "项目名称", "资金管理方式"]
    rows: Rows = [
        header,
        ["公安", "1", "甲费", "缴入国库"],
        ["公安", "2", "", "缴入国库"],
        ["公安", "（1）", "工本费", "缴入国库"],
        ["公安", "3", "乙费", "缴入国库"],
        ["公安", "（1）", "工本费", "缴入国库"],
    ]
    reading = read_workbook(csv_bytes(*rows), "fees")
    assert column(reading, "parent_name") == [None, None, None, None, "乙费"]
    assert [(f.code, f.row) for f in reading.findings] == [
        ("parent-without-name", 4),
        ("required-missing", 3),
    ]
    assert [r.in_error for r in reading.records] == [False, True, True, False, False]


def test_a_row_with_nothing_but_a_clerks_name_adds_nothing() -> None:
    rows: Rows = [["事项名称", "权力类型", "录入人"], ["甲", "行政许可", "张三"], ["", "", "李四"]]
    reading = read_workbook(csv_bytes(*rows))
    assert [r.rows for r in reading.records] == [(2, 3)]
    assert codes(reading) == ["personal-column"]
    assert rows_left_out(reading) == [(1, "header")]
