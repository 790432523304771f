"""Records of a complete file: originals, personal columns, limits, duplicates, JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.exceeded_limits import exceeds
from publisher.ingest.parsed_file import SheetReport, UnreadableFile
from publisher.ingest.whole_file_checks import parse_stated_count
from schemas.definition.catalogue import Json
from schemas.definition.file_loader import load_catalogue
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


def test_the_original_stands_beside_every_value_that_was_changed() -> None:
    rows: Rows = [POWER_HEADER, power_row("１", "甲\n许\n可\n事\n项", kind=" 行政许可\u3000", actor="某局")]
    record = read_workbook(xlsx(("Sheet1", rows))).records[0]
    assert record.content == {"name": "甲许可事项", "power_type": "行政许可", "actor": "某局"}
    assert record.originals == {"name": "甲\n许\n可\n事\n项", "power_type": " 行政许可\u3000"}


def test_each_field_says_which_cell_it_was_read_from() -> None:
    rows: Rows = [["标题"], POWER_HEADER, power_row(1, "甲许可", actor="某局")]
    assert read_workbook(xlsx(("S", rows), merged=["A1:K1"])).records[0].cells == {
        "name": "B3",
        "actor": "F3",
    }


def test_personal_columns_are_dropped_at_the_door_and_named() -> None:
    header = ["事项名称", "权力类型", "录入人", "备注"]
    data = csv_bytes(
        header, ["甲", "行政许可", "张三", ""], ["", "", "李四", ""], ["乙", "同上", "同上", "#REF!"]
    )
    reading = read_workbook(data)
    assert reading.dropped_columns == ("录入人",)
    assert "personal-column" in codes(reading)
    for name in ("张三", "李四"):
        assert name not in repr(reading)


def test_personal_text_does_not_count_in_the_digest_of_the_source() -> None:
    def digest(clerk: str) -> str:
        rows = [["事项名称", "权力类型", "录入人"], ["甲", "行政许可", clerk]]
        return read_workbook(csv_bytes(*rows)).records[0].source_text

    assert digest("张三") == digest("李四")


def test_the_digest_of_the_source_changes_with_the_sources_text_only() -> None:
    def digest(name: str) -> str:
        return read_workbook(csv_bytes(["事项名称", "权力类型"], [name, "行政许可"])).records[0].source_text

    assert digest("甲") == digest("甲")
    assert digest("甲") != digest("甲 ")


def test_the_same_as_above_counts_as_what_it_means() -> None:
    def digest(kind: str) -> str:
        rows = [["事项名称", "权力类型"], ["甲", kind], ["乙", "同上"]]
        return read_workbook(csv_bytes(*rows)).records[1].source_text

    assert digest("行政许可") != digest("行政处罚")


@pytest.mark.parametrize(
    ("promised", "statutory", "wrong"),
    [
        ("20个工作日", "10个工作日", True),
        ("10个工作日", "10个工作日", False),
        ("11个工作日", "10自然日", True),
        ("10自然日", "8个工作日", False),
        ("1年", "20个工作日", False),
        ("300小时", "10自然日", True),
        ("即时办结", "1个工作日", False),
        ("3个月", "80自然日", True),
        ("18个自然日", "15日", False),
        ("20个工作日", "15日", True),
        ("1个工作日", "8小时", False),
    ],
)
def test_a_promised_limit_must_not_exceed_the_statutory_one(
    promised: str, statutory: str, wrong: bool
) -> None:
    data = csv_bytes(["事项名称", "法定期限", "承诺期限"], ["甲", statutory, promised])
    reading = read_workbook(data)
    assert ("promised-exceeds-statutory" in codes(reading)) is wrong
    assert reading.records[0].in_error is wrong


@given(st.integers(0, 999), st.integers(0, 999), st.sampled_from(["小时", "工作日", "自然日", "月", "年"]))
def test_limits_of_one_unit_compare_as_numbers(promised: int, statutory: int, unit: str) -> None:
    one: dict[str, Json] = {"value": promised, "unit": unit}
    other: dict[str, Json] = {"value": statutory, "unit": unit}
    assert exceeds(one, other) is (promised > statutory)


def test_an_exact_copy_counts_once_with_a_warning() -> None:
    row = power_row(1, "甲许可", kind="行政许可", basis="《甲法》", actor="某局")
    reading = read_workbook(csv_bytes(POWER_HEADER, row, ["2", *row[1:]]))
    assert len(reading.records) == 1
    assert rows_left_out(reading) == [(1, "header"), (3, "duplicate")]
    assert [(f.code, f.severity, f.row) for f in reading.findings] == [("duplicate-row", "warning", 3)]
    assert not reading.records[0].in_error


def test_two_different_rows_of_one_identity_are_errors_that_name_both() -> None:
    rows: Rows = [
        power_row(1, "甲许可", basis="《某法》第一条"),
        power_row(2, "甲许可", basis="《某法》第二条"),
    ]
    reading = read_workbook(xlsx(("一表", [POWER_HEADER, rows[0]]), ("二表", [POWER_HEADER, rows[1]])))
    finding = next(f for f in reading.findings if f.code == "identity-clash")
    assert [r.in_error for r in reading.records] == [True, True]
    assert (finding.sheet, finding.row) == ("二表", 2)
    assert "第2行（一表）" in finding.message_zh
    assert "实施依据" in finding.message_zh
    assert "子项名称" in finding.way_out_zh


def test_a_record_without_any_identity_clashes_with_none() -> None:
    rows: Rows = [power_row(1, None, basis="《甲法》"), ["", "", "", "", "", "", "", "", "", "职责", ""]]
    reading = read_workbook(csv_bytes(POWER_HEADER, *rows))
    assert codes(reading) == ["required-missing", "required-missing"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("行政许可（11项）", 11),
        ("行政征收（ 1 项）", 1),
        ("（共217项）", 217),
        ("共计30项", 30),
        ("2024年清单", None),
    ],
)
def test_a_title_may_claim_a_number_of_items(text: str, number: int | None) -> None:
    assert parse_stated_count(text) == number


@pytest.mark.slow
def test_one_item_on_three_levels_is_one_of_the_titles_count() -> None:
    rows: Rows = [
        power_row(1, "甲费的征收", basis="《甲法》", actor=body, level=level)
        for body, level in (("省厅", "省级"), ("市局", "市级"))
    ]
    assert codes(read_workbook(xlsx(("行政征收（1项）", [POWER_HEADER, *rows])))) == []
    assert codes(read_workbook(xlsx(("行政征收（3项）", [POWER_HEADER, *rows])))) == ["count-mismatch"]


def test_json_records_are_read_by_name_or_heading() -> None:
    rows: list[dict[str, Json]] = [
        {"事项名称": "甲许可", "事项类型": "01", "实施层级": "2,3", "公示": True, "录入人": "张三"},
        {
            "name": "乙处罚",
            "power_type": "行政处罚",
            "promised_limit": {"value": 5, "unit": "工作日"},
            "remark": None,
        },
    ]
    for data in (json.dumps(rows).encode(), b"\n".join(json.dumps(r).encode() for r in rows)):
        reading = read_workbook(data, name="items.json")
        assert [r.content["name"] for r in reading.records] == ["甲许可", "乙处罚"]
        assert [r.content["power_type"] for r in reading.records] == ["行政许可", "行政处罚"]
        assert reading.records[0].originals["power_type"] == "01"
        assert reading.records[1].content["promised_limit"] == {"value": 5, "unit": "工作日"}
        assert [r.rows for r in reading.records] == [(1,), (2,)]
        assert reading.unmapped_columns == ("公示",)
        assert reading.dropped_columns == ("录入人",)
        assert "张三" not in repr(reading)


def test_json_lists_keep_their_members() -> None:
    data = json.dumps([{"name": "甲费", "basis": ["财综〔2004〕60号", "《某法》"]}]).encode()
    assert column(read_workbook(data, "fees", "fees.json"), "basis") == [["财综〔2004〕60号", "《某法》"]]


@pytest.mark.parametrize(
    ("catalogue", "field", "value"),
    [
        ("fees", "amount", {"amount": "0", "unit": "元", "kind": "free"}),
        ("fees", "amount", {"amount": "1", "unit": "‰", "of": "合同额", "kind": "ceiling"}),
        ("fees", "amount", {"amount": "0.5", "unit": "元/吨", "most": "1", "kind": "range"}),
        ("power-list", "promised_limit", {"value": 0, "unit": "即时"}),
        ("policies", "outline", ["第一章", "第二章"]),
        (
            "policies",
            "attachments",
            [{"name": f"附件 {name}", "url": f"https://a.cn/{name}.pdf"} for name in "甲乙"],
        ),
    ],
)
def test_json_values_are_read_as_files_print_them(catalogue: str, field: str, value: Json) -> None:
    title = load_catalogue(catalogue).title_field
    data = json.dumps([{title: "甲", "number": "示政发〔2015〕34号", field: value}]).encode()
    assert column(read_workbook(data, catalogue, "own.json"), field) == [value]


def test_a_json_list_in_a_field_of_one_text_keeps_its_members_apart() -> None:
    data = json.dumps([{"name": "甲", "actor": ["甲局", "乙局"], "remark": ["一", "二"]}]).encode()
    reading = read_workbook(data, name="own.json")
    assert (column(reading, "actor"), column(reading, "remark")) == (["甲局、乙局"], ["一\n二"])


def test_a_json_list_of_codes_or_numbers_is_never_one_of_them() -> None:
    rows = [{"name": "甲", "code": ["A1", "B27"], "statutory_limit": [5, 10]}]
    reading = read_workbook(json.dumps(rows).encode(), name="own.json")
    (record,) = reading.records
    assert (record.content["code"], record.content.get("statutory_limit")) == ("A1、B27", None)
    assert {"several-codes", "unreadable-limit"} <= set(codes(reading))


def test_two_values_on_two_lines_of_a_cell_stay_two() -> None:
    header = ["事项名称", "权力类型", "职权编码", "咨询方式", "法定办结时限"]
    rows: Rows = [header, ["甲", "行政许可", "A01\nA02", "0412-5512345\n0412-5512346", "5\n10"]]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    content = reading.records[0].content
    assert content["consultation"] == "0412-5512345\n0412-5512346"
    assert content["code"] == "A01、A02"
    found = [(f.code, f.row) for f in reading.findings]
    assert {("several-codes", 2), ("unreadable-limit", 2)} <= set(found)


def test_json_without_a_known_key_is_refused() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_workbook(b'[{"a": 1, "b": 2}]', name="x.json")
    assert caught.value.finding.code == "no-header"


def test_the_report_counts_what_it_lists() -> None:
    rows: Rows = [
        POWER_HEADER,
        power_row(1, "甲许可", basis="接"),
        power_row(basis="续"),
        power_row("备注：无"),
    ]
    reading = read_workbook(xlsx(("Sheet1", rows)))
    assert reading.rows == 4
    assert len(reading.records) == 1
    assert [(row.row, row.reason) for row in reading.left_out] == [(1, "header"), (4, "note")]
    assert reading.sheets == (SheetReport("Sheet1", rows=4, records=1, continuations=1, left_out=2),)


def test_hostile_text_stays_text() -> None:
    rows: Rows = [
        ["事项名称", "备注"],
        ['=HYPERLINK("http://x")', "<script>alert(1)</script>'; DROP TABLE x;--"],
    ]
    content = read_workbook(csv_bytes(*rows)).records[0].content
    assert content["name"] == '=HYPERLINK("http://x")'
    assert str(content["remark"]).startswith("<script>")
