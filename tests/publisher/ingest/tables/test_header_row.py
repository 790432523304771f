"""Detection of a table's header and mapping of its columns."""

import pytest

from publisher.ingest.parsed_file import UnreadableFile
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


def test_title_rows_above_the_header_are_left_out_as_titles() -> None:
    rows: Rows = [
        ["某市某局2024年权责清单"],
        ["部门名称：某局"],
        POWER_HEADER,
        power_row(1, "甲许可", kind="行政许可"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows), merged=["A1:K1", "A2:K2"]))
    assert rows_left_out(reading) == [(1, "title"), (2, "title"), (3, "header")]
    assert column(reading, "name") == ["甲许可"]


def test_headings_are_recognised_despite_newlines_spaces_and_width() -> None:
    rows: Rows = [["事项\n名称", " 权 力类型", "行使\n主体"], ["甲许可", "行政许可", "某局"]]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert reading.records[0].content == {"name": "甲许可", "power_type": "行政许可", "actor": "某局"}


def test_a_heading_over_two_columns_gives_the_second_its_own_field() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可", level="地州市级", scope="负责本级许可")]
    for merged in (["H1:I1"], []):
        reading = read_workbook(xlsx(("Sheet1", rows), merged=merged))
        assert column(reading, "level") == ["地州市级"]
        assert column(reading, "level_scope") == ["负责本级许可"]


def test_a_heading_repeated_in_both_columns_is_one_heading() -> None:
    header = ["实施层级及权限" if h is None else h for h in POWER_HEADER]
    reading = read_workbook(
        xlsx(("Sheet1", [header, power_row(1, "甲许可", level="地州市级", scope="负责本级")]))
    )
    assert column(reading, "level_scope") == ["负责本级"]
    assert "column-twice" not in codes(reading)


@pytest.mark.parametrize(("scope", "merged"), [(None, ["H1:I1", "H2:I2"]), ("地州市级", ["H1:I1"])])
def test_the_second_column_of_a_heading_holds_no_copy_of_the_first(
    scope: str | None, merged: list[str]
) -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可", level="地州市级", scope=scope)]
    assert column(read_workbook(xlsx(("Sheet1", rows), merged=merged)), "level_scope") == [None]


@pytest.mark.parametrize(
    ("text", "level", "scope"),
    [
        ("地州市级", "地州市级", None),
        ("地州市级。负责行政区域内企业的许可。", "地州市级", "负责行政区域内企业的许可。"),
        ("负责市本级公共机构节能监督检查工作", None, "负责市本级公共机构节能监督检查工作"),
        ("县级以上人民政府", "县级以上人民政府", None),
    ],
)
def test_one_column_for_level_and_scope_is_parted(text: str, level: str | None, scope: str | None) -> None:
    content = read_workbook(csv_bytes(["事项名称", "实施层级及权限"], ["甲许可", text])).records[0].content
    assert (content.get("level"), content.get("level_scope")) == (level, scope)


def test_two_header_rows_are_read_together() -> None:
    rows: Rows = [
        ["序号", "事项名称", "办结时限", None, "备注"],
        [None, None, "法定期限", "承诺期限", None],
        [1, "甲许可", "20个工作日", "10个工作日", "无"],
    ]
    for merged in (["A1:A2", "B1:B2", "C1:D1", "E1:E2"], []):
        reading = read_workbook(xlsx(("Sheet1", rows), merged=merged))
        assert rows_left_out(reading) == [(1, "header"), (2, "header")]
        assert column(reading, "promised_limit") == [{"value": 10, "unit": "工作日"}]
        assert column(reading, "statutory_limit") == [{"value": 20, "unit": "工作日"}]


def test_a_second_header_row_completes_the_words_of_the_first() -> None:
    rows: Rows = [
        ["序号", "事项名称", "办结时限", ""],
        ["", "", "法定", "承诺"],
        [1, "甲", "5个工作日", "3个工作日"],
    ]
    reading = read_workbook(csv_bytes(*rows))
    assert [r.rows for r in reading.records] == [(3,)]
    assert column(reading, "promised_limit") == [{"value": 3, "unit": "工作日"}]


def test_the_header_shown_again_on_a_later_page_is_left_out() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可"), POWER_HEADER, power_row(2, "乙许可")]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert rows_left_out(reading) == [(1, "header"), (3, "repeated-header")]
    assert column(reading, "name") == ["甲许可", "乙许可"]


def test_a_sheet_may_hold_several_tables_with_other_columns() -> None:
    rows: Rows = [
        ["一、行政许可", None, None],
        ["序号", "事项名称", "行使主体"],
        [1, "甲许可", "某局"],
        ["二、行政处罚", None, None],
        ["事项名称", "实施依据", "行使主体"],
        ["乙处罚", "《某法》", "某局"],
    ]
    reading = read_workbook(xlsx(("Sheet1", rows), merged=["A1:C1", "A4:C4"]))
    assert rows_left_out(reading) == [(1, "title"), (2, "header"), (4, "title"), (5, "header")]
    assert column(reading, "name") == ["甲许可", "乙处罚"]
    assert column(reading, "basis") == [None, "《某法》"]


def test_stray_columns_at_the_right_are_named_and_not_read() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "备注", None, None, "事项名称"],
        ["甲许可", "行政许可", None, None, "行政检查", "另一项"],
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert column(reading, "name") == ["甲许可"]
    assert reading.unmapped_columns == ("E",)
    assert sorted(codes(reading)) == ["column-twice", "columns-differ", "unmapped-column"]


def test_unknown_headings_are_named_with_their_column() -> None:
    reading = read_workbook(
        xlsx(("Sheet1", [["事项名称", "权力类型", "领导批示"], ["甲许可", "行政许可", "同意"]]))
    )
    finding = next(f for f in reading.findings if f.code == "unmapped-column")
    assert (finding.column, finding.row, finding.severity) == ("C 领导批示", 1, "warning")


def test_a_file_without_a_header_is_refused_and_the_nearest_row_is_named() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_workbook(xlsx(("Sheet1", [["甲", "乙", "丙"], [1, 2, 3]])))
    assert caught.value.finding.code == "no-header"
    assert caught.value.finding.found == "甲 | 乙 | 丙"


def test_a_table_of_another_catalogue_has_no_header_here() -> None:
    with pytest.raises(UnreadableFile):
        read_workbook(csv_bytes(["职业资格名称", "实施部门（单位）"], ["焊工", "人社部"]), "government-funds")


def test_a_sheet_of_notes_beside_the_table_is_left_out_and_reported() -> None:
    notes = [["一、如实填写"], ["二、勿改列名"]]
    reading = read_workbook(xlsx(("清单", [POWER_HEADER, power_row(1, "甲许可")]), ("填表说明", notes)))
    assert [s.rows for s in reading.sheets] == [2, 2]
    assert codes(reading) == ["sheet-without-table"]


def test_a_table_without_its_required_column_says_so() -> None:
    reading = read_workbook(
        csv_bytes(["职权编码", "实施依据"], ["210000", "《某法》"], ["210001", "《某法》"])
    )
    assert codes(reading) == ["missing-column"]
    assert [r.in_error for r in reading.records] == [True, True]
