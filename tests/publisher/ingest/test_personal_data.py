"""Personal data in values: found by form and check digit, masked in the finding."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from publisher.ingest import personal_data
from publisher.ingest.personal_data import find_personal_texts, is_identity_number, passes_luhn
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue, parse_catalogue

IDENTITY = "11010519491231002X"
"""The example of GB 11643-1999."""
CARD = "6222020200112230007"


def kinds(text: str, *, in_code: bool = False) -> list[str]:
    return [one.kind.zh for one in find_personal_texts(text, in_code=in_code)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("联系人：张某13800138000", "手机号码"),
        ("电话138-0013-8000（非工作日勿扰）", "手机号码"),
        ("138 0013 8000", "手机号码"),
        ("+86 13800138000", "手机号码"),
        ("0086-19912345678", "手机号码"),
        (f"身份证{IDENTITY}", "身份证号码"),
        (IDENTITY.lower(), "身份证号码"),
        ("旧证号110105491231002", "身份证号码"),
        ("卡号4111111111111111", "银行卡号"),
        ("卡号4111 1111 1111 1111", "银行卡号"),
        ("4111-1111-1111-1111", "银行卡号"),
        ("请寄 zhangsan@163.com", "个人电子邮箱"),
        ("12345678@qq.com", "个人电子邮箱"),
    ],
)
def test_each_kind_is_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "电话0412-5531234",
        "12345政务服务便民热线",
        "400-800-8888",
        "110105194912310021",  # the check digit is wrong
        "110105194913310023",  # no such day
        "4111111111111112",  # fails Luhn
        "统一社会信用代码91210300MA0XXXXXXX",
        "统一社会信用代码12210300000000000X",
        "基本编码000113001000",
        "实施编码11210300001234567832101130010002",
        "bgs@anshan.gov.cn",
        "《危险化学品安全管理条例》（国务院令第591号）第三十三条",
        "2015年12月1日至2016年12月31日",
        "合计12800138000.50元",
        "编号2113800138000",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_a_code_is_only_looked_at_for_identity_numbers() -> None:
    assert kinds("13800138000", in_code=True) == []
    assert kinds("4111111111111111", in_code=True) == []
    assert kinds(IDENTITY, in_code=True) == ["身份证号码"]


@given(st.text(st.sampled_from("0123456789"), min_size=17, max_size=17))
def test_exactly_one_check_character_makes_an_identity_number_valid(digits: str) -> None:
    assert sum(is_identity_number(digits + check) for check in "0123456789X") <= 1


@given(st.text(st.sampled_from("0123456789"), min_size=15, max_size=18))
def test_exactly_one_check_digit_passes_luhn(digits: str) -> None:
    assert sum(passes_luhn(digits + check) for check in "0123456789") == 1


@given(st.text(max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    for one in find_personal_texts(text):
        assert one.masked


def test_several_of_one_text_are_all_found_and_none_is_printed_in_full() -> None:
    found = list(find_personal_texts(f"张某 {IDENTITY} 13800138000 a.b@qq.com"))
    assert [one.kind for one in found] == [
        personal_data.IDENTITY,
        personal_data.MOBILE,
        personal_data.EMAIL,
    ]
    assert [one.masked for one in found] == ["110*************2X", "138******00", "a***@qq.com"]


CSV = (
    "事项名称,权力类型,实施依据,行使主体,部门职责,备注\n"
    "甲许可,行政许可,《某法》,市局,13800138000,经办人13900139000\n"
)


def test_the_finding_names_row_and_column_and_masks_the_number() -> None:
    reading = read_file(CSV.encode(), name="清单.csv", catalogue=load_catalogue("power-list"))
    found = [f for f in reading.findings if f.code == "personal-data"]
    assert [(f.severity, f.row, f.column, f.found) for f in found] == [
        ("warning", 2, "E 部门职责", "138******00"),
        ("warning", 2, "F 备注", "139******00"),
    ]
    assert not any("13900139000" in text for f in found for text in (f.found, f.message_zh, f.message_en))


def test_a_field_with_the_contacts_of_an_office_may_have_them() -> None:
    source = json.loads(load_catalogue("power-list").source)
    for field in source["fields"]:
        if field["name"] == "duty":
            field["qingdan"]["contact"] = True
    catalogue = parse_catalogue(json.dumps(source, ensure_ascii=False))
    reading = read_file(CSV.encode(), name="清单.csv", catalogue=catalogue)
    assert [f.column for f in reading.findings if f.code == "personal-data"] == ["F 备注"]


@pytest.mark.parametrize("basis", ["", "/", "无"])
def test_a_blank_basis_is_reported_where_the_catalogue_wants_one(basis: str) -> None:
    text = CSV.replace("《某法》", basis)
    catalogue = load_catalogue("power-list")
    reading = read_file(text.encode(), name="清单.csv", catalogue=catalogue)
    (finding,) = [f for f in reading.findings if f.code == "basis-missing"]
    assert (finding.severity, finding.row, finding.column) == ("warning", 2, "C 实施依据")
    indifferent = structs.replace(catalogue, basis_field=None)
    reading = read_file(text.encode(), name="清单.csv", catalogue=indifferent)
    assert "basis-missing" not in {f.code for f in reading.findings}


def test_an_item_with_subitems_may_leave_the_basis_to_them() -> None:
    table = (
        "项目名称,资金管理方式,政策依据\n一、公安,,\n1．证照费,,\n"
        "（1）护照费,缴入中央国库,发改价格〔2013〕1494号\n2．资料费,缴入地方国库,\n"
    )
    reading = read_file(table.encode(), name="收费.csv", catalogue=load_catalogue("fees"))
    assert [f.row for f in reading.findings if f.code == "basis-missing"] == [5]
