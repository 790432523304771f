"""Small tables that came out wrong once: each file of ``cases`` with its right values."""

from pathlib import Path

import pytest

from publisher.ingest.parsed_file import Reading, UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import assert_rows_accounted, codes, column

_CASES = Path(__file__).with_name("cases")


def _read(name: str, catalogue: str = "power-list") -> Reading:
    data = (_CASES / name).read_bytes()
    reading = read_file(data, name=name, catalogue=load_catalogue(catalogue))
    assert_rows_accounted(reading)
    return reading


def _limits(reading: Reading, field: str) -> list[tuple[object, object]]:
    values = [r.content.get(field) for r in reading.records]
    return [(v["value"], v["unit"]) for v in values if isinstance(v, dict)]


def test_a_charge_without_a_name_is_a_row_of_its_own() -> None:
    reading = _read("glued_fees.xlsx", "fees")
    assert column(reading, "name") == ["甲费", None, "丙费"]
    assert column(reading, "standard") == ["80元/件", "20元/证", "300元"]
    assert column(reading, "basis")[0] == ["财税〔2016〕79号"]
    assert [(f.code, f.row, f.column) for f in reading.findings] == [("required-missing", 3, "C 项目名称")]


def test_a_blank_name_beside_a_code_is_missing_and_never_the_neighbours() -> None:
    reading = _read("t32_blankname.csv")
    assert column(reading, "name") == ["排污许可", None]
    assert [(f.code, f.row, f.column) for f in reading.findings] == [("required-missing", 3, "B 事项名称")]


def test_a_name_that_is_a_formula_without_a_result_is_missing() -> None:
    reading = _read("t10_formula_dup.xlsx")
    assert column(reading, "name") == ["排污许可", None]
    assert "required-missing" in codes(reading)
    assert [f.row for f in reading.findings if f.code == "columns-differ"] == [2, 3]


def test_of_two_columns_with_one_heading_the_filled_one_is_read() -> None:
    reading = _read("r07_twin_columns.xlsx")
    assert column(reading, "responsibility_basis") == ["依据一", "依据三"]
    assert column(reading, "accountability") == ["情形一", "情形三"]
    differ = [(f.row, f.column, f.found) for f in reading.findings if f.code == "columns-differ"]
    assert differ == [(2, "G 责任事项依据", "依据二"), (2, "H 追责情形", "情形二")]


def test_units_in_headings_are_the_units_of_the_cells() -> None:
    reading = _read("r08_heads_units.xlsx")
    assert [unit for _, unit in _limits(reading, "statutory_limit")] == ["工作日", "工作日"]
    assert [number for number, _ in _limits(reading, "promised_limit")] == [10, 5]
    assert column(reading, "fee_basis") == ["不收费", None]
    assert reading.unmapped_columns == ()


def test_a_code_on_several_items_is_told_and_the_names_identify_them() -> None:
    reading = _read("r10_code_twice.xlsx")
    assert not any(r.in_error for r in reading.records)
    assert column(reading, "code") == ["650000207CF001", "650000207CF001", "650000207CF002"]
    assert [r.identity and r.identity[:2] for r in reading.records] == [
        ("1", "甲处罚"),
        ("1", "乙处罚"),
        None,
    ]
    assert [(f.code, f.severity, f.row) for f in reading.findings] == [("code-shared", "warning", 3)]


def test_rows_of_two_departments_are_two_records() -> None:
    reading = _read("r13_bumen.xlsx")
    assert column(reading, "actor") == ["甲局", "乙局"]
    assert codes(reading) == []


def test_chinese_headings_and_names_of_a_program_make_one_header() -> None:
    reading = _read("r14_gd_two_heads.xlsx")
    assert [(x.row, x.reason) for x in reading.left_out] == [(1, "header"), (2, "header")]
    content = {
        "name": "甲许可",
        "power_type": "行政许可",
        "basis": "依据",
        "actor": "示例市局",
        "promised_limit": {"value": 5, "unit": "工作日"},
    }
    assert reading.records[0].content == content


def test_an_export_of_a_platform_is_read_by_the_headings_that_are_known() -> None:
    reading = _read("r15_platform_export.xlsx")
    assert column(reading, "name") == ["甲许可"]
    assert column(reading, "code") == ["11210000MB1234567A4210000001000"]
    assert _limits(reading, "statutory_limit") == [(20, "工作日")]
    assert [f.column for f in reading.findings if f.code == "unit-unknown"] == [
        "H 法定办结时限单位",
        "J 承诺办结时限单位",
    ]
    read = {c.heading: (c.field, c.filled) for c in reading.columns}
    assert len(read) == 25
    assert read["设定依据"] == ("basis", 1)
    assert read["法定办结时限单位"] == ("statutory_limit", 1)
    unread = [f"{c.column} {c.heading}" for c in reading.columns if not c.read]
    assert reading.unmapped_columns == tuple(unread)


def test_lists_of_licences_and_of_market_access_have_a_header() -> None:
    reading = _read("r17_licence_list.xlsx")
    assert column(reading, "name") == ["甲许可", "乙许可"]
    assert column(reading, "basis") == ["《甲法》\n《甲条例》", "《乙法》"]
    reading = _read("r18_negative_list.xlsx")
    assert column(reading, "name") == ["法律明令禁止的甲", "未获得许可，不得从事乙"]
    assert [(x.row, x.reason) for x in reading.left_out] == [(1, "header"), (2, "group"), (4, "group")]


def test_a_unit_in_a_column_of_its_own_belongs_to_the_limit_beside_it() -> None:
    reading = _read("r19_catalogue_template.xlsx")
    assert _limits(reading, "statutory_limit") == [(20, "工作日"), (15, "自然日")]
    assert column(reading, "name") == ["甲许可（新办）", "乙登记"]
    assert column(reading, "parent_name") == ["甲许可", None]


def test_a_stray_quote_names_its_row() -> None:
    with pytest.raises(UnreadableFile) as caught:
        _read("t03_quote.csv")
    finding = caught.value.finding
    assert (finding.code, finding.severity, finding.row) == ("csv-quote-open", "error", 3)
    assert "第3行" in finding.message_zh


@pytest.mark.parametrize("name", ["t05_xml2003.xls", "t19_backslash.xlsx"])
def test_workbooks_of_other_programs_are_read(name: str) -> None:
    reading = _read(name)
    assert column(reading, "name") == ["排污许可", "烟花爆竹经营许可"]
    assert column(reading, "code") == ["0010", "00042"]


def test_text_under_merged_cells_is_only_told() -> None:
    reading = _read("r23_covered.xlsx")
    assert [dict(record.content) for record in reading.records] == [
        {"name": "甲许可", "power_type": "行政许可", "actor": "示例市局", "accountability": "新情形"}
    ]
    assert [(f.code, f.row, f.found) for f in reading.findings] == [
        ("covered-text", 3, "旧情形（合并后看不见）")
    ]


def test_a_charge_says_what_its_cell_shows() -> None:
    reading = _read("t07_fees.xlsx", "fees")
    assert column(reading, "standard") == ["3.0%", "0.85元/立方米"]
    assert column(reading, "amount") == [{"amount": "10", "unit": "元/证"}, {"amount": "100", "unit": "元"}]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("t07_formats.xls", ["3%"]),
        ("t07_formats.xlsx", ["3%", "0.30", "¥0.85元", "2015年12月1日", "3-4", "9:30:00", "10元/证"]),
    ],
)
def test_texts_and_codes_are_those_that_the_sheet_shows(name: str, shown: list[str]) -> None:
    reading = _read(name)
    assert column(reading, "remark") == shown
    assert column(reading, "code")[:2] == ["00123", "210-300-001"][: len(shown)]
    assert _limits(reading, "statutory_limit") == [(20, "工作日")] * len(shown)
    assert reading.findings == ()


def test_hidden_rows_and_columns_are_told() -> None:
    reading = _read("t09_hidden.xlsx")
    assert column(reading, "code") == ["0010", "00042"]
    assert codes(reading) == ["hidden-rows", "hidden-columns"]


def test_a_struck_row_is_told() -> None:
    reading = _read("t22_strike.xlsx")
    assert column(reading, "name") == ["排污许可", "烟花爆竹经营许可"]
    assert [(f.code, f.row) for f in reading.findings] == [("struck-text", 3)]


def test_a_code_that_a_spreadsheet_spoilt_is_told_by_row_and_identifies_nothing() -> None:
    reading = _read("t35_sci.csv")
    assert column(reading, "code") == [None] * 5
    spoilt = {f.row: (f.code, f.found) for f in reading.findings}
    assert spoilt == {
        2: ("code-spoilt", "1.23457E+17"),
        3: ("code-spoilt", "1月2日"),
        4: ("code-spoilt", "2-Jan"),
        5: ("formula-error", "#N/A"),
        6: ("code-spoilt", "########"),
    }
