"""Files of a comparison: hostile cells, long texts, renamed records."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from publisher.log.descriptions import SiteDetails
from publisher.log.model import FieldChange
from publisher.log.queries.comparison import DIFFERENCE_KINDS, Difference, DifferenceKind, Totals
from publisher.views.comparison.spreadsheets import Metadata, to_csv, to_xlsx
from publisher.views.exports.xlsx import LONGEST
from schemas.cells.formula_guard import guard_text
from tests.publisher.views.exports.formulas import TEXTS, any_formula
from tests.support.log import catalogue, field

CATALOGUE = catalogue()
SITE = SiteDetails(name="示例市清单公开", owner="示例市人民政府")
HEADING = Metadata("收费", "第1次发布", "现在", "https://data.example.gov.cn", "CC0-1.0", "演示数据", SITE)
TOTALS = Totals(1, 1, 0, dict.fromkeys(DIFFERENCE_KINDS, 0))


def difference(before: dict[str, Any], after: dict[str, Any], kind: DifferenceKind = "changed") -> Difference:
    names = sorted({*before, *after})
    fields = tuple(
        FieldChange(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)
    )
    return Difference(
        1, "r1", kind, str(after["name"]), str(before["name"]), "财政局", "财政局", before, after, fields
    )


def open_sheet(path: Path, *differences: Difference) -> Any:
    to_xlsx(path, differences, TOTALS, CATALOGUE, HEADING)
    return openpyxl.load_workbook(path, rich_text=True)["比较"]


@given(st.text(alphabet="=+-@\t\r甲1", min_size=1))
def test_no_guarded_text_is_run_by_a_spreadsheet(text: str) -> None:
    assert not guard_text(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guard_text(text).removeprefix("'") == text.removeprefix("'")


def test_a_formula_in_a_record_is_text_in_both_files(tmp_path: Path) -> None:
    hostile = difference(
        {"name": "甲", "standard": "1"}, {"name": "甲", "standard": "=1+1", "kind": "=HYPERLINK(1)"}
    )
    rows = list(csv.reader(io.StringIO(b"".join(to_csv([hostile], CATALOGUE, lang="zh")).decode())))
    assert [row[6] for row in rows[1:]] == ["'=HYPERLINK(1)", "'=1+1"]
    sheet = open_sheet(tmp_path / "a.xlsx", hostile)
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@given(TEXTS, TEXTS)
def test_no_text_of_a_record_runs_in_a_csv_and_a_number_stays_one(before: str, after: str) -> None:
    changed = difference(
        {"name": before, "standard": before, "rate": -5}, {"name": after, "standard": after, "rate": -7}
    )
    text = b"".join(to_csv([changed], CATALOGUE, lang="en")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    (rate,) = (row for row in rows if row["field"] == "rate")
    assert (rate.pop("before"), rate.pop("after")) == ("-5", "-7")
    assert not any_formula(row.values() for row in rows)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_no_text_of_a_record_runs_in_a_workbook(texts: list[tuple[str, str]]) -> None:
    differences = [difference({"name": a, "standard": b}, {"name": b, "standard": a}) for a, b in texts]
    with tempfile.TemporaryDirectory() as folder:
        sheet = open_sheet(Path(folder) / "a.xlsx", *differences)
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    long = "费" * (LONGEST + 5)
    sheet = open_sheet(tmp_path / "a.xlsx", difference({"name": "甲"}, {"name": "甲", "standard": long}))
    texts = [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row if cell.value]
    assert max(map(len, texts)) <= LONGEST
    assert any(text.endswith("从略）") for text in texts)


def test_a_text_that_just_fits_a_cell_is_whole(tmp_path: Path) -> None:
    whole = "费" * LONGEST
    sheet = open_sheet(tmp_path / "a.xlsx", difference({"name": "甲"}, {"name": "甲", "standard": whole}))
    assert whole in [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row]


def test_a_renamed_record_shows_both_names(tmp_path: Path) -> None:
    sheet = open_sheet(tmp_path / "a.xlsx", difference({"name": "流通许可"}, {"name": "经营许可"}, "renamed"))
    assert str(sheet.cell(2, 1).value) == "更名"
    assert str(sheet.cell(2, 2).value) == "流通经营许可"


def test_a_workbook_names_the_site(tmp_path: Path) -> None:
    open_sheet(tmp_path / "a.xlsx", difference({"name": "甲"}, {"name": "乙"}))
    summary = openpyxl.load_workbook(tmp_path / "a.xlsx")["说明"]
    pairs = dict(summary.iter_rows(values_only=True))
    assert (pairs["网站"], pairs["主办单位"]) == ("示例市清单公开", "示例市人民政府")
    assert "承办单位" not in pairs


def test_a_workbook_of_some_differences_says_which(tmp_path: Path) -> None:
    metadata = structs.replace(HEADING, kinds=("added",), parts=("财政局", "民政局"))
    to_xlsx(tmp_path / "a.xlsx", (), TOTALS, CATALOGUE, metadata)
    pairs = dict(openpyxl.load_workbook(tmp_path / "a.xlsx")["说明"].iter_rows(values_only=True))
    assert (pairs["只列这些变化"], pairs["只列这些报送部门"]) == ("新增", "财政局、民政局")


def test_english_headings_have_english_values() -> None:
    limit = field("time", "时限", "object")
    limit["qingdan"]["kind"] = "limit"
    own = catalogue(fields=(limit,))
    changed = difference(
        {"name": "甲", "time": {"value": 20, "unit": "工作日"}},
        {"name": "甲", "time": {"value": 1, "unit": "日"}},
    )
    text = b"".join(to_csv([changed], own, lang="en")).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["before"], row["after"]) == ("20 working days", "1 day")
