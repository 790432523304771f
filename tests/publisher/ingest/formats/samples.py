"""Small files of every format, created for each test."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import openpyxl
import xlwt

from publisher.ingest.formats.grid import Grid

ROWS = (("序号", "项目名称", "实施机关"), (1, "食品经营许可", "市场监督管理局"))


def xlsx(rows: tuple[tuple[object, ...], ...] = ROWS, merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    return book_bytes(book)


def book_bytes(book: openpyxl.Workbook | xlwt.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xls(rows: tuple[tuple[object, ...], ...] = ROWS) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    return book_bytes(book)


def zip_parts(parts: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_parts(data: bytes, changed: Mapping[str, bytes | str]) -> bytes:
    """Replace some parts of an office document."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zip_parts({name: archive.read(name) for name in archive.namelist()} | dict(changed))


def sheet_xml(rows: str, after: str = "") -> str:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{after}</worksheet>'


SHEET = "xl/worksheets/sheet1.xml"

ODS_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)


def ods(tables: str, styles: str = "") -> bytes:
    content = (
        f"<office:document-content {ODS_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return zip_parts({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def lying_zip(name: str, content: bytes, claimed: int) -> bytes:
    """Build a ZIP archive whose headers claim ``claimed`` bytes for a member that inflates to more."""
    raw = zip_parts({name: content})
    true, false = len(content).to_bytes(4, "little"), claimed.to_bytes(4, "little")
    crc = zlib.crc32(content).to_bytes(4, "little")
    return raw.replace(true, false).replace(crc, zlib.crc32(content[:claimed]).to_bytes(4, "little"))


def texts(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.rows]
