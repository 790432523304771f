"""Cells with a picture, a control or a cut text: read, or reported at the cell."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml

from publisher.ingest.parsed_file import Reading
from tests.publisher.ingest.formats.samples import with_parts
from tests.publisher.ingest.workbooks import codes, column, read_workbook, xlsx

_HEAD = ("序号", "事项名称", "权力类型", "实施依据")
_XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _page(*cells: str) -> Reading:
    head = "".join(f"<th>{text}</th>" for text in _HEAD)
    row = "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
    page = f"<html><body><table><tr>{head}</tr><tr>{row}</tr></table></body></html>"
    return read_workbook(page.encode(), name="清单.html")


@pytest.mark.parametrize(
    "cell",
    [
        "<td title='食品经营许可审批'>食品经营…</td>",
        "<span title='食品经营许可审批'>食品经营...</span>",
        "<a href='#' title='食品经营许可审批'>食品经营…</a>",
        "<td data-original-title='食品经营许可审批'><p>食品经营……</p></td>",
        "食品经营许可审批<a href='javascript:;'>展开</a>",
        "食品经营许可审批<span class='btn-more'>[查看更多]</span>",
        "食品经营许可审批<button>收起</button>",
        "<input value='食品经营许可审批'>",
        "<select><option>请选择</option><option selected>食品经营许可审批</option></select>",
    ],
)
def test_a_cell_of_a_page_is_read_as_its_full_text_without_buttons(cell: str) -> None:
    reading = _page("1", cell, "行政许可", "《甲法》")
    assert (column(reading, "name"), codes(reading)) == (["食品经营许可审批"], [])


def test_a_cut_name_without_its_full_text_is_reported() -> None:
    assert codes(_page("1", "<td title='查看详情'>食品经营…</td>", "行政许可", "《甲法》")) == ["name-cut"]
    book = xlsx(("清单", [_HEAD, (1, "食品经营...", "行政许可", "《甲法》")]))
    assert codes(read_workbook(book)) == ["name-cut"]


@pytest.mark.parametrize(
    "cell",
    ["<select><option>行政许可</option><option>行政处罚</option></select>", "<a href='#'>查看更多</a>"],
)
def test_a_cell_of_which_the_page_does_not_state_the_text_is_blank_and_reported(cell: str) -> None:
    reading = _page("1", "甲许可", cell, "《甲法》")
    (finding,) = reading.findings
    assert (finding.code, finding.row, finding.column) == ("cell-unclear", 2, "C")
    assert column(reading, "power_type") == [None]


def test_a_picture_in_a_cell_of_a_page_is_reported_and_its_alternative_text_is_no_value() -> None:
    reading = _page("1", "甲许可", "<img src='a.png' alt='行政许可'>", "<img src='b.gif'>《甲法》")
    (finding,) = reading.findings
    assert (finding.code, finding.row, finding.column, finding.found) == (
        *("picture-in-cell", 2, "C"),
        "行政许可",
    )
    assert column(reading, "power_type") == [None]


def _with_picture(book: bytes, row: int, column: int) -> bytes:
    """Put a picture over one cell; numbers from 0."""
    corner = f"<xdr:col>{column}</xdr:col><xdr:row>{row}</xdr:row>"
    drawing = (
        f'<xdr:wsDr xmlns:xdr="{_XDR}"><xdr:twoCellAnchor><xdr:from>{corner}</xdr:from><xdr:to>{corner}'
        '</xdr:to><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="图片" descr="截图"/></xdr:nvPicPr>'
        "</xdr:pic></xdr:twoCellAnchor></xdr:wsDr>"
    )
    relations = (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/drawing" '
        'Target="../drawings/drawing1.xml"/></Relationships>'
    )
    out = io.BytesIO(book)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/drawings/drawing1.xml", drawing)
        archive.writestr("xl/worksheets/_rels/sheet1.xml.rels", relations)
    return out.getvalue()


def test_a_picture_over_a_blank_cell_of_a_workbook_is_reported() -> None:
    book = xlsx(("清单", [_HEAD, (1, "甲许可", None, "《甲法》"), (2, "乙许可", "行政许可", "《乙法》")]))
    (finding,) = read_workbook(_with_picture(book, 1, 2)).findings
    assert (finding.code, finding.row, finding.column, finding.found) == ("picture-in-cell", 2, "C", "截图")
    assert codes(read_workbook(_with_picture(book, 2, 2))) == []
    assert codes(read_workbook(_with_picture(book, 1, 9))) == []


def test_a_picture_that_wps_stores_in_a_cell_is_no_text() -> None:
    book = openpyxl.Workbook()
    book.active.append(_HEAD)
    book.active.append((1, "甲许可", "行政许可", "x"))
    out = io.BytesIO()
    book.save(out)
    path = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(out) as archive:
        sheet = archive.read(path).decode()
    start = sheet.index('<c r="D2"')
    stored = '<c r="D2" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>'
    sheet = sheet[:start] + stored + sheet[sheet.index("</c>", start) + 4 :]
    reading = read_workbook(with_parts(out.getvalue(), {path: sheet}))
    assert (column(reading, "basis"), codes(reading)) == ([None], ["picture-in-cell"])


def test_a_picture_in_a_cell_of_a_word_table_is_reported() -> None:
    document = docx.Document()
    table = document.add_table(2, 4)
    for cell, text in zip(
        table.row_cells(0) + table.row_cells(1), (*_HEAD, "1", "甲许可", "", "《甲法》"), strict=True
    ):
        cell.text = text
    drawing = (
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><wp:inline>'
        '<wp:docPr id="1" name="图" descr="行政许可"/><a:blip/></wp:inline></w:drawing>'
    )
    run = table.cell(1, 2).paragraphs[0].add_run()
    run._r.append(parse_xml(drawing))
    out = io.BytesIO()
    document.save(out)
    reading = read_workbook(out.getvalue(), name="清单.docx")
    (finding,) = reading.findings
    assert (finding.code, finding.row, finding.column, finding.found) == (
        *("picture-in-cell", 2, "C"),
        "行政许可",
    )
