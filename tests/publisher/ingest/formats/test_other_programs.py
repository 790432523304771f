"""Workbooks of other programs and times, pages of a table, and files that are never one document."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pytest
import xlwt
from docx.oxml import OxmlElement
from openpyxl.worksheet.pagebreak import Break
from xlwt.CompoundDoc import XlsDoc

from publisher.ingest.formats.detect import ODS, XLS, XLSX, open_file
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.formats import samples
from tests.publisher.ingest.formats.samples import ODS_SPACES, texts

_SPREADSHEETML = """<?xml version="1.0" encoding="GB2312"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
  xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"
  xmlns:x="urn:schemas-microsoft-com:office:excel">
<Styles><Style ss:ID="rate"><NumberFormat ss:Format="Percent"/></Style>
<Style ss:ID="old" ss:Parent="rate"><Font ss:StrikeThrough="1"/></Style></Styles>
<Worksheet ss:Name="清单"><Table>
<Row><Cell ss:MergeAcross="1"><Data ss:Type="String">题名</Data></Cell>
<Cell><Data ss:Type="String">三</Data></Cell></Row>
<Row ss:Index="3" ss:Hidden="1"><Cell ss:Index="2" ss:MergeDown="1"><Data ss:Type="Number">20</Data></Cell>
<Cell><Data ss:Type="DateTime">2015-11-05T00:00:00.000</Data></Cell></Row>
<Row><Cell><Data ss:Type="Boolean">1</Data></Cell><Cell ss:Index="3"><ss:Data ss:Type="String"
  xmlns="http://www.w3.org/TR/REC-html40">粗<B>体</B><S>旧</S></ss:Data></Cell></Row>
<Row><Cell ss:StyleID="rate"><Data ss:Type="Number">0.05</Data></Cell><Cell ss:Index="3" ss:StyleID="old">
  <Data ss:Type="Number">0.5</Data></Cell></Row>
</Table><x:PageBreaks><x:RowBreaks><x:RowBreak><x:Row>2</x:Row></x:RowBreak></x:RowBreaks></x:PageBreaks></Worksheet>
<Worksheet ss:Name="空"><Table/></Worksheet></Workbook>"""


@pytest.mark.parametrize("encoding", ["gb2312", "utf-8"])
def test_spreadsheetml_is_read_with_its_positions_and_merged_cells(encoding: str) -> None:
    content = open_file(_SPREADSHEETML.encode(encoding), "清单.xls")
    assert content.media_type == XLS
    (grid,) = content.grids
    assert texts(grid) == [
        ["题名", "题名", "三"],
        ["", "", ""],
        ["", "20", "2015-11-05"],
        ["TRUE", "20", "粗体旧"],
        ["5.00%", "", "50.00%"],
    ]
    assert grid.annotations.struck == {(4, 3): "旧", (5, 3): ""}
    assert grid.rows[0][1].merged_from == (1, 1)
    assert grid.rows[3][1].merged_from == (3, 2)
    assert grid.annotations.hidden_rows == {3}
    assert grid.annotations.page_starts == {3}


@pytest.mark.parametrize("index", ["99999999", "2000000"])
def test_a_spreadsheetml_of_impossible_size_is_refused(index: str) -> None:
    data = _SPREADSHEETML.replace('ss:Index="3" ss:Hidden', f'ss:Index="{index}" ss:Hidden').encode("gb2312")
    with pytest.raises(UnreadableFile) as caught:
        open_file(data, "清单.xls")
    assert caught.value.finding.code == "file-too-large"


def test_a_broken_spreadsheetml_is_damaged() -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(_SPREADSHEETML[:-20].encode("gb2312"), "清单.xls")
    assert caught.value.finding.code == "file-damaged"


def test_a_flat_ods_is_read() -> None:
    cells = "".join(f"<table:table-cell><text:p>{t}</text:p></table:table-cell>" for t in ("甲", "乙"))
    data = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {ODS_SPACES} '
        'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>'
        f'<table:table table:name="清单"><table:table-row>{cells}</table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document>"
    )
    content = open_file(data.encode(), "清单.fods")
    assert content.media_type == ODS
    assert texts(content.grids[0]) == [["甲", "乙"]]


@pytest.mark.parametrize(
    "root",
    [
        "w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'",
        "pkg:package xmlns:pkg='x'",
    ],
)
def test_a_word_document_as_xml_is_named_as_such(root: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(f"<?xml version='1.0'?><{root}></{root.split(maxsplit=1)[0]}>".encode(), "清单.doc")
    assert caught.value.finding.code == "file-kind-unsupported"
    assert "XML" in caught.value.finding.message_zh


def test_an_archive_with_backslashes_is_read() -> None:
    names = zip_names(samples.xlsx())
    data = samples.zip_parts({name.replace("/", "\\"): content for name, content in names.items()})
    # zipfile writes the separator of the system: the names are put back in the bytes.
    for name in names:
        data = data.replace(name.encode(), name.replace("/", "\\").encode())
    content = open_file(data, "清单.xlsx")
    assert content.media_type == XLSX
    assert texts(content.grids[0])[1] == ["1", "食品经营许可", "市场监督管理局"]


def zip_names(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _excel_95() -> bytes:
    """Build the stream of an Excel 95 workbook with one text in code page 936."""
    text = "事项名称".encode("gbk")
    sheet = _record(0x0809, struct.pack("<HHHH", 0x0500, 0x0010, 0, 0))
    sheet += _record(0x0204, struct.pack("<HHHH", 0, 0, 0, len(text)) + text) + _record(0x000A, b"")
    head = _record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 0)) + _record(
        0x0042, struct.pack("<H", 936)
    )
    bound = struct.pack("<IHB", len(head) + 15, 0, 2) + b"S1"
    return head + _record(0x0085, bound) + _record(0x000A, b"") + sheet


def _container(stream: bytes, name: str) -> bytes:
    out = io.BytesIO()
    XlsDoc().save(out, stream)
    data = out.getvalue()
    start = data.index("Workbook".encode("utf-16-le"))
    encoded = name.encode("utf-16-le")
    entry = encoded.ljust(64, b"\0") + struct.pack("<H", len(encoded) + 2)
    return data[:start] + entry + data[start + 66 :]


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (_container(_excel_95(), "Book"), "file-old-excel", "Excel 97"),
        (_excel_95(), "file-old-excel", "Excel 97"),
        (b"\x09\x04\x06\x00\x00\x04\x10\x00\x00\x00", "file-old-excel", "Excel 97"),
        (_container(b"x" * 5000, "WordDocument"), "file-old-word", "WPS"),
        (_container(b"x" * 5000, "MatOST"), "file-kind-unsupported", "Works"),
    ],
)
def test_old_files_are_named_with_the_way_out(data: bytes, code: str, word: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(data, "清单.xls")
    finding = caught.value.finding
    assert finding.code == code
    assert word in finding.message_zh
    assert "另存为" in finding.way_out_zh


def test_a_workbook_of_wps_is_read_by_its_content() -> None:
    content = open_file(samples.xls(), "清单.et")
    assert (content.media_type, texts(content.grids[0])[0][1]) == (XLS, "项目名称")


def _xlsx_with_break() -> bytes:
    book = openpyxl.Workbook()
    for row in _ROWS:
        book.active.append(row)
    book.active.row_breaks.append(Break(id=2))
    return samples.book_bytes(book)


def _xls_with_break() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for r, row in enumerate(_ROWS):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    sheet.horz_page_breaks = [(2, 0, 255)]
    return samples.book_bytes(book)


def _ods_with_break() -> bytes:
    style = (
        '<style:style style:name="ro2" style:family="table-row"><style:table-row-properties '
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" fo:break-before="page"/>'
        "</style:style>"
    )
    rows = "".join(
        f"<table:table-row{' table:style-name=' + chr(34) + 'ro2' + chr(34) if r == 2 else ''}>"
        + "".join(f"<table:table-cell><text:p>{t}</text:p></table:table-cell>" for t in row)
        + "</table:table-row>"
        for r, row in enumerate(_ROWS)
    )
    return samples.ods(f'<table:table table:name="表">{rows}</table:table>', style)


def _docx_with_break() -> bytes:
    document = docx.Document()
    table = document.add_table(rows=len(_ROWS), cols=len(_ROWS[0]))
    for r, row in enumerate(_ROWS):
        for c, text in enumerate(row):
            table.cell(r, c).text = text
    run = table.cell(2, 2).paragraphs[0].runs[0]._r
    run.insert(0, OxmlElement("w:lastRenderedPageBreak"))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


_ROWS = [
    ["事项名称", "权力类型", "实施依据"],
    ["甲", "行政许可", "第一条。"],
    ["", "", "第二条。"],
    ["", "", "第三条。"],
]


@pytest.mark.parametrize("build", [_xlsx_with_break, _xls_with_break, _ods_with_break, _docx_with_break])
def test_a_row_that_begins_a_page_continues_the_row_above(build: Callable[[], bytes]) -> None:
    reading = read_file(build(), name="清单", catalogue=load_catalogue("power-list"))
    assert [r.rows for r in reading.records] == [(2, 3), (4,)]
    assert reading.records[0].content["basis"] == "第一条。\n第二条。"
    assert [f.row for f in reading.findings if f.code == "required-missing"] == [4]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "鞍政发〔2015〕34号 关于印发方案的通知\n一行文字\n又一行，文字\n"),
        ("a.tsv", "一\n二\n"),
        ("a.json", '["鞍政发〔2015〕34号", "关于印发方案的通知"]'),
        ("a.json", '{"标题": "通知" "文号": 1}'),
        ("a.json", "鞍政发〔2015〕34号\n关于印发方案的通知\n"),
        ("a.txt", '["鞍政发〔2015〕34号", "关于印发方案的通知"]'),
        ("a.jsonl", '"鞍政发〔2015〕34号"\n"通知"\n'),
        ("a.csv", "字号,题目\n鞍政发〔2015〕34号,通知\n"),
    ],
)
def test_a_csv_or_json_file_is_never_one_document(name: str, text: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_file(text.encode(), name=name, catalogue=load_catalogue("policies"))
    assert caught.value.finding.code in {"no-header", "json-not-records", "json-broken"}
