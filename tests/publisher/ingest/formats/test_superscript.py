"""Raised digits are marks of footnotes: they do not join the number before them."""

from __future__ import annotations

import io

import docx
import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

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


def _nested_page() -> bytes:
    page = _page().replace(b"<sup>1</sup>", b"<sup><a href='#1'><i>1</i></a></sup>")
    return page.replace(b"<sup>2</sup></td>", b"<span style='vertical-align: super'>2</span></td>")


def _workbook_with_text_in_its_cells() -> bytes:
    book = openpyxl.Workbook()
    raised = InlineFont(vertAlign="superscript")
    book.active.append(_HEADS)
    name = CellRichText("每m", TextBlock(raised, "2"), "许可", TextBlock(raised, "2"))
    limit = CellRichText("20", TextBlock(raised, "1"), "个工作日")
    book.active.append([name, "行政许可", limit])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _flat_ods(position: str) -> bytes:
    namespaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "style", "table", "text")
    )
    raised_text = f'<style:text-properties style:text-position="{position}"/>'
    styles = (
        f'<style:style style:name="T1" style:family="text">{raised_text}</style:style>'
        '<style:style style:name="T2" style:parent-style-name="T1"/>'
    )
    raised = '<text:span text:style-name="T2">{}</text:span>'
    rows = (
        _HEADS,
        (f"每m{raised.format(2)}许可{raised.format(2)}", "行政许可", f"20{raised.format(1)}个工作日"),
    )
    cells = (
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
            for text in row
        )
        for row in rows
    )
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    return (
        f'<?xml version="1.0"?><office:document {namespaces} '
        'office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="清单">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document>"
    ).encode()


def _spreadsheetml() -> bytes:
    rows = (
        _HEADS,
        ("每m<Sup>2</Sup>许可<B><Sup>2</Sup></B>", "行政许可", "20<Sup><Font>1</Font></Sup>个工作日"),
    )
    cells = (
        "".join(
            f'<Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">{text}</ss:Data></Cell>'
            for text in row
        )
        for row in rows
    )
    table = "".join(f"<Row>{row}</Row>" for row in cells)
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet ss:Name="清单">'
        f"<Table>{table}</Table></Worksheet></Workbook>"
    ).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("清单.htm", _nested_page()),
        ("清单（文字在单元格里）.xlsx", _workbook_with_text_in_its_cells()),
        ("清单.fods", _flat_ods("super 58%")),
        ("清单2.fods", _flat_ods("33% 58%")),
        ("清单.xml", _spreadsheetml()),
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


@pytest.mark.parametrize("position", ["sub 58%", "-33% 58%", "0% 100%"])
def test_a_lowered_digit_stays_plain(position: str) -> None:
    reading = read_file(_flat_ods(position), name="清单.fods", catalogue=load_catalogue("power-list"))
    assert reading.records[0].content["name"] == "每m2许可2"
