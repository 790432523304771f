"""Merged cells, rows split by a page break, 同上, and values that blank cells inherit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.formats.detect import FileContent
from publisher.ingest.formats.grid import build_grid
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_content
from publisher.ingest.tables.continuations import join_halves
from publisher.ingest.tables.header_row import has_own_text
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import (
    POWER_HEADER,
    Rows,
    assert_rows_accounted,
    codes,
    column,
    csv_bytes,
    merge_cells,
    power_row,
    read_workbook,
    rows_left_out,
    xlsx,
)


def test_a_row_that_only_merged_cells_cover_is_no_row() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可", kind="行政许可"), power_row(), power_row(2, "乙许可")]
    reading = read_workbook(xlsx(("Sheet1", rows), merged=["A2:A3", "B2:B3", "D2:D3"]))
    assert [r.rows for r in reading.records] == [(2,), (4,)]


def test_a_row_with_its_own_part_inherits_the_merged_name_and_basis() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "某机构审批", "1.设立", "行政许可", "《某法》", "某局"),
        power_row(None, None, "2.变更", None, None, "某局"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows), merged=["A2:A3", "B2:B3", "D2:D3", "E2:E3"]))
    assert column(reading, "name") == ["某机构审批", "某机构审批"]
    assert column(reading, "sub_name") == ["1.设立", "2.变更"]
    assert column(reading, "basis") == ["《某法》", "《某法》"]
    assert reading.records[1].cells["basis"] == "E2"


def test_a_row_without_a_name_but_with_its_own_part_belongs_to_the_item_above() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可", actor="市局", level="市级"), power_row(sub="2.变更")]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "name") == ["甲许可", "甲许可"]
    assert reading.records[1].originals["name"] == ""


def test_a_part_inherits_nothing_but_the_name_from_its_sibling() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "某机构审批", "1.设立", "行政许可", "《某法》第一条", "某局"),
        power_row(None, None, "2.变更"),
    ]
    content = read_workbook(csv_bytes(*rows)).records[1].content
    assert content == {"name": "某机构审批", "sub_name": "2.变更"}


def test_a_part_inherits_from_the_item_that_stands_above_the_parts() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "某机构审批", None, "行政许可", "《某法》第一条"),
        power_row(None, None, "1.设立"),
    ]
    content = read_workbook(csv_bytes(*rows)).records[1].content
    assert content["basis"] == "《某法》第一条"
    assert content["power_type"] == "行政许可"


def test_a_row_cut_off_by_a_page_break_continues_the_record_above() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲许可", basis="【法律】《某法》第一条：从事某活动的，应", actor="某局"),
        power_row(basis="当经某局许可。", remark="见附件"),
        power_row(2, "乙许可"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert [r.rows for r in reading.records] == [(2, 3), (4,)]
    assert column(reading, "basis")[0] == "【法律】《某法》第一条：从事某活动的，应当经某局许可。"
    assert column(reading, "remark")[0] == "见附件"
    assert reading.sheets[0].continuations == 1


def test_a_continuation_after_a_full_stop_or_before_a_number_starts_a_line() -> None:
    assert join_halves("第一条。", "第二条规定") == "第一条。\n第二条规定"
    assert join_halves("责任", "2.受理") == "责任\n2.受理"
    assert join_halves("应当经", "某局许可") == "应当经某局许可"


def test_a_name_of_its_own_takes_nothing_from_the_row_above() -> None:
    data = csv_bytes(
        ["决定文号", "项目名称", "处理决定"], ["国发〔2013〕44号", "甲核准", "取消"], ["", "乙核准", "取消"]
    )
    assert column(read_workbook(data, "cancelled-items"), "decision_number") == ["国发〔2013〕44号", None]


def test_the_same_as_above_means_the_row_above_and_chains() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲", kind="行政许可", actor="某局"),
        power_row(2, "乙", kind="同上", actor="同 上"),
        power_row(3, "丙", kind="同上", actor="〃"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert column(reading, "power_type") == ["行政许可"] * 3
    assert column(reading, "actor") == ["某局"] * 3
    assert reading.records[2].originals["power_type"] == "同上"


def test_the_same_as_above_under_a_blank_is_a_blank_with_a_warning() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲"), power_row(2, "乙", kind="同上")]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert column(reading, "power_type") == [None, None]
    finding = next(f for f in reading.findings if f.code == "ditto-without-source")
    assert (finding.row, finding.column, finding.found) == (3, "D 权力类型", "同上")


def test_text_that_merged_cells_hide_is_not_published_but_told() -> None:
    rows = [
        POWER_HEADER,
        power_row(1, "甲许可", None, "行政许可", "《某法》", "市局"),
        power_row(actor="区局"),
    ]
    reading = read_workbook(merge_cells(xlsx(("Sheet1", rows)), ["B2:B3", "F2:F3"]))
    assert column(reading, "actor") == ["市局"]
    (finding,) = reading.findings
    assert (finding.code, finding.row, finding.column, finding.found) == ("covered-text", 3, "F", "区局")
    assert finding.message_zh.startswith("F3有文字被合并单元格盖住")


def test_merged_cells_that_all_say_the_same_make_no_second_record() -> None:
    same = power_row(1, "甲处罚", None, "行政处罚", "《某法》", "市局", "市级")
    data = merge_cells(xlsx(("Sheet1", [POWER_HEADER, same, same])), [f"{c}2:{c}3" for c in "ABDEFH"])
    reading = read_workbook(data)
    assert [r.rows for r in reading.records] == [(2,)]
    assert column(reading, "basis") == ["《某法》"]
    assert codes(reading) == []


def test_a_group_row_gives_its_type_to_the_rows_below() -> None:
    rows: Rows = [
        ["事项名称", "权力类型", "行使主体"],
        ["一、行政许可（2项）", None, None],
        ["甲", None, "某局"],
        ["二、行政处罚（共1项）", None, None],
        ["乙", None, "某局"],
    ]
    reading = read_workbook(xlsx(("Sheet1", rows), merged=["A2:C2", "A4:C4"]))
    assert rows_left_out(reading) == [(1, "header"), (2, "group"), (4, "group")]
    assert column(reading, "power_type") == ["行政许可", "行政处罚"]


def test_notes_totals_and_bare_numbers_are_left_out_each_for_its_reason() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲许可"),
        power_row(2),
        power_row("合计", None, None, None, None, None, None, None, "1项"),
        power_row("备注：包括市、区两级行使的事项。"),
        power_row("填表人：张三", None, None, None, "联系电话：0990-1234567"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert rows_left_out(reading) == [
        (1, "header"),
        (3, "unreadable"),
        (4, "total"),
        (5, "note"),
        (6, "note"),
    ]
    assert codes(reading) == ["number-only-row"]
    assert not any("张三" in x.text or "1234567" in x.text for x in reading.left_out)


def test_page_numbers_and_the_points_of_a_note_are_notes() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲许可"),
        power_row(None, "第 1 页 共 2 页"),
        power_row(2, "乙许可"),
        power_row(None, "- 2 -"),
        power_row("注：1.本清单自印发之日起施行。"),
        power_row("2.原清单同时废止。"),
    ]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "name") == ["甲许可", "乙许可"]
    assert [reason for _, reason in rows_left_out(reading)] == ["header", "note", "note", "note", "note"]
    assert codes(reading) == []


def test_failed_formulas_are_blank_with_a_warning() -> None:
    rows: Rows = [POWER_HEADER, power_row(1, "甲许可", kind="行政许可", actor="#REF!")]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "actor") == [None]
    assert codes(reading) == ["formula-error"]


_TRAPS = ["同上", "一、", "1.甲", "(1)", "备注：", "合计", "行政许可", "事项名称", "权力类型", "#REF!", " "]
_cells = st.one_of(st.none(), st.sampled_from(_TRAPS), st.text(max_size=9))
_rows = st.lists(st.lists(_cells, min_size=11, max_size=11), max_size=12)
_corner = st.tuples(st.integers(1, 12), st.integers(1, 11), st.integers(0, 4), st.integers(0, 4))
_FEE_HEADER = ["序号", "部门", "项目序号", "项目名称", "管理方式", "政策依据", *[""] * 5]
_FORM_HEADER = ["职权名称", *[""] * 10]
_TABLES = [("power-list", POWER_HEADER), ("fees", _FEE_HEADER), ("responsibility-list", _FORM_HEADER)]


@pytest.mark.slow
@given(
    _rows,
    st.lists(_corner, max_size=6),
    st.sampled_from(_TABLES),
)
def test_every_row_is_accounted_for_whatever_cells_say_and_merge(
    rows: list[list[str | None]], merged: list[tuple[int, int, int, int]], table: tuple[str, list[str]]
) -> None:
    name, heading = table
    areas = [
        (top, first_column, top + down, first_column + right) for top, first_column, down, right in merged
    ]
    grid = build_grid("Sheet1", [heading, *rows], areas)
    opened = FileContent("text/csv", (grid,) if grid else ())
    try:
        reading = read_content(opened, name="某局.csv", digest="", catalogue=load_catalogue(name))
    except UnreadableFile as problem:
        assert problem.finding.code in {"no-header", "no-records"}  # noqa: PT017 - it may be raised, and then only this one
    else:
        assert_rows_accounted(reading)
        assert (
            reading.rows
            == sum(
                any(has_own_text(cell) or (cell.row, cell.column) in grid.covered for cell in row)
                for row in grid.rows
            )
            if grid
            else True
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "level", "scope"),
    [
        ("市级。负责本级的审批", "市级", "负责本级的审批"),
        ("县级；负责本级", "县级", "负责本级"),
        ("省级、市级。分级负责", "省级、市级", "分级负责"),
        ("国家级（国务院主管部门负责）", "国家级", "（国务院主管部门负责）"),
        ("市、县级；按权限", "市、县级", "按权限"),
        ("市级：负责甲", "市级", "负责甲"),
        ("市本级，负责甲", "市本级", "负责甲"),
        ("市级；县级", "市级、县级", None),
        ("省级，市级。", "省级、市级", None),
        ("市级", "市级", None),
        ("负责全市", None, "负责全市"),
    ],
)
def test_a_level_and_its_scope_in_one_column(text: str, level: str | None, scope: str | None) -> None:
    rows = [("事项名称", "权力类型", "实施依据", "实施层级及权限"), ("甲", "行政许可", "《甲法》", text)]
    reading = read_workbook(xlsx(("S", rows)))
    assert (column(reading, "level"), column(reading, "level_scope")) == ([level], [scope])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("一网通办", "一网通办"),
        ("一、改革", "改革"),
        ("（一）改革", "改革"),
        ("三 改革", "改革"),
        ("2.改革", "改革"),
    ],
)
def test_only_the_number_of_a_group_is_removed_from_its_name(text: str, section: str) -> None:
    rows: Rows = [("部分", "序号", "任务", "牵头单位"), (text, None, None, None), (None, 1, "甲", "乙局")]
    reading = read_workbook(xlsx(("S", rows), merged=["A2:D2"]), "commitments")
    assert column(reading, "section") == [section]


def test_a_text_that_every_column_repeats_is_no_record() -> None:
    rows: Rows = [POWER_HEADER, ["一、行政许可"] * len(POWER_HEADER), power_row(1, "甲", actor="某局")]
    reading = read_workbook(csv_bytes(*rows))
    assert column(reading, "name") == ["甲"]
    assert column(reading, "power_type") == ["行政许可"]


def test_a_total_in_the_column_of_names_is_no_item() -> None:
    heads = ("部门", "收费项目", "收费标准", "资金管理方式", "设定依据", "备注")
    row = ("某局", "工本费", 80, "缴入地方国库", "《甲法》", "无")
    reading = read_workbook(csv_bytes(heads, row, ("某局", "合 计", 80, "-", "-", "-")), "fees")
    assert column(reading, "name") == ["工本费"]
    assert (3, "total") in rows_left_out(reading)
