"""Small tables that came out wrong once: each file of ``cases`` with its right values."""

from pathlib import Path

import pytest

from publisher.ingest.parsed_file import Reading, UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import (
    assert_rows_accounted,
    codes,
    column,
    csv_bytes,
    read_workbook,
    rows_left_out,
    xlsx,
)

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "total",
    [
        ["合计", 1],
        ["合计", "1项", None, "10"],
        ["小 计", None, None, "1,234.5万元"],
        [None, "总计：行政许可12项，行政处罚30项"],
        ["本页合计", "行政许可1项"],
        ["合计", "1", "2", "3", "4", "5"],
    ],
)
def test_a_total_with_its_numbers_is_no_item_whatever_column_they_are_in(total: list[object]) -> None:
    head = ["序号", "事项名称", "权力类型", "实施依据", "行使主体", "承诺办结时限"]
    row = [1, "甲许可", "行政许可", "《甲法》", "甲局", "5天"]
    reading = read_workbook(xlsx(("一", [head, row, total])))
    assert column(reading, "name") == ["甲许可"]
    assert rows_left_out(reading) == [(1, "header"), (3, "total")]
    assert codes(reading) == []


def test_dates_and_signatures_below_a_table_are_notes() -> None:
    head = ["序号", "事项名称", "权力类型", "实施依据"]
    foot = ["填表人：某某", None, "审核人：某某", "填表日期：2015年6月1日"]
    reading = read_workbook(xlsx(("一", [head, [1, "甲许可", "行政许可", "《甲法》"], foot])))
    assert column(reading, "name") == ["甲许可"]
    assert rows_left_out(reading)[1:] == [(3, "note")]


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "heads",
    [
        ("（一）行政许可", "（二）行政处罚"),
        ("行政许可（共1项）", "行政处罚"),
        ("行政许可类", "二、行政处罚事项"),
    ],
)
def test_a_kind_of_item_alone_heads_a_group_also_in_the_column_of_names(
    heads: tuple[str, str], place: int
) -> None:
    rows: list[list[object]] = [["序号", "事项名称", "权力类型", "实施依据"]]
    for number, (head, name) in enumerate(zip(heads, ("甲许可", "乙处罚"), strict=True), start=1):
        rows += [[None] * place + [head], [number, name, None, "《甲法》"]]
    reading = read_workbook(xlsx(("一", rows)))
    assert column(reading, "name") == ["甲许可", "乙处罚"]
    assert column(reading, "power_type") == ["行政许可", "行政处罚"]


def test_the_same_header_below_another_group_begins_a_table_of_its_own() -> None:
    head: list[object] = ["序号", "项目名称", "实施机关", "设定依据"]
    rows: list[list[object]] = [
        ["一、前置审批事项（2项）"],
        head,
        [1, "甲", "甲局", "《甲法》"],
        [2, "乙", "甲局", "《乙法》"],
        ["二、后置审批事项（1项）"],
        head,
        [1, "丙", "甲局", "《丙法》"],
    ]
    reading = read_workbook(xlsx(("一", rows)), "pre-approvals")
    assert column(reading, "stage") == ["前置", "前置", "后置"]
    assert codes(reading) == []


@pytest.mark.parametrize(
    "numbers", [("1", "（1）", "(2)", "2"), ("1", 1.1, "1.2", "2"), ("1.", "1-1", "1-2", "2.")]
)
def test_running_numbers_nest_the_items_of_a_fee_catalogue(numbers: tuple[object, ...]) -> None:
    head = ["序号", "部门", "项目名称", "政策依据", "收费标准"]
    items = [
        ("证照费", None, None),
        ("甲证", "财税〔2016〕79号", "10元/证"),
        ("乙证", "财税〔2016〕79号", "5元/证"),
    ]
    items.append(("丙费", "财税〔2016〕79号", "1元"))
    rows = [[n, "甲局", *item] for n, item in zip(numbers, items, strict=True)]
    reading = read_workbook(xlsx(("一", [head, *rows])), "fees")
    names = [(r.content["name"], r.content.get("parent_name")) for r in reading.records]
    assert names == [("甲证", "证照费"), ("乙证", "证照费"), ("丙费", None)]
    assert rows_left_out(reading) == [(1, "header"), (2, "group")]


def test_a_heading_over_two_columns_is_the_name_and_the_sub_item() -> None:
    rows: list[list[object]] = [
        ["序号", "职业资格名称", None, "实施部门（单位）", "设定依据"],
        [1, "甲资格", None, "甲部", "《甲法》"],
        [2, "乙资格", "乙操纵员", "乙局", "《乙条例》"],
        [None, None, "乙焊工", "乙局", "《乙条例》"],
    ]
    reading = read_workbook(xlsx(("一", rows), merged=["B1:C1", "B2:C2", "A3:A4", "B3:B4"]), "qualifications")
    assert column(reading, "name") == ["甲资格", "乙资格", "乙资格"]
    assert column(reading, "sub_name") == [None, "乙操纵员", "乙焊工"]
    assert codes(reading) == []


def test_marks_by_which_programs_keep_a_code_as_text_are_no_part_of_it() -> None:
    head = ["职权编码", "事项名称", "权力类型", "实施依据"]
    lines = (",".join(head), '="00123",甲许可,行政许可,《甲法》', "'00124,乙许可,行政许可,《乙法》")
    data = "\n".join(lines).encode()
    quoted = csv_bytes(
        head, ['="00123"', "甲许可", "行政许可", "《甲法》"], ["'00124", "乙许可", "行政许可", "《乙法》"]
    )
    for table in (data, quoted):
        reading = read_workbook(table, name="甲.csv")
        assert column(reading, "code") == ["00123", "00124"]
        assert codes(reading) == []


def test_a_unit_between_two_tables_is_that_of_the_second_one() -> None:
    head: list[object] = ["部门", "项目名称", "收费金额"]
    first: list[list[object]] = [["单位：元"], head, ["甲局", "甲费", 10]]
    second: list[list[object]] = [["单位：万元"], head, ["甲局", "乙费", 10]]
    other: list[list[object]] = [["单位：万元"], [*head, "备注"], ["甲局", "乙费", 10, "注"]]
    for below in (second, other):
        reading = read_workbook(xlsx(("一", [*first, *below])), "fees")
        assert column(reading, "amount") == [{"amount": n, "unit": "元"} for n in ("10", "100000")]
    title: list[list[object]] = [
        ["单位：万元"],
        head,
        ["甲局", "甲费", 1],
        ["收费目录附表"],
        head,
        ["甲局", "乙费", 1],
    ]
    reading = read_workbook(xlsx(("一", title)), "fees")
    assert column(reading, "amount") == [{"amount": "10000", "unit": "元"}] * 2


def test_a_title_in_the_first_cell_above_a_repeated_header_is_no_item() -> None:
    head: list[object] = ["序号", "项目名称", "审批部门", "设定依据"]
    rows: list[list[object]] = [
        ["附件1"],
        ["决定取消的项目目录（共1项）"],
        head,
        [1, "甲审批", "甲部", "《甲法》"],
        ["附件2"],
        ["决定下放的项目目录（共1项）"],
        head,
        [1, "乙审批", "甲部", "《乙法》"],
    ]
    reading = read_workbook(xlsx(("一", rows)), "cancelled-items")
    assert column(reading, "name") == ["甲审批", "乙审批"]
    assert codes(reading) == []


def test_a_code_that_says_that_there_is_none_identifies_nothing() -> None:
    rows = [[text, f"{text}许可", "行政许可", "《甲法》"] for text in ("/", "—", "无", "暂无")]
    reading = read_workbook(xlsx(("一", [["职权编码", "事项名称", "权力类型", "实施依据"], *rows])))
    assert column(reading, "code") == [None] * 4
    assert codes(reading) == []


def test_a_word_after_a_number_is_no_basis() -> None:
    row = ["甲局", "甲费", "国发[2015]11号文、财税〔2016〕79号文件"]
    reading = read_workbook(xlsx(("一", [["部门", "项目名称", "政策依据"], row])), "fees")
    assert column(reading, "basis") == [["国发〔2015〕11号", "财税〔2016〕79号"]]
    assert codes(reading) == []


def test_a_kind_of_item_beside_a_running_number_heads_a_group() -> None:
    rows: list[list[object]] = [
        ["序号", "事项名称", "权力类型", "实施依据"],
        ["一", "行政许可"],
        [1, "甲许可", None, "《甲法》"],
        ["二", "行政处罚（1项）"],
        [1, "乙处罚", None, "《乙法》"],
    ]
    reading = read_workbook(xlsx(("一", rows)))
    assert column(reading, "name") == ["甲许可", "乙处罚"]
    assert column(reading, "power_type") == ["行政许可", "行政处罚"]


@pytest.mark.parametrize(
    ("number", "name"), [("例", "甲许可"), ("示例：", "甲许可"), (1, "（示例）甲许可"), (None, "样例：甲")]
)
def test_an_example_of_a_template_is_not_read_and_told(number: object, name: str) -> None:
    rows: list[list[object]] = [
        ["序号", "事项名称", "权力类型", "实施依据", "行使主体"],
        [number, name, "行政许可", "《甲法》", "甲局"],
        [1, "案例指导", "行政许可", "《乙法》", "乙局"],
    ]
    reading = read_workbook(xlsx(("一", rows)))
    assert column(reading, "name") == ["案例指导"]
    assert [(f.code, f.row) for f in reading.findings] == [("example-row", 2)]
