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


def test_a_tick_below_no_is_no() -> None:
    rows: list[list[object]] = [
        ["序号", "部门", "项目名称", "政策依据", "是否涉企", None],
        [None, None, None, None, "是", "否"],
        [1, "公安局", "甲费", "财税〔2014〕1号", "√", None],
        [2, "公安局", "乙费", "财税〔2014〕2号", None, "√"],
    ]
    merged = ["A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1"]
    assert column(read_workbook(xlsx(("清单", rows), merged=merged), "fees"), "enterprise_related") == [
        True,
        False,
    ]


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
