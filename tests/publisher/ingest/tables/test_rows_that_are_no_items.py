"""What stands around the items of a table: kinds, bodies, notes, titles of forms, rows like headings."""

from __future__ import annotations

import pytest

from publisher.ingest.read_file import read_file
from publisher.ingest.tables.continuations import join_halves
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

_HEADER: list[object] = ["序号", "事项名称", "实施依据", "行使主体"]


def _row(number: int, name: str, actor: str | None = "市局") -> list[object]:
    return [number, name, "《某法》第一条", actor]


def test_the_name_of_a_sheet_is_the_kind_of_its_items() -> None:
    sheets = [
        ("一、行政许可（1项）", [_HEADER, _row(1, "甲许可")]),
        ("行政检查", [_HEADER, _row(1, "乙检查")]),
    ]
    reading = read_workbook(xlsx(*sheets, ("其他", [_HEADER, _row(1, "丙事项")])))
    assert column(reading, "power_type") == ["行政许可", "行政检查", None]


@pytest.mark.parametrize(
    "form", ["<h2>{}</h2><table>", "<p>（一）{}（1项）</p><table>", "<table><caption>{}</caption>"]
)
def test_a_line_or_a_caption_above_a_table_is_the_kind_of_its_items(form: str) -> None:
    def table(kind: str, name: str) -> str:
        rows = ([str(cell) for cell in row] for row in (_HEADER, _row(1, name)))
        return (
            form.format(kind) + "".join(f"<tr><td>{'</td><td>'.join(r)}</td></tr>" for r in rows) + "</table>"
        )

    page = f"<html><body>{table('行政许可', '甲许可')}{table('行政检查', '乙检查')}</body></html>"
    reading = read_file(page.encode(), name="清单.html", catalogue=load_catalogue("power-list"))
    assert column(reading, "power_type") == ["行政许可", "行政检查"]


def test_groups_say_what_was_decided() -> None:
    rows: list[list[object]] = [
        ["序号", "项目名称", "实施机关", "设定依据"],
        ["一、国务院决定取消的行政审批项目（1项）"],
        [1, "甲审批", "某局", "《某法》"],
        ["二、下放管理的项目"],
        [2, "乙审批", "某局", "《某法》"],
        ["三、其他"],
        [3, "丙审批", "某局", "《某法》"],
    ]
    reading = read_workbook(xlsx(("附件", rows), merged=["A2:D2", "A4:D4", "A6:D6"]), "cancelled-items")
    assert column(reading, "decision") == ["取消", "下放", None]


def test_a_group_that_names_a_body_is_the_body_of_its_rows() -> None:
    rows: list[list[object]] = [
        _HEADER,
        ["一、市教育局"],
        _row(1, "甲许可", None),
        _row(2, "乙许可", "县教育局"),
    ]
    rows += [["食品类"], _row(3, "丙许可", None), ["二、市水利局"], _row(4, "丁许可", None)]
    reading = read_workbook(xlsx(("清单", rows), merged=["A2:D2", "A5:D5", "A7:D7"]))
    assert column(reading, "actor") == ["市教育局", "县教育局", "市教育局", "市水利局"]


def test_notes_below_the_column_of_numbers_are_no_items() -> None:
    rows: list[list[object]] = [
        _HEADER,
        _row(1, "甲许可"),
        ["备注：", "本清单由市政府办公室负责解释"],
        ["说明", "本表一式三份", "", ""],
    ]
    reading = read_workbook(csv_bytes(*rows), name="清单.csv")
    assert_rows_accounted(reading)
    assert column(reading, "name") == ["甲许可"]
    assert rows_left_out(reading)[1:] == [(3, "note"), (4, "note")]


def test_rows_that_look_like_no_item_are_reported() -> None:
    rows: list[list[object]] = [
        _HEADER,
        [None, "食品类"],
        _row(1, "甲许可"),
        _row(2, "乙经营"),
        [None, "的许可"],
        _row(3, "丙许可"),
    ]
    reading = read_workbook(
        xlsx(("清单", [*rows, ["监督电话", "0412-12345"], ["新增", *_row(4, "丁许可")[1:]]]))
    )
    found = [(f.code, f.row, f.column) for f in reading.findings if f.code in {"name-only", "number-is-text"}]
    name = "B 事项名称"
    assert found == [("name-only", 2, name), ("name-only", 5, name), ("number-is-text", 7, None)]


def test_a_table_of_names_is_one() -> None:
    rows: list[list[object]] = [
        ["事项名称", "行使主体", "备注"],
        ["甲许可"],
        ["乙许可"],
        ["丙许可", "市局", "无"],
    ]
    assert "name-only" not in codes(read_workbook(xlsx(("清单", rows))))


def test_a_cell_of_characters_without_a_width_is_blank() -> None:
    reading = read_workbook(
        xlsx(("清单", [_HEADER, _row(1, "甲许可"), ["\ufeff", "\u200b", "\u200b\u200b"]]))
    )
    assert (column(reading, "name"), codes(reading)) == (["甲许可"], [])


@pytest.mark.parametrize("title", ["权责事项信息表", "权责事项信息表（二）"])
def test_the_title_of_the_next_form_is_no_text_of_the_one_above(title: str) -> None:
    def form(name: str) -> list[list[object]]:
        return [
            ["职权名称", name],
            ["职权类型", "行政许可"],
            ["法定主体", "市局"],
            ["实施依据", f"《{name}法》"],
        ]

    rows: list[list[object]] = [["权责事项信息表"], *form("甲"), ["", "第一条"], [title], *form("乙")]
    reading = read_workbook(xlsx(("表", rows), merged=["A1:B1", "A7:B7"]))
    assert_rows_accounted(reading)
    assert column(reading, "basis") == ["《甲法》\n第一条", "《乙法》"]
    assert rows_left_out(reading) == [(1, "title"), (7, "title")]


def test_two_laws_stay_two_lines() -> None:
    assert join_halves("《甲法》第一条", "《乙办法》第二条") == "《甲法》第一条\n《乙办法》第二条"
    assert join_halves("违反", "《乙办法》第二条") == "违反《乙办法》第二条"
