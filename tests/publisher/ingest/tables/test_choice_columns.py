"""Ticks below the words of a field: 行使层级 over 市级 | 县级."""

from __future__ import annotations

import pytest

from publisher.ingest.parsed_file import Reading
from tests.publisher.ingest.workbooks import assert_rows_accounted, codes, column, read_workbook, xlsx

_HEADER = (["序号", "事项名称", "权力类型", "行使层级", None], [None, None, None, "市级", "县级"])
_MERGED = ["A1:A2", "B1:B2", "C1:C2", "D1:E1"]


def _read(*rows: list[object], merged: tuple[str, ...] = ()) -> Reading:
    reading = read_workbook(xlsx(("清单", [*_HEADER, *rows]), merged=[*_MERGED, *merged]))
    assert_rows_accounted(reading)
    return reading


def test_ticks_are_the_words_of_their_headings() -> None:
    reading = _read(
        [1, "甲许可", "行政许可", "√", None],
        [2, "乙许可", "行政许可", "×", "√"],
        [3, "丙许可", "行政许可", "√", "√"],
        [4, "丁许可", "行政许可", "—", "—"],
    )
    assert column(reading, "level") == ["市级", "县级", "市级、县级", None]
    assert not {"column-twice", "columns-differ", "unknown-word"} & {*codes(reading)}
    assert [(r.cells.get("level"), r.other_cells) for r in reading.records][2] == ("D5", ("A5", "E5"))


def test_a_tick_that_is_merged_counts_for_every_row_and_column_that_it_covers() -> None:
    reading = _read(
        [1, "甲许可", "行政许可", "√", None],
        [2, "乙许可", "行政许可", None, "√"],
        [3, "丙许可", "行政许可", "√", None],
        merged=("D3:D4", "D5:E5"),
    )
    assert column(reading, "level") == ["市级", "市级、县级", "市级、县级"]


def test_words_below_such_a_heading_stay_words() -> None:
    reading = _read([1, "甲许可", "行政许可", "县级", None], [2, "乙许可", "行政许可", None, "市级"])
    assert column(reading, "level") == ["县级", "市级"]


def _read_fees(*marks: tuple[object, object]) -> Reading:
    rows: list[list[object]] = [
        ["序号", "部门", "项目名称", "政策依据", "是否涉企", None],
        [None, None, None, None, "是", "否"],
    ]
    for number, (yes, no) in enumerate(marks, start=1):
        rows.append([number, "公安局", f"{'甲乙丙丁戊己'[number - 1]}费", f"财税〔2014〕{number}号", yes, no])
    merged = ["A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1"]
    return read_workbook(xlsx(("清单", rows), merged=merged), "fees")


@pytest.mark.slow
@pytest.mark.parametrize("tick", ["√", "√√", "✅", "◆", "◎", "是", "Y", "Ｖ", "ü", 1])
def test_a_tick_below_no_is_no(tick: object) -> None:
    reading = _read_fees((tick, None), (None, tick), (tick, "×"))
    assert column(reading, "enterprise_related") == [True, False, True]
    assert not [f for f in reading.findings if f.severity != "info"]


def test_no_is_also_said_by_the_word() -> None:
    reading = _read_fees(("否", None), (None, "否"), ("是", "否"), ("否", "是"), ("√", "√"))
    assert column(reading, "enterprise_related") == [False, False, True, False, None]
    assert [f.row for f in reading.findings if f.severity == "error"] == [7]


@pytest.mark.slow
@pytest.mark.parametrize(
    "tick", ["V", "v", "P", "ü", "是", "有", "对", "✅", "✔️", "◆", "◎", 1, "1.0", "√1", "√¹"]
)
def test_ticks_of_many_forms_choose_a_level(tick: object) -> None:
    reading = _read([1, "甲许可", "行政许可", None, tick], [2, "乙许可", "行政许可", tick, tick])
    assert column(reading, "level") == ["县级", "市级、县级"]
    assert not {"unknown-word", "choice-unclear"} & {*codes(reading)}


@pytest.mark.slow
@pytest.mark.parametrize("none", ["N", 0, "✕", "╳", "❌", "无", "没有", "☐", "O", "○", "〇", "☒"])
def test_signs_of_no_tick_choose_nothing(none: object) -> None:
    reading = _read([1, "甲许可", "行政许可", "√", none])
    assert column(reading, "level") == ["市级"]
    assert not {"columns-differ", "unknown-word", "choice-unclear"} & {*codes(reading)}


@pytest.mark.slow
@pytest.mark.parametrize("text", ["√（委托）", "2", "O", "○", "☒", "另行规定"])
def test_a_cell_that_chooses_nothing_is_no_value(text: str) -> None:
    reading = _read([1, "甲许可", "行政许可", "×", text])
    assert column(reading, "level") == [None]
    assert [(f.code, f.row, f.found) for f in reading.findings if f.severity == "error"] == [
        ("choice-unclear", 3, text)
    ]
    assert [r.in_error for r in reading.records] == [True]


def test_ticks_in_traditional_characters_choose_too() -> None:
    rows: list[list[object]] = [
        ["序號", "事項名稱", "權力類型", "行使層級", None],
        [None, None, None, "市級", "縣級"],
        [1, "採礦許可證核發", "行政許可", "√", None],
        [2, "醫療機構執業登記", "行政許可", None, "√"],
    ]
    reading = read_workbook(xlsx(("清單", rows), merged=_MERGED))
    assert column(reading, "level") == ["市级", "县级"]


@pytest.mark.parametrize(
    ("catalogue", "heading"), [("power-list", "行使层级"), ("cancelled-items", "处理决定")]
)
def test_a_tick_that_chooses_no_word_is_no_value(catalogue: str, heading: str) -> None:
    rows: list[list[object]] = [
        ["项目名称", "设定依据", "备注", heading],
        ["甲许可", "《某法》第一条", None, "√"],
    ]
    reading = read_workbook(xlsx(("清单", rows)), catalogue)
    assert [(f.code, f.row) for f in reading.findings if f.severity == "error"] == [("unknown-word", 2)]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["V", "Y", "P", "ü", "✅", "◆", "☒", "O", "是", "√（委托）", "√1"])
def test_a_tick_of_any_form_below_no_word_is_no_level(text: str) -> None:
    rows: list[list[object]] = [["事项名称", "权力类型", "行使层级"], ["甲许可", "行政许可", text]]
    assert codes(read_workbook(xlsx(("清单", rows)))) == ["unknown-word"]
