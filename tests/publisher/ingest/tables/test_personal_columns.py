"""Columns that are personal in every list are discarded: neither stored, nor published, nor quoted."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from publisher.ingest.read_file import read_file
from publisher.ingest.tables.personal_columns import with_personal_columns
from schemas.definition.file_loader import list_names, load_catalogue
from tests.publisher.ingest.workbooks import codes, read_workbook

SECRET = "绝不公开的内容"


@pytest.mark.parametrize(
    "heading",
    [
        *("身份证号", "身份证号码", "公民身份号码", "证件号码", "手机", "手机号码", "移动电话", "电话(个人)"),
        *("电话（个人）", "住址", "家庭住址", "户籍地址", "个人邮箱", "银行卡号", "出生年月"),
    ],
)
@pytest.mark.parametrize("name", ["power-list", "qualifications"])
def test_a_personal_column_is_discarded(heading: str, name: str) -> None:
    catalogue = load_catalogue(name)
    title = catalogue.by_name[catalogue.title_field].title
    required = [f.title for f in catalogue.fields if f.required and f.title != title]
    words = {f.title: f.vocabulary[0].value for f in catalogue.fields if f.vocabulary}
    table = [[title, *required, heading], ["甲", *(words.get(r, "某局") for r in required), SECRET]]
    text = "\n".join(",".join(row) for row in table)
    reading = read_file(text.encode(), name="清单.csv", catalogue=catalogue)
    assert reading.dropped_columns == (heading,)
    assert [f.severity for f in reading.findings if f.code == "personal-column"] == ["info"]
    assert SECRET not in repr(reading)
    assert "unmapped-column" not in {f.code for f in reading.findings}


def test_two_personal_columns_are_both_discarded() -> None:
    text = f"事项名称,权力类型,身份证号,手机,手机\n甲,行政许可,{SECRET},{SECRET},{SECRET}\n,,{SECRET},,\n"
    reading = read_file(text.encode(), name="清单.csv", catalogue=load_catalogue("power-list"))
    assert reading.dropped_columns == ("身份证号", "手机")
    assert SECRET not in repr(reading)
    assert "column-twice" not in {f.code for f in reading.findings}


def test_a_json_record_loses_them_too() -> None:
    data = json.dumps([{"事项名称": "甲", "权力类型": "行政许可", "住址": SECRET}], ensure_ascii=False)
    reading = read_file(data.encode(), name="清单.json", catalogue=load_catalogue("power-list"))
    assert reading.dropped_columns == ("住址",)
    assert SECRET not in repr(reading)


@pytest.mark.parametrize("name", list_names())
def test_headings_of_the_catalogue_itself_stay(name: str) -> None:
    catalogue = load_catalogue(name)
    extended = with_personal_columns(catalogue)
    assert extended.fields[:-1] == catalogue.fields
    own = {text for f in catalogue.fields for text in (f.title, *f.aliases)}
    assert not own & set(extended.fields[-1].aliases)


def test_no_finding_of_the_format_or_of_a_hidden_column_quotes_a_personal_column() -> None:
    book = openpyxl.Workbook()
    book.active.append(["事项名称", "权力类型", "身份证号", None])
    book.active.append(["甲", "行政许可", 110101199003077758, "张三"])
    book.active.merge_cells("C1:D1")
    book.active.column_dimensions["D"].hidden = True
    book.save(out := io.BytesIO())
    reading = read_workbook(out.getvalue())
    assert {"digits-lost", "hidden-columns"} <= set(codes(reading))
    assert "110101" not in repr(reading)
    assert "张三" not in repr(reading)
