"""Files of search results contain no formula, whatever a record contains."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.views.pages.printing.table_file import Row, write_csv, write_xlsx
from tests.publisher.views.exports.formulas import FORMULAS, TEXTS, any_formula

HEADINGS = ("名称", "机构")


async def pages(rows: list[Row]) -> AsyncIterator[list[Row]]:
    for row in rows:
        yield [row]


@pytest.mark.slow
@given(st.lists(st.tuples(TEXTS, TEXTS)))
def test_a_csv_of_results_runs_nothing(rows: list[Row]) -> None:
    text = asyncio.run(write_csv(HEADINGS, pages(rows))).decode("utf-8-sig")
    head, *cells = csv.reader(io.StringIO(text, newline=""))
    assert tuple(head) == HEADINGS
    assert len(cells) == len(rows)
    assert not any_formula(cells)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(FORMULAS, TEXTS), min_size=1))
def test_a_workbook_of_results_stores_texts_as_texts(rows: list[Row]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(asyncio.run(write_xlsx(HEADINGS, pages(rows), "数据")))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sheet.max_row == len(rows) + 1
    assert {cell.data_type for cell in cells} == {"s"}
