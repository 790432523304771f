"""Tables in CSV and similar text files, in HTML and in docx."""

from __future__ import annotations

import gzip
import io
from copy import deepcopy

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from lxml import etree

from publisher.harvest import attachments
from publisher.ingest.formats.detect import CSV, DOCX, HTML, TEXT, TSV, open_file
from tests.publisher.ingest.formats.samples import texts

TABLE = "序号,项目名称,金额\n1,居留许可,12.50\n2,签证费,\n"
ROWS = [["序号", "项目名称", "金额"], ["1", "居留许可", "12.50"], ["2", "签证费", ""]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_csv_is_read_in_every_encoding(encoding: str) -> None:
    opened = open_file(TABLE.encode(encoding), "收费.csv")
    assert opened.media_type == CSV
    assert texts(opened.grids[0]) == ROWS
    assert opened.grids[0].name == "收费"


@pytest.mark.parametrize(("delimiter", "media_type"), [(";", CSV), ("\t", TSV)])
def test_the_delimiter_is_recognised_by_the_rows(delimiter: str, media_type: str) -> None:
    table = TABLE.replace(",", delimiter).replace("居留许可", "居留,许可")
    opened = open_file(table.encode(), "f.csv")
    assert opened.media_type == media_type
    assert texts(opened.grids[0])[1][1] == "居留,许可"


def test_a_line_that_names_the_delimiter_for_excel_is_no_row() -> None:
    (grid,) = open_file(b"sep=|\r\na|b\r\n1|2\r\n", "f.csv").grids
    assert texts(grid) == [["a", "b"], ["1", "2"]]


def test_quoted_cells_hold_delimiters_and_newlines_and_rows_are_counted_as_a_spreadsheet_does() -> None:
    (grid,) = open_file(b'a,b\n"1,\n2",3\n4,5\n', "f.csv").grids
    assert texts(grid) == [["a", "b"], ["1,\n2", "3"], ["4", "5"]]
    assert grid.rows[2][0].row == 3


@pytest.mark.parametrize("row", [3, 250])
@pytest.mark.parametrize("text", ["依据" * 70_000, "依据，甲,乙" * 30_000, "依据。\n" * 40_000])
def test_a_cell_may_be_as_long_as_its_file(text: str, row: int) -> None:
    lines = [f"{n},甲{n}许可,某法" for n in range(2, 260)]
    cell = f'"{text}"' if "," in text or "\n" in text else text
    lines[row - 2] = f"{row},甲{row}许可,{cell}"
    opened = open_file("\n".join(["编码,名称,依据", *lines]).encode(), "f.csv")
    assert opened.media_type == CSV
    assert opened.list_findings("f.csv") == ()
    assert [len(line) for line in texts(opened.grids[0])] == [3] * 259
    assert texts(opened.grids[0])[row - 1][2] == text


def test_quotes_that_do_not_pair_are_reported() -> None:
    opened = open_file('a,b\n"公"安,1\n税务,2\n'.encode(), "f.csv")
    (finding,) = opened.list_findings("f")
    assert (finding.code, finding.row) == ("csv-quotes", 2)
    assert finding.message_zh.startswith("第2行的引号没有成对")
    assert texts(opened.grids[0])[2] == ["税务", "2"]


def test_text_cut_inside_a_character_is_read_and_reported() -> None:
    data = ("标题\n" + "正文" * 300).encode()[:-1]
    opened = open_file(data, "page.txt")
    assert opened.media_type == TEXT
    assert [f.code for f in opened.list_findings("f")] == ["text-damaged"]
    assert opened.text is not None
    assert opened.text.startswith("标题\n")


def test_prose_with_commas_is_no_table() -> None:
    prose = (
        "鞍山市人民政府关于印发工作方案的通知\n信息来源:鞍山市人民政府 发布时间:2015-11-05\n\n"
        "各县(市)区人民政府,各开发区管委会,市政府各部门,各有关单位:\n现将《方案》印发给你们,请认真贯彻执行。\n"
        "一、指导思想\n2015年是关键之年,是开局之年,也是紧要之年,任务更加紧迫、更加艰巨。\n二、工作要求\n"
    )
    opened = open_file(prose.encode(), "page.txt")
    assert opened.media_type == TEXT
    assert opened.text == prose


def test_a_list_of_one_column_is_a_grid_too() -> None:
    assert texts(open_file("项目名称\n签证费\n".encode(), "f.csv").grids[0]) == [["项目名称"], ["签证费"]]


def test_gzip_of_csv_is_opened() -> None:
    assert texts(open_file(gzip.compress(TABLE.encode()), "f.csv.gz").grids[0]) == ROWS


def test_an_html_table_that_calls_itself_xls_is_read() -> None:
    page = (
        '<html><head><meta charset="gb2312"><style>td{}</style></head><body><table>'
        "<caption>收费目录</caption>"
        "<tr><th rowspan=2>序号</th><th colspan=2>收费<script>x()</script></th></tr>"
        "<tr><td>项目<br>名称</td><td>标准</td></tr>"
        "<tr><td>1</td><td><p>居留</p><p>许可㐂</p></td><td>12 &amp; 13</td></tr></table></body></html>"
    )
    opened = open_file(page.encode("gb18030"), "收费.xls")
    assert opened.media_type == HTML
    (grid,) = opened.grids
    assert grid.name == "收费目录"
    assert texts(grid) == [
        ["序号", "收费", "收费"],
        ["序号", "项目\n名称", "标准"],
        ["1", "居留\n许可㐂", "12 & 13"],
    ]
    assert grid.rows[0][2].merged_from == (1, 2)
    assert grid.rows[1][0].merged_from == (1, 1)


def test_a_span_of_no_columns_counts_as_one() -> None:
    page = "<table><tr><td colspan=0>a<td colspan=2>b<tr><td>1<td>2<td>3</table>"
    assert texts(open_file(page.encode(), "f.html").grids[0]) == [["a", "b", "b"], ["1", "2", "3"]]


def test_a_table_inside_a_layout_table_is_a_grid_of_its_own() -> None:
    page = "<table><tr><td>页首<table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"
    outer, inner = open_file(page.encode(), "f.html").grids
    assert texts(outer) == [["页首"]]
    assert texts(inner) == [["a", "b"]]


@pytest.mark.parametrize("charset", ["charset", "CHARSET"])
def test_big5_is_believed_when_it_is_declared(charset: str) -> None:
    page = f'<meta {charset}="big5"><table><tr><td>行政處罰</td></tr></table>'
    assert texts(open_file(page.encode("big5hkscs"), "f.html").grids[0]) == [["行政處罰"]]


def _docx(document: docx.document.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_a_table_of_a_text_box_is_read_once_and_not_again_from_its_fallback() -> None:
    document = docx.Document()
    table = document.add_table(rows=1, cols=1)
    table.cell(0, 0).text = "甲"
    space = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    box = etree.Element(f"{{{space}}}AlternateContent")
    for name in ("Choice", "Fallback"):
        etree.SubElement(box, f"{{{space}}}{name}").append(deepcopy(table._tbl))
    document.add_paragraph().add_run()._r.append(box)
    assert [texts(grid) for grid in open_file(_docx(document), "f.docx").grids] == [[["甲"]], [["甲"]]]


def test_docx_tables_give_merged_cells_and_the_text_around() -> None:
    document = docx.Document()
    document.add_paragraph("附件")
    table = document.add_table(rows=3, cols=3)
    for r, row in enumerate(table.rows):
        for c, cell in enumerate(row.cells):
            cell.text = f"{r}{c}"
    table.cell(0, 0).merge(table.cell(0, 1)).text = "横"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "竖\n二"
    opened = open_file(_docx(document), "f.doc")
    assert opened.media_type == DOCX
    (grid,) = opened.grids
    assert texts(grid) == [["横", "横", "02"], ["10", "11", "竖\n二"], ["20", "21", "竖\n二"]]
    assert grid.rows[0][1].merged_from == (1, 1)
    assert grid.rows[2][2].merged_from == (2, 3)
    assert opened.text is not None
    assert opened.text.split("\n")[0] == "附件"


def test_tracked_deletions_in_docx_are_not_text() -> None:
    document = docx.Document()
    paragraph = document.add_table(rows=1, cols=1).cell(0, 0).paragraphs[0]
    paragraph.add_run("留")
    run = paragraph.add_run("删")
    deleted = OxmlElement("w:del")
    run._r.addprevious(deleted)
    deleted.append(run._r)
    run._r.find(qn("w:t")).tag = qn("w:delText")
    assert texts(open_file(_docx(document), "f.docx").grids[0]) == [["留"]]


def test_struck_and_hidden_runs_in_docx_are_not_text_and_are_told() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    for column, heading in enumerate(("事项名称", "权力类型")):
        table.cell(0, column).text = heading
    paragraph = table.cell(1, 0).paragraphs[0]
    paragraph.add_run("旧名").font.strike = True
    paragraph.add_run("隐藏").font.hidden = True
    paragraph.add_run("新名许可").font.strike = False
    table.cell(1, 1).text = "行政许可"
    buffer = io.BytesIO()
    document.save(buffer)
    content = open_file(buffer.getvalue(), "a.docx")
    assert [[cell.text for cell in row] for row in content.grids[0].rows][1] == ["新名许可", "行政许可"]
    (finding,) = content.list_findings("a.docx")
    assert (finding.code, finding.severity) == ("runs-unseen", "warning")
    assert "4个字" in finding.message_zh


@pytest.mark.parametrize(
    ("value", "starts"), [(None, {2}), ("1", {2}), ("0", set()), ("false", set()), ("off", set())]
)
def test_a_page_break_that_is_off_is_none(value: str | None, starts: set[int]) -> None:
    document = docx.Document()
    table = document.add_table(2, 1)
    for row in table.rows:
        row.cells[0].text = "甲许可"
    mark = OxmlElement("w:pageBreakBefore")
    if value is not None:
        mark.set(qn("w:val"), value)
    table.rows[1].cells[0].paragraphs[0]._p.get_or_add_pPr().append(mark)
    out = io.BytesIO()
    document.save(out)
    (grid,) = open_file(out.getvalue(), "清单.docx").grids
    assert grid.annotations.page_starts == starts


@pytest.mark.parametrize("name", ["清单.csv", "清单"])
def test_a_heading_that_begins_like_an_archive_is_that_of_a_table(name: str) -> None:
    data = "PK_ID,事项名称,权力类型\n1,甲许可,行政许可\n".encode()
    (grid,) = open_file(data, name).grids
    assert texts(grid)[0] == ["PK_ID", "事项名称", "权力类型"]
    assert attachments.extract_text(data, name, True) == attachments.AttachedText()


def test_docx_without_a_table_gives_its_text() -> None:
    document = docx.Document()
    document.add_paragraph("关于印发方案的通知")
    opened = open_file(_docx(document), "f.docx")
    assert opened.grids == ()
    assert opened.text is not None
    assert "关于印发方案的通知" in opened.text


def test_two_tables_with_one_caption_have_names_of_their_own() -> None:
    table = "<table><caption>目录</caption><tr><td>甲</td><td>乙</td></tr></table>"
    content = open_file((table * 2).encode(), "f.html")
    assert [grid.name for grid in content.grids] == ["目录", "目录（表2）"]
