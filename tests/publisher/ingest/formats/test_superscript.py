"""Raised digits are marks of footnotes: they do not join the number before them."""

from __future__ import annotations

import io

import docx
import pytest
import xlsxwriter
import xlwt

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

_HEADS = ("事项名称", "权力类型", "法定办结时限")


def _page() -> bytes:
    heads = "".join(f"<td>{text}</td>" for text in _HEADS)
    cells = "<td>每m<sup>2</sup>许可<sup>2</sup></td><td>行政许可</td><td>20<sup>1</sup>个工作日</td>"
    return f"<table><tr>{heads}</tr><tr>{cells}</tr></table>".encode()


def _word_file() -> bytes:
    document = docx.Document()
    table = document.add_table(2, 3)
    for cell, text in zip(table.rows[0].cells, _HEADS, strict=True):
        cell.text = text
    for cell, runs in zip(
        table.rows[1].cells, (["每m", "2", "许可", "2"], ["行政许可"], ["20", "1", "个工作日"]), strict=True
    ):
        for number, text in enumerate(runs):
            cell.paragraphs[0].add_run(text).font.superscript = bool(number % 2)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet, raised, bold = (
        book.add_worksheet(),
        book.add_format({"font_script": 1}),
        book.add_format({"bold": True}),
    )
    sheet.write_row(0, 0, _HEADS)
    sheet.write_rich_string(1, 0, bold, "每m", raised, "2", bold, "许可", raised, "2")
    sheet.write(1, 1, "行政许可")
    sheet.write_rich_string(1, 2, bold, "20", raised, "1", bold, "个工作日")
    book.close()
    return out.getvalue()


def _old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("清单")
    plain, raised = xlwt.easyfont(""), xlwt.easyfont("escapement superscript")
    for column, text in enumerate(_HEADS):
        sheet.write(0, column, text)
    sheet.write_rich_text(1, 0, [("每m", plain), ("2", raised), ("许可", plain), ("2", raised)])
    sheet.write(1, 1, "行政许可")
    sheet.write_rich_text(1, 2, [("20", plain), ("1", raised), ("个工作日", plain)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("清单.xls", _old_workbook()),
        ("清单.html", _page()),
        ("清单.docx", _word_file()),
        ("清单.xlsx", _workbook()),
    ],
)
def test_a_raised_digit_stays_raised_and_a_power_stays_plain(name: str, data: bytes) -> None:
    reading = read_file(data, name=name, catalogue=load_catalogue("power-list"))
    (record,) = reading.records
    assert record.content["name"] == "每m2许可²"
    assert "statutory_limit" not in record.content
    assert [f.found for f in reading.findings if f.code == "unreadable-limit"] == ["20¹个工作日"]
