"""No text of the log becomes a formula in a file, and numbers of numeric fields stay numbers."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.log.model import View
from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import csv_and_json, table_cells
from publisher.views.exports.export import About
from publisher.views.exports.xlsx import write_xlsx
from publisher.views.ogc.item_table import as_csv
from schemas.cells.formula_guard import guard_number, guard_text
from tests.publisher.views.exports.formulas import FORMULAS, TEXTS, any_formula, is_formula
from tests.support.log import fees_dataset

DATASET, CATALOGUE = fees_dataset()


def state_row(name: str, *, part: str | None = None) -> StateRow:
    content = msgspec.json.encode({"name": name, "rate": -5})
    return StateRow("r1", content, part, 1, date(2015, 1, 1).toordinal(), "0" * 64)


@given(FORMULAS)
def test_every_form_of_a_formula_is_guarded(formula: str) -> None:
    assert is_formula(formula)
    assert guard_text(formula) == f"'{formula}"


@given(TEXTS)
def test_a_guarded_text_does_not_run_and_loses_nothing(text: str) -> None:
    assert not is_formula(guard_text(text))
    assert guard_text(text) in (text, f"'{text}")
    assert is_formula(text) or guard_text(text) == text


@given(st.decimals(-(10**9), 10**9, places=4).map("{:f}".format))
def test_a_number_stays_a_number_in_a_numeric_field_alone(number: str) -> None:
    assert guard_number(number) == number
    assert is_formula(number) == (guard_text(number) != number)


@given(TEXTS, TEXTS)
def test_an_exported_csv_runs_nothing(name: str, part: str) -> None:
    exported = b"".join(csv_and_json.exact_csv([state_row(name, part=part)], CATALOGUE)).decode(
        "utf-8", "surrogatepass"
    )
    head, row = csv.reader(io.StringIO(exported, newline=""))
    cells = dict(zip(head, row, strict=True))
    assert cells.pop("rate") == "-5"
    assert not any_formula([cells.values()])


@given(st.lists(st.text("a条,\"\r\n ;'\u2028\x85"), min_size=1), st.one_of(st.none(), TEXTS))
def test_an_exported_csv_is_the_one_of_the_library(names: list[str], part: str | None) -> None:
    states = [state_row(name, part=part) for name in names]
    library = io.StringIO(newline="")
    csv.writer(library).writerow(table_cells.headings(CATALOGUE, "en"))
    csv.writer(library).writerows(table_cells.rows(states, CATALOGUE, "exact"))
    assert b"".join(csv_and_json.exact_csv(states, CATALOGUE)) == library.getvalue().encode()


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(FORMULAS, min_size=1))
def test_an_exported_workbook_stores_texts_as_texts(names: list[str]) -> None:
    about = About(DATASET, CATALOGUE, View(), None, "https://data.example.gov.cn", 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.xlsx"
        write_xlsx(path, about, lambda: map(state_row, names))
        sheet = openpyxl.load_workbook(path).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, max_col=5))
    assert len(rows) == len(names)
    assert {(row[1].data_type, row[4].value) for row in rows} == {("s", -5)}


@given(TEXTS, st.integers())
def test_the_csv_of_features_runs_nothing(text: str, number: int) -> None:
    row = {"text": text, "number": number, "decimal": f"{number}.50"}
    exported = as_csv(tuple(row), [row], {"number", "decimal"}).decode("utf-8-sig", "surrogatepass")
    (_, (cell, *numbers)) = csv.reader(io.StringIO(exported, newline=""))
    assert not is_formula(cell)
    assert numbers == [str(number), f"{number}.50"]
