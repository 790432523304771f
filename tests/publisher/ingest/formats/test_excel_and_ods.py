"""xls, xlsx and ods files give the same grids."""

from __future__ import annotations

import datetime as dt
import io
import struct

import openpyxl
import pytest
import xlwt

from publisher.ingest.formats.detect import ODS, XLS, XLSX, open_file
from tests.publisher.ingest.formats import samples
from tests.publisher.ingest.formats.samples import SHEET, sheet_xml, texts, with_parts


def test_a_workbook_is_recognised_by_its_content_and_not_by_its_name() -> None:
    assert open_file(samples.xls(), "清单.xlsx").media_type == XLS
    assert open_file(samples.xlsx(), "清单.xls").media_type == XLSX


@pytest.mark.parametrize("data", [samples.xls(), samples.xlsx()])
def test_whole_numbers_are_printed_without_a_point(data: bytes) -> None:
    (grid,) = open_file(data, "f").grids
    assert texts(grid) == [["序号", "项目名称", "实施机关"], ["1", "食品经营许可", "市场监督管理局"]]


def test_values_are_printed_as_a_person_writes_them() -> None:
    day = dt.date(2015, 11, 5)
    rows = ((1.5, True, day, dt.datetime(2015, 11, 5, 8, 30), 210973001000, 0.1, "a\r\nb"),)  # noqa: DTZ001 -- cells hold no zone
    (grid,) = open_file(samples.xlsx(rows), "f").grids
    assert texts(grid) == [["1.5", "TRUE", "2015-11-05", "2015-11-05 8:30:00", "210973001000", "0.1", "a\nb"]]


def test_rows_and_columns_keep_the_numbers_that_the_spreadsheet_shows() -> None:
    book = openpyxl.Workbook()
    book.active["C4"] = "文"
    (grid,) = open_file(samples.book_bytes(book), "f").grids
    assert len(grid.rows) == 4
    cell = grid.rows[3][2]
    assert (cell.text, cell.row, cell.column) == ("文", 4, 3)


def test_trailing_blank_rows_and_columns_are_cut() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "文"
    book.active.cell(1, 256).value = " "
    book.active.cell(300, 1).value = "\u3000"
    (grid,) = open_file(samples.book_bytes(book), "f").grids
    assert texts(grid) == [["文"]]


def test_a_covered_cell_carries_the_text_of_its_range() -> None:
    for data in (samples.xlsx((("甲", None, "乙"), (None, None, "丙")), "A1:B2"), _merged_xls()):
        (grid,) = open_file(data, "f").grids
        assert [[(c.text, c.merged_from) for c in row] for row in grid.rows] == [
            [("甲", None), ("甲", (1, 1)), ("乙", None)],
            [("甲", (1, 1)), ("甲", (1, 1)), ("丙", None)],
        ]
        assert not grid.covered


def _merged_xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write_merge(0, 1, 0, 1, "甲")
    sheet.write(0, 2, "乙")
    sheet.write(1, 2, "丙")
    return samples.book_bytes(book)


def test_text_that_a_merged_range_hides_is_kept_beside_the_grid() -> None:
    sheet = sheet_xml(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>乙</t></is></c></row>',
        '<mergeCells><mergeCell ref="A1:A2"/></mergeCells>',
    )
    (grid,) = open_file(with_parts(samples.xlsx(), {SHEET: sheet}), "f").grids
    cell = grid.rows[1][0]
    assert (cell.text, cell.merged_from, grid.covered) == ("甲", (1, 1), {(2, 1): "乙"})


def test_error_values_are_kept_as_text() -> None:
    sheet = sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><f>A9</f><v>#REF!</v></c></row>')
    (grid,) = open_file(with_parts(samples.xlsx(), {SHEET: sheet}), "f").grids
    assert texts(grid) == [["1", "#REF!"]]


def test_error_values_of_old_workbooks_are_kept_as_text() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write(0, 0, "文")
    sheet.row(1).set_cell_error(1, 0x17)
    (grid,) = open_file(samples.book_bytes(book), "f").grids
    assert texts(grid) == [["文", ""], ["", "#REF!"]]


def test_a_formula_gives_its_saved_result_and_one_without_is_reported() -> None:
    sheet = sheet_xml('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>ROW()</f><v></v></c></row>')
    opened = open_file(with_parts(samples.xlsx(), {SHEET: sheet}), "f")
    assert texts(opened.grids[0]) == [["2"]]
    (finding,) = opened.list_findings("f")
    assert (finding.code, finding.row, finding.found) == ("formula-without-value", 1, "=ROW()")
    assert finding.message_zh == "B1 单元格只有公式，没有计算结果，按空白读取"


def _ods_number(value: str, shown: str) -> bytes:
    cell = f'<table:table-cell office:value-type="float" office:value="{value}">{shown}</table:table-cell>'
    row = f"<table:table-row>{cell}</table:table-row>"
    return samples.ods(f'<table:table table:name="表">{row}</table:table>')


_LONG = "123456789012345678"
_STORED = "1.23456789012346E+017"
"""How LibreOffice stores and shows it."""
_LONG_XML = f"""<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>
 <Row><Cell><Data ss:Type="Number">{_LONG}</Data></Cell></Row></Table></Worksheet></Workbook>"""
_LONG_SHEET = sheet_xml(f'<row r="1"><c r="A1"><v>{_LONG}</v></c></row>')


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (with_parts(samples.xlsx(), {SHEET: _LONG_SHEET}), "1.23457E+17"),
        (_ods_number(_STORED, f"<text:p>{_STORED}</text:p>"), _STORED),
        (_ods_number(_STORED, "<text:p>123456789012346000</text:p>"), "123456789012346000"),
        (_ods_number(_LONG, ""), "1.23457E+17"),
        (_LONG_XML.encode(), "1.23457E+17"),
    ],
    ids=["xlsx", "ods General", "ods 0", "ods without text", "SpreadsheetML"],
)
def test_a_long_code_stored_as_a_number_is_reported(data: bytes, text: str) -> None:
    opened = open_file(data, "f")
    (finding,) = opened.list_findings("f")
    assert finding.code == "digits-lost"
    assert finding.message_en == "A1: codes are stored as numbers; digits after the 15th are lost"
    assert texts(opened.grids[0]) == [[text]]


def test_a_long_number_whose_digits_are_all_in_the_file_is_read_as_shown() -> None:
    opened = open_file(_ods_number(_LONG, f"<text:p>{_LONG}</text:p>"), "f")
    assert texts(opened.grids[0]) == [[_LONG]]
    assert opened.list_findings("f") == ()


def test_hidden_columns_and_rows_of_spreadsheetml_are_read_and_marked() -> None:
    """``ss:Index`` skips columns, ``ss:Span`` covers those to the right; a width of 0 hides a column too."""
    columns = """<Column ss:Width="90"/><Column ss:Index="3" ss:Span="1" ss:Hidden="1"/><Column ss:Width="0"/>
        <Column ss:StyleID="struck"/><Column ss:Index="16000" ss:Span="300" ss:Hidden="1"/>"""
    cells = "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in "甲乙丙丁戊己")
    rows = f'<Row>{cells}</Row><Row ss:Hidden="1">{cells}</Row><Row ss:Height="0">{cells}</Row>'
    struck = '<Style ss:ID="struck"><Font ss:StrikeThrough="1"/></Style>'
    book = f"""<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
        xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>{struck}</Styles>
        <Worksheet ss:Name="S"><Table>{columns}{rows}</Table></Worksheet></Workbook>"""
    (grid,) = open_file(book.encode(), "f.xml").grids
    assert texts(grid) == [list("甲乙丙丁戊己")] * 3
    assert {n for n in grid.annotations.hidden_columns if n <= 6} == {3, 4, 5}
    assert grid.annotations.hidden_rows == {2, 3}
    assert set(grid.annotations.struck) == {(1, 6), (2, 6), (3, 6)}


def test_hidden_sheets_and_rows_are_read_and_marked() -> None:
    book = openpyxl.Workbook()
    book.active.append(["甲"])
    book.active.append(["乙"])
    book.active.row_dimensions[2].hidden = True
    more = book.create_sheet("藏")
    more.append(["丙"])
    more.sheet_state = "hidden"
    visible, hidden = open_file(samples.book_bytes(book), "f").grids
    assert (visible.hidden, visible.annotations.hidden_rows, texts(visible)) == (
        False,
        frozenset({2}),
        [["甲"], ["乙"]],
    )
    assert (hidden.name, hidden.hidden) == ("藏", True)


def test_hidden_rows_of_old_workbooks_are_marked() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write(0, 0, "甲")
    sheet.write(1, 0, "乙")
    sheet.row(1).hidden = True
    (grid,) = open_file(samples.book_bytes(book), "f").grids
    assert grid.annotations.hidden_rows == frozenset({2})


def test_blank_sheets_are_passed_over() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("二").append(["文"])
    assert [g.name for g in open_file(samples.book_bytes(book), "f").grids] == ["二"]


def test_ods_gives_merged_ranges_repeats_types_and_hidden_sheets() -> None:
    table = (
        '<table:table table:name="表" table:style-name="ta1"><table:table-header-rows><table:table-row>'
        '<table:table-cell table:number-rows-spanned="2" table:number-columns-spanned="2">'
        "<text:p>甲</text:p><text:p>乙</text:p></table:table-cell><table:covered-table-cell/>"
        '<table:table-cell office:value-type="float" office:value="1"><text:p>1.00</text:p>'
        "</table:table-cell>"
        '</table:table-row></table:table-header-rows><table:table-row table:visibility="collapse">'
        '<table:covered-table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="date" office:date-value="2015-11-05T00:00:00"/>'
        "</table:table-row>"
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2">'
        "<office:annotation><text:p>批注</text:p></office:annotation>"
        '<text:p>丙<text:s text:c="2"/>丁<text:line-break/>戊</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )
    style = (
        '<style:style style:name="ta1" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>'
    )
    opened = open_file(samples.ods(table, style), "f.xlsx")
    assert opened.media_type == ODS
    (grid,) = opened.grids
    assert texts(grid) == [
        ["甲\n乙", "甲\n乙", "1.00"],
        ["甲\n乙", "甲\n乙", "2015-11-05"],
        ["丙  丁\n戊", "丙  丁\n戊", ""],
        ["丙  丁\n戊", "丙  丁\n戊", ""],
    ]
    assert grid.rows[1][1].merged_from == (1, 1)
    assert (grid.hidden, grid.annotations.hidden_rows) == (True, frozenset({2}))


@pytest.mark.parametrize(("is_calculated", "reported"), [(False, True), (True, False)])
def test_formulas_of_an_old_workbook_that_nobody_calculated_are_reported(
    *, is_calculated: bool, reported: bool
) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("清单")
    sheet.write(0, 0, "项目名称")
    sheet.write(1, 0, xlwt.Formula("2+3"))
    sheet.write(2, 0, "乙")
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    if is_calculated:  # a result of 5.0 instead of the blank
        data = data.replace(struct.pack("<Q", 0xFFFF000000000003), struct.pack("<d", 5))
    notes = open_file(data, "清单.xls").notes
    assert ([note.kind.code for note in notes] == ["formula-without-value"]) is reported
