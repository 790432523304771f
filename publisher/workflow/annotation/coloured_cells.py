"""Colours of cells of a worksheet: a copy of each cell's own style with another fill."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping

from lxml import etree

from publisher.ingest.formats.grid import format_column, parse_column
from publisher.workflow.annotation.cell_notes import CellNote
from publisher.workflow.annotation.xlsx_package import WORKBOOK, XlsxPackage

COLOURS: Mapping[str, str] = {"error": "FFFFC7CE", "warning": "FFFFEB9C", "info": "FFDDEBF7"}
"""Severity → fill (ARGB)."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]+)")
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_PLAIN_STYLES = (
    '<styleSheet xmlns="{}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
)


class Palette:
    """Adds styles to a workbook: each is a style of the workbook with the fill of a severity."""

    def __init__(self, package: XlsxPackage) -> None:
        self._package = package
        part = package.find_related(WORKBOOK, "styles")
        if part is None:
            content = _PLAIN_STYLES.format(package.namespace).encode()
            part = package.add_part("xl/styles{}.xml", content, _STYLES_TYPE)
            package.add_relation(WORKBOOK, "styles", part)
        self._root = package.tree(part)
        self._fills: dict[str, int] = {}
        self._styles: dict[tuple[int, str], int] = {}

    def style(self, number: int, severity: str) -> int:
        """Return the number of the style ``number`` with the fill of ``severity``."""
        key = (number, severity)
        if key not in self._styles:
            formats = self._section("cellXfs")
            style = copy.deepcopy(formats[number] if number < len(formats) else formats[0])
            style.set("fillId", str(self._fill(severity)))
            style.set("applyFill", "1")
            formats.append(style)
            formats.set("count", str(len(formats)))
            self._styles[key] = len(formats) - 1
        return self._styles[key]

    def _fill(self, severity: str) -> int:
        if severity not in self._fills:
            fills = self._section("fills")
            pattern = etree.SubElement(
                etree.SubElement(fills, self._package.tag("fill")), self._package.tag("patternFill")
            )
            pattern.set("patternType", "solid")
            etree.SubElement(pattern, self._package.tag("fgColor")).set("rgb", COLOURS[severity])
            etree.SubElement(pattern, self._package.tag("bgColor")).set("indexed", "64")
            fills.set("count", str(len(fills)))
            self._fills[severity] = len(fills) - 1
        return self._fills[severity]

    def _section(self, name: str) -> etree._Element:
        section = self._root.find(self._package.tag(name))
        if section is None:
            raise ValueError(f"styles.xml: no {name}")
        return section


def colour_cells(package: XlsxPackage, part: str, notes: Iterable[CellNote], palette: Palette) -> None:
    """Give the cell of each note the colour of its severity; a cell that does not exist is added blank."""
    root = package.tree(part)
    data = root.find(package.tag("sheetData"))
    if data is None:
        return
    rows = _numbered_rows(data)
    columns = _column_styles(package, root)
    for note in notes:
        row = rows.get(note.row)
        if row is None:
            row = rows[note.row] = _insert_row(package, data, rows, note.row)
        cell = _find_cell(package, row, note)
        inherited = row.get("s") if row.get("customFormat") in {"1", "true"} else columns.get(note.column)
        number = int(cell.get("s") or inherited or 0)
        cell.set("s", str(palette.style(number, note.severity)))


def _numbered_rows(data: etree._Element) -> dict[int, etree._Element]:
    rows: dict[int, etree._Element] = {}
    number = 0
    for row in data.iterchildren("{*}row"):
        number = int(row.get("r") or number + 1)
        rows[number] = row
    return rows


def _column_styles(package: XlsxPackage, root: etree._Element) -> Mapping[int, str]:
    styles: dict[int, str] = {}
    for column in root.iterfind(f"{package.tag('cols')}/{package.tag('col')}"):
        if style := column.get("style"):
            first, last = int(column.get("min", "1")), int(column.get("max", "1"))
            styles |= dict.fromkeys(range(first, min(last, 1024) + 1), style)
    return styles


def _insert_row(
    package: XlsxPackage, data: etree._Element, rows: Mapping[int, etree._Element], number: int
) -> etree._Element:
    row = etree.Element(package.tag("row"), {"r": str(number)})
    after = max((n for n in rows if n < number), default=None)
    if after is None:
        data.insert(0, row)
    else:
        rows[after].addnext(row)
    return row


def _find_cell(package: XlsxPackage, row: etree._Element, note: CellNote) -> etree._Element:
    column = 0
    before: etree._Element | None = None
    for cell in row.iterchildren("{*}c"):
        match = _REFERENCE.fullmatch(cell.get("r", ""))
        column = parse_column(match[1]) if match else column + 1
        if column == note.column:
            return cell
        if column > note.column:
            break
        before = cell
    blank = etree.Element(package.tag("c"), {"r": f"{format_column(note.column)}{note.row}"})
    if before is None:
        row.insert(0, blank)
    else:
        before.addnext(blank)
    return blank
