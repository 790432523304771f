"""Real files of departments: exact counts, and records that were checked by eye."""

from collections import Counter
from functools import cache
from io import BytesIO

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from publisher.ingest.parsed_file import Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.workbooks import assert_rows_accounted, column
from tests.support.shared_data import require

KARAMAY = {
    "2024年市农业农村局权责清单.xls": (321, 312),
    "2025年克拉玛依市统计局权责清单.xlsx": (5, 3),
    "克拉玛依市人力资源和社会保障局2024年权责清单.xls": (110, 108),
    "克拉玛依市住房和城乡建设局2024年权责清单.xls": (329, 327),
    "克拉玛依市发展和改革委员会2024年权责清单.xls": (59, 57),
    "克拉玛依市委宣传部（新闻出版局）2024年权责清单 (1).xlsx": (3, 1),
    "克拉玛依市文化体育广播电视和旅游局2024年权责清单.xlsx": (335, 301),
    "克拉玛依市机关事务管理局2024年权责清单.xls": (13, 10),
    "克拉玛依市林业和草原系统2024年地县两级权责清单指导目录.xls": (314, 310),
    "克拉玛依市档案局2024年权责清单 (1).xlsx": (14, 12),
    "克拉玛依市档案局2024年权责清单.xlsx": (14, 12),
    "克拉玛依市生态环境局2024年权责清单.xls": (219, 217),
    "附件：克拉玛依市交通运输局2024年权责清单.xlsx": (362, 360),
    "附件：克拉玛依市财政局2025年权责清单 (1).xlsx": (23, 19),
}
"""File → number of rows with text, number of records."""


@cache
def _read_shared(*names: str, catalogue: str) -> Reading:
    path = require(*names)
    return read_file(path.read_bytes(), name=path.name, catalogue=load_catalogue(catalogue))


def _karamay(part: str) -> Reading:
    name = next(name for name in KARAMAY if part in name)
    return _read_shared("power-list-karamay", name, catalogue="power-list")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(("name", "counts"), KARAMAY.items(), ids=lambda x: x if isinstance(x, str) else "")
def test_each_workbook_gives_its_records_and_accounts_for_every_row(
    name: str, counts: tuple[int, int]
) -> None:
    reading = _read_shared("power-list-karamay", name, catalogue="power-list")
    assert_rows_accounted(reading)
    assert (reading.rows, len(reading.records)) == KARAMAY[name]
    assert {x.reason for x in reading.left_out} <= {"title", "header", "note", "covered"}
    assert all(record.content.get("name") for record in reading.records)


@pytest.mark.slow
@pytest.mark.shared
def test_less_than_half_a_percent_of_rows_is_left_out_beside_titles_headers_and_notes() -> None:
    readings = [_read_shared("power-list-karamay", name, catalogue="power-list") for name in KARAMAY]
    known = {"title", "header", "note", "group", "covered"}
    rest = [x for r in readings for x in r.left_out if x.reason not in known]
    assert len(rest) <= 0.005 * sum(r.rows for r in readings)


@pytest.mark.shared
def test_the_only_errors_are_three_pairs_of_rows_that_one_cannot_tell_apart() -> None:
    errors = [
        (f.code, f.sheet, f.row)
        for name in KARAMAY
        for f in _read_shared("power-list-karamay", name, catalogue="power-list").findings
        if f.severity == "error"
    ]
    assert errors == [
        ("identity-clash", "准确版", 141),
        ("identity-clash", "区县级", 11),
        ("identity-clash", "市生态环境局（217项）", 138),
    ]


@pytest.mark.shared
def test_a_sheet_that_claims_eleven_items_and_contains_ten_rows_is_reported() -> None:
    findings = [f for f in _karamay("农业农村").findings if f.code == "count-mismatch"]
    assert [(f.sheet, f.found) for f in findings] == [("行政许可（11项）", "行政许可（11项）")]


@pytest.mark.shared
def test_three_levels_of_one_item_are_three_records() -> None:
    records = [r for r in _karamay("农业农村").records if r.sheet == "行政征收（ 1 项）"]
    assert [r.content["level"] for r in records] == ["自治区级", "县市区级", "地州市级"]
    assert records[1].content["name"] == "对渔业资源增殖保护费的征收"
    assert records[1].cells["basis"] == "E2"


@pytest.mark.shared
def test_parts_of_a_merged_item_inherit_its_name_even_where_the_merge_ends_early() -> None:
    records = {r.rows[0]: r for r in _karamay("人力资源").records}
    assert records[14].content["sub_name"] == "5.中外合作职业技能培训机构终止审批"
    assert records[14].content["name"] == records[10].content["name"]
    assert (records[14].originals["name"], records[14].cells["name"]) == ("", "B10")


@pytest.mark.shared
def test_cells_broken_every_few_characters_are_mended() -> None:
    content = _karamay("统计局").records[0].content
    assert (
        content["name"]
        == "对拒绝配合统计调查、农业普查、经济普查、人口普查和统计检查的单位和个体工商户的处罚"
    )
    assert content["power_type"] == "行政处罚"
    assert content["actor"] == "市统计局"
    assert content["accountable"] == "1.具体承办人；\n2.内设机构负责人；\n3.单位法定代表人或分管领导。"


@pytest.mark.shared
def test_text_under_merged_cells_is_not_read_and_reported_row_by_row() -> None:
    reading = _karamay("文化体育")
    findings = [f for f in reading.findings if f.code == "covered-text"]
    assert len(findings) == 32
    assert all(f.row not in {r.rows[0] for r in reading.records} or f.found for f in findings)
    assert any("县市区级文体广电旅游局" in f.found for f in findings)


@pytest.mark.shared
def test_a_list_of_words_beside_the_table_is_named_and_not_read() -> None:
    reading = _karamay("财政局")
    assert reading.unmapped_columns == ("N",)
    assert Counter(x.reason for x in reading.left_out) == {"note": 2, "title": 1, "header": 1}


FEES = {
    "national-2009-partial.csv": (18, 14, 3),
    "city-2021-partial.csv": (14, 12, 1),
    "national-2025-partial.csv": (11, 7, 3),
    "shaanxi-partial.csv": (14, 9, 4),
}
"""File → number of rows, records and groups."""


@pytest.mark.shared
@pytest.mark.parametrize("name", FEES)
def test_fee_catalogues_unfold(name: str) -> None:
    reading = _read_shared("fees", name, catalogue="fees")
    assert_rows_accounted(reading)
    groups = sum(x.reason == "group" for x in reading.left_out)
    assert (reading.rows, len(reading.records), groups) == FEES[name]
    assert all(r.content.get("department") and r.content.get("management") for r in reading.records)
    assert not reading.findings


@pytest.mark.shared
def test_departments_and_numbers_of_the_real_fee_catalogues() -> None:
    departments = {
        name: set(column(_read_shared("fees", name, catalogue="fees"), "department")) for name in FEES
    }
    assert departments == {
        "national-2009-partial.csv": {"外交", "发展改革", "教育"},
        "city-2021-partial.csv": {"公安"},
        "national-2025-partial.csv": {"外交部门", "教育部门"},
        "shaanxi-partial.csv": {"外交", "发展改革", "教育"},
    }
    numbers = column(_read_shared("fees", "shaanxi-partial.csv", catalogue="fees"), "item_number")
    assert numbers == ["1", "(1)", "(2)", "3", "4", "5", "6", "7", "9"]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "name", "catalogue", "count"),
    [
        ("government-funds", "shanxi-2017-partial.csv", "government-funds", 10),
        ("pre-approval-2017", "qianzhi_2017-11.csv", "pre-approvals", 31),
        ("intermediary-services", "statutory-sample.csv", "intermediary-services", 10),
        ("cancelled-items", "state-council-partial.csv", "cancelled-items", 11),
        ("power-list-liaoning", "government_data.json", "power-list", 9),
        ("notice-anshan-2015", "page.txt", "policies", 1),
    ],
)
def test_the_other_catalogues_import_whole(folder: str, name: str, catalogue: str, count: int) -> None:
    reading = _read_shared(folder, name, catalogue=catalogue)
    assert_rows_accounted(reading)
    assert len(reading.records) == count
    assert not [f for f in reading.findings if f.severity == "error"]


@pytest.mark.shared
def test_a_bracket_that_the_source_leaves_open_is_reported_and_not_added() -> None:
    reading = _read_shared("pre-approval-2017", "qianzhi_2017-11.csv", catalogue="pre-approvals")
    assert [(f.code, f.row) for f in reading.findings] == [("unclosed-bracket", 17)]


@pytest.mark.shared
def test_a_cancelled_item_without_a_decision_number_has_none() -> None:
    reading = _read_shared("cancelled-items", "state-council-partial.csv", catalogue="cancelled-items")
    assert column(reading, "decision_number")[-4:] == [None] * 4


@pytest.mark.shared
def test_items_of_another_province_come_with_their_codes_and_types() -> None:
    reading = _read_shared("power-list-liaoning", "government_data.json", catalogue="power-list")
    assert column(reading, "code")[0] == "210973001000"
    assert column(reading, "power_type")[:2] == ["行政裁决", "行政给付"]
    assert reading.records[0].originals["power_type"] == "09"


@pytest.mark.shared
def test_each_column_of_a_provinces_template_is_read_or_told() -> None:
    book = openpyxl.load_workbook(require("field-files", "gdzwfw_template.xlsx"))
    sheet = book.worksheets[0]
    for x in range(1, sheet.max_column + 1):
        sheet.cell(3, x).value = f"文字{x}"
    file = BytesIO()
    book.save(file)
    reading = read_file(file.getvalue(), name="导入模板.xlsx", catalogue=load_catalogue("power-list"))
    (record,) = reading.records
    assert record.content["name"] == "文字3"
    told = {(f.column or "").split(" ")[0] for f in reading.findings}
    read = {"".join(c for c in cell if c.isalpha()) for cell in record.cells.values()}
    assert told | read == {get_column_letter(x) for x in range(1, sheet.max_column + 1)}
    assert len(read) >= 16
