"""A comparison as files: hostile cells, long texts, renamed records."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from publisher.log.model import FieldChange
from publisher.log.queries.comparison import KINDS, Difference, DifferenceKind, Totals
from publisher.views.comparison.spreadsheets import LONGEST_CELL, Heading, disarmed, to_csv, to_xlsx
from tests.store.site import catalogue

CATALOGUE = catalogue()
HEADING = Heading("收费", "第1次发布", "现在", "https://data.example.gov.cn", "CC0-1.0", "演示数据")
TOTALS = Totals(1, 1, 0, dict.fromkeys(KINDS, 0))


def changed(before: dict[str, Any], after: dict[str, Any], kind: DifferenceKind = "changed") -> Difference:
    names = sorted({*before, *after})
    fields = tuple(
        FieldChange(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)
    )
    return Difference(
        1, "r1", kind, str(after["name"]), str(before["name"]), "财政局", "财政局", before, after, fields
    )


def opened(path: Path, *differences: Difference) -> Any:
    to_xlsx(path, differences, TOTALS, CATALOGUE, HEADING)
    return openpyxl.load_workbook(path, rich_text=True)["比较"]


@given(st.text(alphabet="=+-@\t\r甲1", min_size=1))
def test_no_text_is_left_that_a_spreadsheet_runs(text: str) -> None:
    assert not disarmed(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert disarmed(text).removeprefix("'") == text.removeprefix("'")


def test_a_formula_in_a_record_is_text_in_both_files(tmp_path: Path) -> None:
    hostile = changed(
        {"name": "甲", "standard": "1"}, {"name": "甲", "standard": "=1+1", "kind": "=HYPERLINK(1)"}
    )
    rows = list(csv.reader(io.StringIO(b"".join(to_csv([hostile], CATALOGUE, lang="zh")).decode())))
    assert [row[6] for row in rows[1:]] == ["'=HYPERLINK(1)", "'=1+1"]
    sheet = opened(tmp_path / "a.xlsx", hostile)
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    long = "费" * (LONGEST_CELL + 5)
    sheet = opened(tmp_path / "a.xlsx", changed({"name": "甲"}, {"name": "甲", "standard": long}))
    shown = [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row if cell.value]
    assert max(map(len, shown)) <= LONGEST_CELL
    assert any(text.endswith("从略）") for text in shown)


def test_a_renamed_record_shows_both_names(tmp_path: Path) -> None:
    sheet = opened(tmp_path / "a.xlsx", changed({"name": "流通许可"}, {"name": "经营许可"}, "renamed"))
    assert str(sheet.cell(2, 1).value) == "更名"
    assert str(sheet.cell(2, 2).value) == "流通经营许可"
